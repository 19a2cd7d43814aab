import type { Refusal } from '../core/observed.ts';
import type { Route, RoutingTable } from '../core/routing.ts';
import { servableCertificates } from './certificate-trial.ts';
import { endpointsOf, isReachedBy } from './frontends.ts';
import { hasAddress, isTaken, NETWORK_FILES, readHostNetwork, type HostNetwork } from './host-network.ts';
import { connectionEndpoints } from './listeners.ts';
import type { Session } from './session.ts';
import { endpoint, type Admission, type ConfigSettings } from './settings.ts';

/** What a load balancer goes without. */
export type Lack = Omit<Refusal, 'at'>;

/** What there is of the table on this host, and what is not. */
export interface Admitted {
  readonly admission: Admission;
  readonly refusals: readonly Lack[];
}

export const NOTHING_REFUSED: Admission = { closed: new Set(), certificates: new Map() };

/**
 * Looks, before anything is changed, what HAProxy would stumble over: one certificate that it refuses, or one port that
 * somebody else has, and it would take nothing of the whole table. `config` is the file that it has started with.
 */
export async function admit(
  table: RoutingTable,
  given: Omit<ConfigSettings, 'admission'>,
  session: Session,
  { config, pem }: { readonly config: string; readonly pem: (id: string) => string | undefined },
): Promise<Admitted> {
  const settings = { ...given, admission: NOTHING_REFUSED };
  const ofHost = await lacksOfHost(table, settings, session, config);
  const open = { ...settings, admission: { ...NOTHING_REFUSED, closed: ofHost.closed } };
  // Without the port for it nobody is shown a certificate, nor sent there.
  const isOpen = endpointsOf('https', table.routes.filter(isReachedBy('https')), open).length > 0;
  const { certificates, lacks } = isOpen
    ? await servableCertificates(table, given, session, pem)
    : { certificates: new Map<string, string>(), lacks: [] };
  return { admission: { certificates, closed: ofHost.closed }, refusals: [...lacks, ...ofHost.lacks] };
}

/** Where a route is to be reached. */
function placesOf(route: Route, settings: ConfigSettings): readonly string[] {
  const schemes = (['http', 'https'] as const).filter((scheme) => isReachedBy(scheme)(route));
  return [
    ...schemes.flatMap((scheme) => endpointsOf(scheme, [route], settings)),
    ...connectionEndpoints(route, settings),
  ];
}

async function lacksOfHost(
  { routes }: RoutingTable,
  settings: ConfigSettings,
  session: Session,
  config: string,
): Promise<{ readonly closed: ReadonlySet<string>; readonly lacks: readonly Lack[] }> {
  const { http } = settings;
  // Without the port for http there is no balancer: that is not left out.
  const usual = http === undefined ? '' : endpoint(http.address, http.port);
  const isAsked = (route: Route) =>
    route.externalIPs !== undefined || placesOf(route, settings).some((each) => each !== usual);
  if (!routes.some(isAsked)) return { closed: new Set(), lacks: [] };
  const host = await hostOf(session, config);
  const closed = new Set<string>();
  const lacks = routes.flatMap((route): Lack[] => {
    const places = placesOf(route, settings).map((place) => ({ place, complaint: complaintOf(place, host, usual) }));
    for (const { place, complaint } of places) if (complaint !== undefined) closed.add(place);
    const own = route.externalIPs ?? [];
    const missing = own.filter((address) => !hasAddress(host.network, address)).map(missingAddress);
    const [first] = [...missing, ...places.flatMap(({ complaint }) => complaint ?? [])];
    const isDeaf = places.every(({ place }) => closed.has(place)) || (own.length > 0 && missing.length === own.length);
    return first === undefined ? [] : [{ loadBalancer: route.loadBalancer, ...first, isDeaf }];
  });
  return { closed, lacks };
}

interface Host {
  /** Without those of our own who listen. */
  readonly network: HostNetwork;
  /** Where HAProxy listens now, as its config says. */
  readonly ours: ReadonlySet<string>;
}

async function hostOf({ shell }: Session, config: string): Promise<Host> {
  const { output: binds } = await shell.run(`grep -h '^  bind ' ${config}`);
  const ours = new Set([...binds.matchAll(/^ {2}bind (\S+)/gm)].map(([, place = '']) => place));
  const { output } = await shell.run(`cat ${NETWORK_FILES.join(' ')}`);
  const found = readHostNetwork(output);
  // Who listens at all addresses may listen at one of them beside that.
  const listening = found.listening.filter(({ address, port }) => !ours.has(endpoint(address, port)));
  return { network: { ...found, listening }, ours };
}

type Complaint = Pick<Lack, 'reason' | 'message'>;

function complaintOf(place: string, { network, ours }: Host, usual: string): Complaint | undefined {
  const at = place.lastIndexOf(':');
  const [address, port] = [place.slice(0, at).replaceAll(/[[\]]/g, ''), Number(place.slice(at + 1))];
  if (place === usual) return undefined;
  if (!hasAddress(network, address)) return missingAddress(address);
  if (ours.has(place) || !isTaken(network, address, port)) return undefined;
  const message = `Port ${port} of the host is taken by somebody else; it is listened on once it is free.`;
  return { reason: 'host-port-conflict', message };
}

function missingAddress(address: string): Complaint {
  return { reason: 'address-not-allowed', message: `The host has no address ${address}.` };
}
