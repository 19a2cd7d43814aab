import { PLAIN_TRAFFIC, type Route, type RoutingTable } from '../core/routing.ts';
import { FILES } from './settings.ts';
import { digest } from './names.ts';
import type { Shell } from './shell.ts';
import type { Slots } from './slots.ts';

/** What the balancer works by, kept in its volume: the table, who has which slot, and what its files hold. */
export interface Recorded {
  readonly table: RoutingTable;
  readonly slots: Slots;
  /** Digests of what HAProxy reads at its next start, by the file's name: while one is being replaced, of both. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

const DIGITS = 16;

/** The record of these files, `texts` by their names. */
export function recordOf(table: RoutingTable, slots: Slots, texts: Readonly<Record<string, string>>): Recorded {
  return { table, slots, files: digestsOf(texts) };
}

/** The record while these files are on their way: an end in the middle leaves nothing that a stranger could have written. */
export function withComing(record: Recorded, texts: Readonly<Record<string, string>>): Recorded {
  const coming = Object.entries(digestsOf(texts));
  const files = coming.map(([name, digests]) => [name, [...(record.files[name] ?? []).slice(0, 1), ...digests]]);
  return { ...record, files: { ...record.files, ...(Object.fromEntries(files) as Recorded['files']) } };
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

/** Routes of an earlier Fairlead say nothing of their traffic. */
function completed(record: Recorded): Recorded {
  const routes = record.table.routes.map((route) => ('traffic' in route ? route : withTraffic(route)));
  return { ...record, table: { ...record.table, routes } };
}

function withTraffic(route: Omit<Route, 'traffic'>): Route {
  return { ...route, traffic: PLAIN_TRAFFIC };
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
