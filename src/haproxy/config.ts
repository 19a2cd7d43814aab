import type { CheckPool, Colour, Member, Pool, Route, RoutingTable } from '../core/routing.ts';
import { affinityLines } from './affinity.ts';
import { sharedClientTimeout } from './client-timeout.ts';
import { entranceLines } from './entrance.ts';
import { frontends } from './frontends.ts';
import { serverLimits } from './limits.ts';
import { backendName, checkBackend, digest, serverName, slotName } from './names.ts';
import { oldWorkerLines } from './old-workers.ts';
import { endpoint, FILES, mapFile, type ConfigSettings } from './settings.ts';
import { keepHolders, slotOf, type Slots } from './slots.ts';

/** The whole haproxy.cfg. Servers whose check has no slot are left out: they join at run time, once they are checked. */
export function renderConfig(table: RoutingTable, settings: ConfigSettings, slots: Slots): string {
  return `${[globalLines(table, settings, skeletonOf(table, settings, slots)), ...sections(table, settings, slots)].map((lines) => lines.join('\n  ')).join('\n\n')}\n`;
}

/** What only a reload can change, as a hash: everything but the servers. A worker tells it as its description. */
export function skeletonOf(table: RoutingTable, settings: ConfigSettings, slots: Slots): string {
  const empty = keepHolders(slots, () => false);
  return digest(JSON.stringify([globalLines(table, settings, ''), ...sections(table, settings, empty)]), 16);
}

function sections(table: RoutingTable, settings: ConfigSettings, slots: Slots): readonly (readonly string[])[] {
  return [
    defaultLines(table),
    ...controlSections(settings),
    ...frontends(table, settings),
    ...sorted(table.routes, (route) => route.loadBalancer).flatMap((route) => [
      routeLines(route, 'a', settings, slots),
      routeLines(route, 'b', settings, slots),
    ]),
    ...sorted(table.checks, (pool) => pool.name).map((pool) => checkLines(pool, slots)),
  ];
}

/** So that another order of the table is no other config. */
function sorted<T>(items: readonly T[], name: (item: T) => string): readonly T[] {
  return [...items].sort((one, other) => (name(one) < name(other) ? -1 : 1));
}

function globalLines({ routes }: RoutingTable, settings: ConfigSettings, skeleton: string): readonly string[] {
  const { directory, hardStopAfter, workerId } = settings;
  return [
    'global',
    `description ${skeleton}`,
    ...(workerId === undefined ? [] : [`uid ${workerId}`, `gid ${workerId}`]),
    // maxconn is left to HAProxy, which takes it from the limit of open files; -c would not see one that is too high.
    'fd-hard-limit 60000',
    ...oldWorkerLines(routes, hardStopAfter),
    `server-state-file ${directory}/${FILES.state}`,
  ];
}

function defaultLines({ routes }: RoutingTable): readonly string[] {
  const ofRequests = routes.filter(({ listen }) => listen === undefined);
  return [
    'defaults',
    'mode http',
    'timeout connect 10s',
    ...sharedClientTimeout(ofRequests),
    'timeout server 50s',
    'timeout tunnel 1h',
    'timeout http-request 10s',
    'timeout http-keep-alive 15s',
    'timeout client-fin 10s',
    'option redispatch 1',
    'retries 3',
    'retry-on conn-failure empty-response',
    'load-server-state-from-file global',
  ];
}

function controlSections({ control, directory }: ConfigSettings): readonly (readonly string[])[] {
  return [
    [
      'frontend control',
      'mode tcp',
      `bind ${control.address}:${control.port} accept-proxy`,
      'timeout client 1d',
      `tcp-request session reject unless { src ${control.secret} }`,
      'default_backend control',
    ],
    [
      'backend control',
      'mode tcp',
      'timeout server 1d',
      'retries 0',
      `server master unix@${directory}/${FILES.socket}`,
    ],
  ];
}

