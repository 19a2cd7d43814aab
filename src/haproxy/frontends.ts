import type { Route, RoutingTable } from '../core/routing.ts';
import { ownClientTimeouts } from './client-timeout.ts';
import { connectionFrontend } from './listeners.ts';
import { challengeKey, MARK } from './names.ts';
import { requestLogLines } from './request-log.ts';
import { endpoint, listFile, mapFile, type ConfigSettings } from './settings.ts';

/** Without routes no port is taken that something else may have, and checks go on all the same. */
export function frontends({ routes }: RoutingTable, settings: ConfigSettings): readonly (readonly string[])[] {
  const requests = routes.filter(({ listen }) => listen === undefined);
  const tcp = routes.flatMap((route) => connectionFrontend(route, settings));
  return [
    ...httpFrontend(requests, settings),
    ...httpsFrontend(requests, settings),
    ...tcp.sort(([one = ''], [other = '']) => (one < other ? -1 : 1)),
  ];
}

function httpFrontend(routes: readonly Route[], settings: ConfigSettings): readonly (readonly string[])[] {
  const reached = routes.filter(isReachedBy('http'));
  const binds = endpointsOf('http', reached, settings).map((each) => `bind ${each}`);
  if (binds.length === 0) return [];
  const isAsked = reached.some(({ challenge }) => challenge !== undefined);
  return [
    ['frontend http', ...binds, ...requestLines('http', routes, settings, isAsked ? challengeLines(settings) : [])],
  ];
}

/** Who asks for a name without a certificate is told nothing, not even whose certificates there are. */
function httpsFrontend(routes: readonly Route[], settings: ConfigSettings): readonly (readonly string[])[] {
  const reached = routes.filter(isReachedBy('https'));
  const tls = `ssl crt-list ${listFile(settings)} strict-sni ssl-min-ver TLSv1.2 alpn h2,http/1.1`;
  const binds = endpointsOf('https', reached, settings).map((each) => `bind ${each} ${tls}`);
  return binds.length === 0 ? [] : [['frontend https', ...binds, ...requestLines('https', routes, settings, [])]];
}

/** An authority asks by http whatever clients do. */
export function isReachedBy(scheme: 'http' | 'https'): (route: Route) => boolean {
  return ({ listen, entry, challenge }) =>
    listen === undefined && (entry[scheme] || (scheme === 'http' && challenge !== undefined));
}

/** Where these routes are reached, as far as the host lets us listen there. */
export function endpointsOf(
  scheme: 'http' | 'https',
  routes: readonly Route[],
  settings: Pick<ConfigSettings, 'http' | 'https' | 'admission'>,
): readonly string[] {
  const listener = settings[scheme];
  if (listener === undefined || routes.length === 0) return [];
  const own = routes.flatMap(({ externalIPs = [] }) => externalIPs);
  const beside = own.filter((address) => address !== listener.address && !isEverywhere(listener.address, address));
  const all = [listener.address, ...new Set(beside)].map((address) => endpoint(address, listener.port));
  return all.filter((each) => !settings.admission.closed.has(each)).sort();
}

/** Whether who listens at the one address listens at the other as well. */
function isEverywhere(address: string, other: string): boolean {
  return address === (other.includes(':') ? '::' : '0.0.0.0');
}

function requestLines(
  scheme: 'http' | 'https',
  routes: readonly Route[],
  settings: ConfigSettings,
  first: readonly string[],
): readonly string[] {
  const map = mapFile(settings);
  return [
    ...(settings.accessLog ? requestLogLines() : []),
    // Else a reload closes idle connections that a client is about to use.
    'option idle-close-on-response',
    // Keys of the map that are no host names.
    `http-request return status 404 if { req.hdr(host) -m beg ${MARK} }`,
    ...first,
    'option forwardfor',
    `http-request set-header X-Forwarded-Proto ${scheme}`,
    'http-request set-var-fmt(txn.key) "%[req.hdr(host),host_only,lower]%[path]/"',
    `http-request set-var(txn.backend) var(txn.key),map_beg(${map})`,
    'http-request set-var-fmt(txn.key) "*.%[req.hdr(host),host_only,lower,field(2,.,0)]%[path]/" unless { var(txn.backend) -m found }',
    `http-request set-var(txn.backend) var(txn.key),map_beg(${map}) unless { var(txn.backend) -m found }`,
    "http-request return status 404 content-type text/plain string 'No load balancer has this host and path.' unless { var(txn.backend) -m found }",
    ...ownClientTimeouts(routes),
    // A request that may have had its effect is never sent twice.
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    'use_backend %[var(txn.backend)]',
  ];
}

/** Any token of the authority is answered, with the account's thumbprint, also while nobody is there who has asked for it. */
function challengeLines(settings: ConfigSettings): readonly string[] {
  const place = '/.well-known/acme-challenge/';
  return [
    `http-request set-var-fmt(txn.asked) "${challengeKey('%[req.hdr(host),host_only,lower]')}" if { path_beg ${place} }`,
    `http-request set-var(txn.thumbprint) var(txn.asked),map(${mapFile(settings)})`,
    `http-request return status 200 content-type text/plain lf-string "%[path,field(4,/)].%[var(txn.thumbprint)]" if { var(txn.thumbprint) -m found } { path_reg ^${place}[A-Za-z0-9_-]+$ }`,
  ];
}
