import type { Refusal } from '../core/observed.ts';
import type { RoutingTable } from '../core/routing.ts';
import { certificateFile } from './certificates.ts';
import { endpointsOf } from './frontends.ts';
import { hasAddress, isTaken, NETWORK_FILES, readHostNetwork } from './host-network.ts';
import { wordsOf } from './install.ts';
import { connectionEndpoints } from './listeners.ts';
import type { Session } from './session.ts';
import { FILES, type Admission, type ConfigSettings } from './settings.ts';

/** What there is of the table on this host, and what is not. */
export interface Admitted {
  readonly admission: Admission;
  readonly refusals: readonly Omit<Refusal, 'at'>[];
}

export const NOTHING_REFUSED: Admission = { closed: new Set(), certificates: new Map() };

/** A config with nothing but certificates, to hear what HAProxy thinks of them. */
const TRIAL = 'certificates.cfg';

/**
 * Looks, before anything is changed, what HAProxy would stumble over: one certificate that it refuses, or one port that
 * somebody else has, and it would take nothing of the whole table.
 */
export async function admit(
  table: RoutingTable,
  settings: Omit<ConfigSettings, 'admission'>,
  session: Session,
  pem: (id: string) => string | undefined,
): Promise<Admitted> {
  const { certificates, refusals } = await admitCertificates(table, settings, session, pem);
  const all = { ...settings, admission: NOTHING_REFUSED };
  const { closed, taken } = await closedEndpoints(table, all, session);
  return { admission: { certificates, closed }, refusals: [...refusals, ...taken] };
}

/** Where the table is listened on, http aside: without that there is no balancer. */
export function listeningEndpoints(
  table: RoutingTable,
  settings: ConfigSettings,
): ReadonlyMap<string, readonly string[]> {
  const endpoints = new Map<string, string[]>();
  const add = (endpoint: string, loadBalancer: string) =>
    endpoints.set(endpoint, [...(endpoints.get(endpoint) ?? []), loadBalancer]);
  for (const route of table.routes) {
    const ofRoute = route.listen === undefined && route.entry.https ? endpointsOf('https', [route], settings) : [];
    for (const each of [...ofRoute, ...connectionEndpoints(route, settings)]) add(each, route.loadBalancer);
  }
  return endpoints;
}

async function closedEndpoints(
  table: RoutingTable,
  settings: ConfigSettings,
  { shell, recorded }: Session,
): Promise<{ closed: ReadonlySet<string>; taken: Admitted['refusals'] }> {
  const ours = new Set(recorded?.endpoints);
  const wanted = [...listeningEndpoints(table, settings)].filter(([endpoint]) => !ours.has(endpoint));
  if (wanted.length === 0) return { closed: new Set(), taken: [] };
  const { output } = await shell.run(`cat ${NETWORK_FILES.join(' ')}`);
  const network = readHostNetwork(output);
  const refused = wanted.flatMap(([endpoint, loadBalancers]) => {
    const [address, port] = partsOf(endpoint);
    const lacks = !hasAddress(network, address);
    if (!lacks && !isTaken(network, address, port)) return [];
    const reason = lacks ? ('address-not-allowed' as const) : ('host-port-conflict' as const);
    const message = lacks
      ? `The host has no address ${address}.`
      : `Port ${port} of the host is taken by somebody else; it is listened on once it is free.`;
    return [{ endpoint, refusals: loadBalancers.map((loadBalancer) => ({ loadBalancer, reason, message })) }];
  });
  return {
    closed: new Set(refused.map(({ endpoint }) => endpoint)),
    taken: refused.flatMap(({ refusals }) => refusals),
  };
}

function partsOf(endpoint: string): readonly [string, number] {
  const at = endpoint.lastIndexOf(':');
  return [endpoint.slice(0, at).replace(/^\[|\]$/g, ''), Number(endpoint.slice(at + 1))];
}

