import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withEnded } from '../core/jobs/record.ts';
import type { RecordedRun, Run } from '../core/observed.ts';

const FILE = 'runs.json';
const FORMAT = 1;

interface Kept {
  readonly format: number;
  readonly cluster: string;
  readonly runs: readonly RecordedRun[];
}

/**
 * How the runs of releases ended, kept in the state directory: a run is known to have been made although its container was
 * removed since, by its job's history or by somebody who cleans up.
 */
export class RunLedger {
  private readonly stateDir: string;
  private readonly cluster: string;
  private runs: readonly RecordedRun[];

  private constructor(stateDir: string, cluster: string, runs: readonly RecordedRun[]) {
    this.stateDir = stateDir;
    this.cluster = cluster;
    this.runs = runs;
  }

  static async open(stateDir: string, cluster: string): Promise<RunLedger> {
    return new RunLedger(stateDir, cluster, await read(stateDir, cluster));
  }

  /** The last one of each release. */
  get recorded(): readonly RecordedRun[] {
    return this.runs;
  }

  /** Remembers those that have ended. Errors: those of the file system. */
  async keep(runs: readonly Run[]): Promise<void> {
    const kept = withEnded(this.runs, runs);
    if (kept === this.runs) return;
    await this.write(kept);
    this.runs = kept;
  }

  private async write(runs: readonly RecordedRun[]): Promise<void> {
    await mkdir(this.stateDir, { recursive: true, mode: 0o700 });
    const file = join(this.stateDir, FILE);
    const kept: Kept = { format: FORMAT, cluster: this.cluster, runs };
    await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }
}

async function read(stateDir: string, cluster: string): Promise<readonly RecordedRun[]> {
  const file = join(stateDir, FILE);
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Kept;
    return kept.format === FORMAT && kept.cluster === cluster ? kept.runs : [];
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`${file} cannot be read; check its owner and permissions.`, { cause: error });
  }
}
