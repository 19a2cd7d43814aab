import type { RoutingTable } from '../core/routing.ts';
import { FILES, listFile, type ConfigSettings } from './settings.ts';
import type { Command } from './runtime.ts';

/** HAProxy takes a command with its payload only as long as its buffer of 16 KB. */
const PAYLOAD = 16_000;

/** A line of HAProxy's list of certificates: a file, and the host names that it is shown for. */
interface Entry {
  readonly file: string;
  readonly hostnames: string;
}

/** An entry with its place in the list of a worker. */
export interface LiveEntry extends Entry {
  readonly line: number;
}

/** Inside the container. Another content is another file, so that none is ever half written where HAProxy reads it. */
export function certificateFile({ directory }: Pick<ConfigSettings, 'directory'>, id: string): string {
  return `${directory}/${FILES.certificates}/${id}.pem`;
}

/** The list as a file: for each certificate that is served the host names of its load balancers. */
export function certificateLines(table: RoutingTable, settings: ConfigSettings): readonly string[] {
  return certificateEntries(table, settings).map(lineOf);
}

function certificateEntries(table: RoutingTable, settings: ConfigSettings): readonly Entry[] {
  const { certificates } = settings.admission;
  const hostnames = new Map<string, Set<string>>();
  for (const { loadBalancer, hostnames: own, previews } of table.routes) {
    const id = certificates.get(loadBalancer);
    if (id === undefined) continue;
    const names = hostnames.get(id) ?? new Set();
    for (const each of [...own, ...previews]) names.add(each);
    hostnames.set(id, names);
  }
  return [...hostnames]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, names]) => ({ file: certificateFile(settings, id), hostnames: [...names].sort().join(' ') }));
}

function lineOf({ file, hostnames }: Entry): string {
  return `${file} ${hostnames}`;
}

/** Reads `show ssl crt-list -n FILE`; a worker without a frontend for TLS has no such list. */
export function readCertificateList(answer: string): readonly LiveEntry[] {
  return [...answer.matchAll(/^(\S+\.pem):(\d+) (.+)$/gm)].map(([, file = '', line, hostnames = '']) => ({
    file,
    line: Number(line),
    hostnames: hostnames.trim(),
  }));
}

/** Ids of the certificates that are shown for each of these host names. */
export function servedIds(live: readonly LiveEntry[]): ReadonlySet<string> {
  return new Set(live.map(({ file }) => idOf(file)));
}

function idOf(file: string): string {
  return /([0-9a-f]+)\.pem$/.exec(file)?.[1] ?? '';
}

/**
 * The commands that bring a worker's list to the table: it has the new entries before the old ones go, so that there is a
 * certificate for every name at any time. Undefined: it cannot be done at run time.
 */
export function certificateCommands(
  table: RoutingTable,
  settings: ConfigSettings,
  live: readonly LiveEntry[],
  pem: (id: string) => string | undefined,
): readonly Command[] | undefined {
  const wanted = certificateEntries(table, settings);
  const has = (entries: readonly Entry[], entry: Entry) => entries.some((each) => lineOf(each) === lineOf(entry));
  const files = new Set(live.map(({ file }) => file));
  const commands: Command[] = [];
  for (const entry of wanted.filter((each) => !has(live, each))) {
    if (!files.has(entry.file)) {
      const content = pem(idOf(entry.file));
      if (content === undefined || content.length > PAYLOAD) return undefined;
      // It may be there already, of a change that did not come to its end.
      commands.push({ text: `new ssl cert ${entry.file}`, optional: true });
      commands.push({ text: `set ssl cert ${entry.file} <<\n${content.trimEnd()}\n` });
      commands.push({ text: `commit ssl cert ${entry.file}` });
    }
    const line = lineOf(entry);
    if (line.length > PAYLOAD) return undefined;
    commands.push({ text: `add ssl crt-list ${listFile(settings)} <<\n${line}\n` });
  }
  const leaving = live.filter((each) => !has(wanted, each));
  commands.push(
    ...leaving.map(({ file, line }) => ({ text: `del ssl crt-list ${listFile(settings)} ${file}:${line}` })),
  );
  const kept = new Set(wanted.map(({ file }) => file));
  const gone = [...new Set(leaving.map(({ file }) => file))].filter((file) => !kept.has(file));
  return [...commands, ...gone.map((file) => ({ text: `del ssl cert ${file}`, optional: true as const }))];
}
