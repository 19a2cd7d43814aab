import type { RoutingTable } from '../core/routing.ts';
import type { Lack } from './admission.ts';
import { certificateFile } from './certificates.ts';
import { wordsOf } from './install.ts';
import type { Session } from './session.ts';
import { FILES, type Admission, type ConfigSettings } from './settings.ts';

/** A config with nothing but certificates, to hear what HAProxy thinks of them. */
const TRIAL = 'certificates.cfg';
const GONE = 'its file is not there any more.';

type Settings = Pick<ConfigSettings, 'directory'>;
type Pem = (id: string) => string | undefined;

/** The certificates that HAProxy takes, by load balancer; one that gets no new one keeps the one of before. */
export async function servableCertificates(
  { routes }: RoutingTable,
  settings: Settings,
  session: Session,
  pem: Pem,
): Promise<{ readonly certificates: ReadonlyMap<string, string>; readonly lacks: readonly Lack[] }> {
  const before = session.recorded?.certificates ?? {};
  const wanted = routes.flatMap(({ loadBalancer, entry, certificate }) =>
    entry.https && certificate !== undefined ? [{ loadBalancer, id: certificate.id, isDeaf: !entry.http }] : [],
  );
  // Whatever is in the way of a new one, the one of before is no worse than it was.
  await tryAll([...wanted.map(({ id }) => id), ...Object.values(before)], settings, session, pem);
  const certificates = new Map<string, string>();
  const lacks: Lack[] = [];
  for (const { loadBalancer, id, isDeaf } of wanted) {
    const complaint = session.tried.get(id) ?? GONE;
    const kept = before[loadBalancer];
    const served = complaint === '' ? id : kept !== undefined && session.tried.get(kept) === '' ? kept : undefined;
    if (served !== undefined) certificates.set(loadBalancer, served);
    if (complaint === '') continue;
    const consequence = served === undefined ? 'it has none' : 'the one of before stays';
    const message = `The certificate of ${loadBalancer} cannot be served, ${consequence}: ${complaint}`;
    lacks.push({ loadBalancer, reason: 'no-certificate', message, isDeaf: isDeaf && served === undefined });
  }
  return { certificates, lacks };
}

/** Puts those into the volume that are new to this session, and keeps what HAProxy says of each: nothing where it is fine. */
async function tryAll(ids: readonly string[], settings: Settings, session: Session, pem: Pem): Promise<void> {
  const { shell, tried, recorded } = session;
  // Who has changed one file may have changed others.
  if (recorded !== undefined && (await session.seal.broken(recorded)) !== undefined) tried.clear();
  const fresh = [...new Set(ids)].filter((id) => !tried.has(id));
  if (fresh.length === 0) return;
  const { output } = await shell.run(`mkdir -p ${FILES.certificates} && ls ${FILES.certificates}`);
  const there = new Set(output.split('\n'));
  const texts = new Map(fresh.map((id) => [id, pem(id)] as const).filter(isKnown));
  await shell.write(Object.fromEntries([...texts].map(([id, text]) => [`${FILES.certificates}/${id}.pem`, text])));
  const present = fresh.filter((id) => texts.has(id) || there.has(`${id}.pem`));
  if ((await complaintOf(present, settings, session)) === '') for (const id of present) tried.set(id, '');
  else for (const id of present) tried.set(id, await complaintOf([id], settings, session));
}

function isKnown(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined;
}

/** What HAProxy says of these certificates; empty: nothing against them. */
async function complaintOf(ids: readonly string[], settings: Settings, { shell }: Session): Promise<string> {
  if (ids.length === 0) return '';
  const binds = ids.map((id) => `  bind 127.0.0.1:1 ssl crt ${certificateFile(settings, id)}\n`);
  await shell.write({ [TRIAL]: `frontend trial\n  mode http\n  timeout client 1s\n${binds.join('')}` });
  const { code, output } = await shell.run(`haproxy -c -f ${TRIAL}`);
  return code === 0 ? '' : wordsOf(output);
}

/** Certificates that are not served any more leave the volume, and are tried again where they come back. */
export async function clearCertificates({ shell, tried }: Session, { certificates }: Admission): Promise<void> {
  const kept = new Set(certificates.values());
  const { output } = await shell.run(`ls ${FILES.certificates} 2>/dev/null`);
  const ids = [...output.matchAll(/^([0-9a-f]+)\.pem$/gm)].map(([, id = '']) => id).filter((id) => !kept.has(id));
  if (ids.length === 0) return;
  await shell.run(`rm -f ${ids.map((id) => `${FILES.certificates}/${id}.pem`).join(' ')}`);
  for (const id of ids) if (tried.get(id) === '') tried.delete(id);
}
