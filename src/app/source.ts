import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { desire, type DesiredState } from '../core/desire.ts';
import type { LoadBalancer } from '../core/load-balancer.ts';
import type { Manifest, Revision } from '../core/model.ts';
import type { Repository, Snapshot } from '../core/ports.ts';
import type { Problem, Warning } from '../core/reason.ts';
import { PLAIN_ENTRY, PLAIN_TRAFFIC } from '../core/routing.ts';
import type { StatusReport } from '../core/status/status.ts';
import type { ManifestSet } from '../manifest/read.ts';
import { withheldBy } from '../manifest/restored.ts';
import { replaceStateFile } from './state-file.ts';

export type { ManifestSet } from '../manifest/read.ts';

export interface SourceOptions {
  readonly repository: Repository;
  readonly cluster: string;
  readonly stateDir: string;
  /** Reads and checks the manifests below a folder. */
  readonly read: (directory: string) => ManifestSet;
  /** What the host does not allow now of manifests that were taken earlier, each with its service as `object`; default: nothing. */
  readonly refused?: (manifests: readonly Manifest[]) => readonly Problem[];
}

const FILE = 'last-good.json';
const FORMAT = 1;

/** What should be: the last revision that was valid as a whole. It survives a restart of the process. */
export class Source {
  /** Undefined: there never was a valid revision, so that nothing is changed and nothing removed. */
  desired: DesiredState | undefined;
  /** In place of what should be while there is none; only to report on. */
  readonly nothing: DesiredState;
  /** The newest revision, taken or refused. */
  tried: Revision | undefined;
  warnings: readonly Warning[] = [];
  /** Why the newest revision was not taken; empty: it was. */
  private faults: readonly Problem[] = [];
  /** Why services of the last good revision are held back. */
  private refusals: readonly Problem[] = [];
  private snapshot: Snapshot | undefined;
  private readonly options: SourceOptions;

  constructor(options: SourceOptions) {
    this.options = options;
    this.nothing = desire([], { cluster: options.cluster, revision: { id: '', message: '', author: '', at: 0 } });
  }

  /** What keeps the newest revision, or services of the last good one, from being what runs. */
  get problems(): readonly Problem[] {
    return [...this.faults, ...this.refusals];
  }

  /** Takes up the last good revision of an earlier process, but for what the host has ceased to allow. */
  async restore(): Promise<void> {
    const { stateDir, cluster, refused = () => [] } = this.options;
    const kept = await readLastGood(stateDir, cluster);
    if (kept === undefined) return;
    this.refusals = refused(kept.manifests);
    const withheld = withheldBy(this.refusals);
    this.desired = desire(kept.manifests, { cluster, revision: kept.revision, withheld });
  }

  /** Looks at the repository; whether there was a new revision. Errors: those of Repository.pull. */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const snapshot = await this.options.repository.pull(signal);
    if (snapshot === this.snapshot) return false;
    const { manifests, problems, warnings } = this.options.read(snapshot.directory);
    this.tried = snapshot.revision;
    this.faults = problems;
    this.warnings = warnings;
    if (problems.length === 0) await this.take(manifests, snapshot.revision);
    // Only now: what could not be taken is looked at again.
    this.snapshot = snapshot;
    return true;
  }

  private async take(manifests: readonly Manifest[], revision: Revision): Promise<void> {
    const { stateDir, cluster } = this.options;
    await writeLastGood(stateDir, { cluster, manifests, revision });
    this.refusals = [];
    this.desired = desire(manifests, { cluster, revision });
  }
}

interface LastGood {
  readonly cluster: string;
  readonly manifests: readonly Manifest[];
  readonly revision: Revision;
}

/** The last valid revision that a process of this cluster with this state directory has taken. */
export async function readLastGood(stateDir: string, cluster: string): Promise<LastGood | undefined> {
  const file = join(stateDir, FILE);
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as LastGood & { format: number };
    return kept.format === FORMAT && kept.cluster === cluster ? completed(kept) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read; check its owner and permissions.`, { cause: error });
  }
}

/** Load balancers of an earlier Fairlead have one service, and say nothing of their traffic, nor of how they are entered. */
function completed(kept: LastGood): LastGood {
  const manifests = kept.manifests.map((manifest) => {
    if (manifest.kind !== 'LoadBalancer' || 'entry' in manifest) return manifest;
    const { service = '', ...others } = manifest as LoadBalancer & { readonly service?: string };
    const missing = { backends: [{ service, weight: 100 }], traffic: PLAIN_TRAFFIC, entry: PLAIN_ENTRY };
    return Object.assign(missing, others);
  });
  return { ...kept, manifests };
}

async function writeLastGood(stateDir: string, lastGood: LastGood): Promise<void> {
  await replaceStateFile(stateDir, FILE, JSON.stringify({ format: FORMAT, ...lastGood }));
}

/** The last status that a process of this cluster with this state directory has written. */
export async function readLastStatus(stateDir: string, cluster: string): Promise<StatusReport | undefined> {
  try {
    const status = JSON.parse(await readFile(join(stateDir, 'status.json'), 'utf8')) as StatusReport;
    // One of a time without jobs has no word about them.
    return status.cluster === cluster ? { ...status, jobs: (status as Partial<StatusReport>).jobs ?? [] } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
