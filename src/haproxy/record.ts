import { PLAIN_ENTRY, PLAIN_TRAFFIC, type Route, type RoutingTable } from '../core/routing.ts';
import type { Lack } from './admission.ts';
import { FILES } from './settings.ts';
import { digest } from './names.ts';
import type { Shell } from './shell.ts';
import type { Slots } from './slots.ts';

/** What the balancer works by, kept in its volume: the table, who has which slot, and what its files hold. */
export interface Recorded {
  readonly table: RoutingTable;
  readonly slots: Slots;
  /** Ids of the certificates that are served, by load balancer: not always those of the table. */
  readonly certificates: Readonly<Record<string, string>>;
  /** What this host does not have of the table. */
  readonly refusals: readonly Lack[];
  /** Digests of what HAProxy reads at its next start, by the file's name: while one is being replaced, of both. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

const DIGITS = 16;

/** The record of these files, `texts` by their names. */
export function recordOf(
  { certificates, ...others }: Omit<Recorded, 'files'>,
  texts: Readonly<Record<string, string>>,
): Recorded {
  return { ...others, certificates, files: { ...digestsOf(texts), ...digestsOfCertificates(certificates) } };
}

/** They are called by what is in them. */
function digestsOfCertificates(certificates: Recorded['certificates']): Recorded['files'] {
  const ids = Object.values(certificates);
  return Object.fromEntries(ids.map((id) => [`${FILES.certificates}/${id}.pem`, [id.slice(0, DIGITS)]]));
}

/** The record while these files are on their way: an end in the middle leaves nothing that a stranger could have written. */
export function withComing(record: Recorded, texts: Readonly<Record<string, string>>): Recorded {
  const coming = Object.entries(digestsOf(texts));
  const files = coming.map(([name, digests]) => [name, [...(record.files[name] ?? []).slice(0, 1), ...digests]]);
  return {
    ...record,
    files: { ...record.files, ...(Object.fromEntries(files) as Recorded['files']) },
  };
}

function digestsOf(texts: Readonly<Record<string, string>>): Recorded['files'] {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, [digestOf(text)]]));
}

export function parseRecord(text: string | undefined): Recorded | undefined {
  try {
    const record = JSON.parse(text ?? '') as { table: { version: number }; files?: object };
    return record.table.version === 1 && record.files !== undefined ? completed(record as Recorded) : undefined;
  } catch {
    // None, or one from another disk's bad day: the next apply writes it anew.
    return undefined;
  }
}

/** Routes of an earlier Fairlead say nothing of their traffic, nor of how they are entered. */
function completed(record: Recorded): Recorded {
  // In the order that it was written in: its digest is compared.
  const routes = record.table.routes.map((route): Route => ({ ...route, ...missingIn(route) }));
  const { certificates = {}, refusals = [] } = record as Partial<Recorded>;
  return { ...record, certificates, refusals, table: { ...record.table, routes } };
}

function missingIn(route: Partial<Route>): Pick<Route, 'traffic' | 'entry'> {
  const { traffic = PLAIN_TRAFFIC, entry = PLAIN_ENTRY } = route;
  return { traffic, entry };
}

/** Whether somebody else wrote into the volume since the last look; only then the files are read. */
export class Seal {
  private readonly shell: Shell;
  private stamp: string | undefined;
  private foreign: string | undefined;

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** The first file that is not as it was left; undefined: all are. */
  async broken(recorded: Recorded): Promise<string | undefined> {
    const names = [FILES.record, ...Object.keys(recorded.files)];
    const { output } = await this.shell.run(`stat -c '%n %i %s %Y %Z' ${names.join(' ')}`);
    if (output === this.stamp) return this.foreign;
    this.foreign = await this.firstForeign(recorded);
    this.stamp = output;
    return this.foreign;
  }

  private async firstForeign(recorded: Recorded): Promise<string | undefined> {
    const wanted = { [FILES.record]: [digestOf(JSON.stringify(recorded))], ...recorded.files };
    for (const [name, left] of Object.entries(wanted)) {
      if (!left.includes(digestOf((await this.shell.read(name)) ?? ''))) return name;
    }
    return undefined;
  }
}

/** The shell ends each file with a line feed. */
function digestOf(text: string): string {
  return digest(text.trimEnd(), DIGITS);
}