async function admitCertificates(
  table: RoutingTable,
  settings: Omit<ConfigSettings, 'admission'>,
  session: Session,
  pem: (id: string) => string | undefined,
): Promise<{ certificates: ReadonlyMap<string, string>; refusals: Admitted['refusals'] }> {
  const { recorded } = session;
  // Whatever is in the way of a new one, the one of before is no worse than it was.
  const before = Object.values(recorded?.certificates ?? {});
  const wanted = table.routes.flatMap(({ entry, certificate }) => (entry.https && certificate ? [certificate.id] : []));
  await tryCertificates([...wanted, ...before], settings, session, pem);
  const certificates = new Map<string, string>();
  const refusals: Omit<Refusal, 'at'>[] = [];
  for (const { loadBalancer, entry, certificate } of table.routes) {
    if (!entry.https || certificate === undefined) continue;
    const words = session.tried.get(certificate.id) ?? 'its file is not there any more.';
    const kept = recorded?.certificates[loadBalancer];
    if (words === '') certificates.set(loadBalancer, certificate.id);
    else {
      const hasOther = kept !== undefined && session.tried.get(kept) === '';
      if (hasOther) certificates.set(loadBalancer, kept);
      const consequence = hasOther ? 'the one of before stays' : 'it has none';
      const message = `The certificate of ${loadBalancer} cannot be served, ${consequence}: ${words}`;
      refusals.push({ loadBalancer, reason: 'no-certificate', message });
    }
  }
  return { certificates, refusals };
}

/** Puts those into the volume that are new to this session, and keeps what HAProxy says of each: nothing where it is fine. */
async function tryCertificates(
  ids: readonly string[],
  settings: Omit<ConfigSettings, 'admission'>,
  session: Session,
  pem: (id: string) => string | undefined,
): Promise<void> {
  const { shell, tried } = session;
  const foreign = session.recorded && (await session.seal.broken(session.recorded));
  if (foreign?.startsWith(`${FILES.certificates}/`) === true) tried.clear();
  const fresh = [...new Set(ids)].filter((id) => !tried.has(id));
  if (fresh.length === 0) return;
  await shell.run(`mkdir -p ${FILES.certificates}`);
  const { output } = await shell.run(`ls ${FILES.certificates}`);
  const there = new Set(output.split('\n'));
  const texts = new Map(fresh.map((id) => [id, pem(id)] as const).filter(isKnown));
  if (texts.size > 0)
    await shell.write(Object.fromEntries([...texts].map(([id, text]) => [`${FILES.certificates}/${id}.pem`, text])));
  const present = fresh.filter((id) => texts.has(id) || there.has(`${id}.pem`));
  if ((await complaintOf(present, settings, session)) === '') for (const id of present) tried.set(id, '');
  else for (const id of present) tried.set(id, await complaintOf([id], settings, session));
}

function isKnown(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined;
}

/** What HAProxy says of these certificates; empty: nothing against them. */
async function complaintOf(
  ids: readonly string[],
  settings: Omit<ConfigSettings, 'admission'>,
  { shell }: Session,
): Promise<string> {
  if (ids.length === 0) return '';
  const binds = ids.map((id) => `  bind 127.0.0.1:1 ssl crt ${certificateFile(settings, id)}\n`);
  await shell.write({ [TRIAL]: `frontend trial\n  mode http\n  timeout client 1s\n${binds.join('')}` });
  const { code, output } = await shell.run(`haproxy -c -f ${TRIAL}`);
  return code === 0 ? '' : wordsOf(output);
}

/** Certificates that are not served any more leave the volume. */
export async function clearCertificates({ shell }: Session, { certificates }: Admission): Promise<void> {
  const kept = new Set(certificates.values());
  const { output } = await shell.run(`ls ${FILES.certificates} 2>/dev/null`);
  const names = output.split('\n').filter((name) => /^[0-9a-f]+\.pem$/.test(name));
  const gone = names.filter((name) => !kept.has(name.slice(0, -'.pem'.length)));
  if (gone.length > 0) await shell.run(`rm -f ${gone.map((name) => `${FILES.certificates}/${name}`).join(' ')}`);
}
