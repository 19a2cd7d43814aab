import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_RECORDS, type Records } from '../core/records.ts';
import { replaceStateFile } from './state-file.ts';

const FILE = 'records.json';
const FORMAT = 1;

interface Kept {
  readonly format: number;
  readonly cluster: string;
  readonly records: Records;
}

/** Where records are kept. */
export interface Ledger {
  readonly records: Records;
  /** Errors: those of the file system. */
  keep(records: Records): Promise<void>;
}

/** In the state directory. */
export class FileLedger implements Ledger {
  private readonly stateDir: string;
  private readonly cluster: string;
  private kept: Records;
  private isWritten = true;

  private constructor(stateDir: string, cluster: string, kept: Records) {
    this.stateDir = stateDir;
    this.cluster = cluster;
    this.kept = kept;
  }

  static async open(stateDir: string, cluster: string): Promise<FileLedger> {
    return new FileLedger(stateDir, cluster, await read(stateDir, cluster));
  }

  get records(): Records {
    return this.kept;
  }

  /** What cannot be written counts all the same, and is written when there is something new, or the next time. */
  async keep(records: Records): Promise<void> {
    if (records === this.kept && this.isWritten) return;
    this.kept = records;
    this.isWritten = false;
    const kept: Kept = { format: FORMAT, cluster: this.cluster, records };
    await replaceStateFile(this.stateDir, FILE, JSON.stringify(kept), { flush: true });
    this.isWritten = true;
  }
}

async function read(stateDir: string, cluster: string): Promise<Records> {
  const file = join(stateDir, FILE);
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Kept | null;
    return kept?.format === FORMAT && kept.cluster === cluster ? kept.records : NO_RECORDS;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return NO_RECORDS;
    throw new Error(`${file} cannot be read; check its owner and permissions.`, { cause: error });
  }
}