function routeLines(route: Route, colour: Colour, settings: ConfigSettings, slots: Slots): readonly string[] {
  const { connect, server, tunnel } = route.timeouts;
  return [
    `backend ${backendName(route.loadBalancer, colour)}`,
    ...(route.listen === undefined ? [] : ['mode tcp']),
    ...balanceLines(route),
    `timeout connect ${connect}ms`,
    `timeout server ${server}ms`,
    `timeout tunnel ${tunnel}ms`,
    ...(route.listen === undefined ? requestLines(route, settings) : []),
    ...memberLines(route, route.pools[colour], slots),
  ];
}

function requestLines(route: Route, settings: ConfigSettings): readonly string[] {
  return [
    // Not a rule that counts servers: an old worker counts none, although it goes on serving.
    `http-error status 503 content-type text/plain string '${unavailable(route)}'`,
    ...entranceLines(route, settings),
    ...(route.stripPath && route.path !== '/'
      ? [`http-request replace-path '^${quoted(route.path)}/?(.*)' '/\\1'`]
      : []),
    ...affinityLines(route, mapFile(settings)),
  ];
}

function unavailable({ loadBalancer, traffic: { maxConnections } }: Route): string {
  const reason = maxConnections === undefined ? '' : ', or none that is free';
  return `Load balancer ${loadBalancer} has no member that answers${reason}.`;
}

function balanceLines({ traffic: { algorithm, affinity, maxConnections }, timeouts }: Route): readonly string[] {
  const balance = affinity === 'source' ? affinity : algorithm;
  return [
    `balance ${balance}`,
    // Members come and go: only few clients change theirs then.
    ...(balance === 'source' ? ['hash-type consistent'] : []),
    ...(maxConnections === undefined ? [] : [`timeout queue ${timeouts.connect}ms`]),
  ];
}

function quoted(path: string): string {
  return path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function memberLines(route: Route, pool: Pool, slots: Slots): readonly string[] {
  const limits = serverLimits(route, pool);
  return pool.members.flatMap((member) => {
    const slot = slotOf(slots, member.check, member.id);
    if (slot === undefined) return [];
    // A worker that starts has no connection of a draining member to finish.
    const disabled = member.state === 'draining' ? ' disabled' : '';
    return [`server ${serverArguments(member, slot, limits.get(member.id))}${disabled}`];
  });
}

/** Name, address, limit and what it tracks, as both `server` and `add server` want it. */
export function serverArguments(member: Member, slot: string, limit: number | undefined): string {
  const maxconn = limit === undefined ? '' : ` maxconn ${limit}`;
  const weight = member.weight === undefined ? '' : ` weight ${member.weight}`;
  const proto = member.protocol === 'h2c' ? ' proto h2' : '';
  return `${serverName(member, slot)} ${endpoint(member.address, member.port)}${proto}${weight}${maxconn} track ${checkBackend(member.check)}/${slot}`;
}

function checkLines(pool: CheckPool, slots: Slots): readonly string[] {
  return [
    `backend ${checkBackend(pool.name)}`,
    ...(pool.check.type === 'http' ? httpCheckLines(pool.service, pool.check) : []),
    `timeout connect ${pool.check.type === 'tcp' ? pool.timeout : 1000}ms`,
    `timeout check ${pool.timeout}ms`,
    `default-server check ${paceOf(pool)}`,
    ...(slots[pool.name] ?? []).map((holder, index) => `server ${slotName(index)} ${slotAddress(pool, holder)}`),
  ];
}

function paceOf({ pace }: CheckPool): string {
  const { interval, rise, fall } = pace ?? { interval: 1000, rise: 1, fall: 2 };
  const [fast, down] = [Math.min(interval, 500), Math.min(interval, 250)];
  return `inter ${interval}ms fastinter ${fast}ms downinter ${down}ms fall ${fall} rise ${rise}`;
}

function httpCheckLines(service: string, check: { path: string; status: string }): readonly string[] {
  return [
    'option httpchk',
    `http-check send meth GET uri '${check.path}' ver HTTP/1.1 hdr Host ${service}`,
    `http-check expect status ${check.status}`,
  ];
}

function slotAddress(pool: CheckPool, holder: string | null): string {
  const address = pool.servers.find((server) => server.id === holder)?.address;
  return address === undefined
    ? `${endpoint('0.0.0.0', pool.check.port)} disabled`
    : endpoint(address, pool.check.port);
}
