import { tellAsked } from '../app/asked.ts';
import type { Journal } from '../app/journal.ts';
import { Loop } from '../app/loop.ts';
import { Publisher } from '../app/publisher.ts';
import type { Pulse } from '../app/pulse.ts';
import type { Reconciler } from '../app/reconcile.ts';
import type { Reporter } from '../app/reporter.ts';
import { Source, type SourceOptions } from '../app/source.ts';
import type { Wake } from '../app/wake.ts';
import type { Clock, Repository, Runtime } from '../core/ports.ts';
import type { StatusReport } from '../core/status/status.ts';
import { EXIT, type ExitCode } from './exit.ts';

export interface RunOptions {
  readonly cluster: string;
  readonly stateDir: string;
  /** Milliseconds between two looks at the repository. */
  readonly interval: number;
  readonly runtime: Runtime;
  readonly machinery: {
    readonly journal: Journal;
    readonly wake: Wake;
    readonly reconciler: Reconciler;
    readonly reporter: Reporter;
  };
  readonly pulse: Pulse;
  readonly repository: Repository;
  /** Of an earlier process. */
  readonly lastStatus?: StatusReport;
  /** Calls back when the repository is known to have changed. */
  readonly watch?: (onChange: () => void, signal: AbortSignal) => Promise<void>;
  /** The status goes where the repository publishes it, and not to `status.json` in the state directory alone. */
  readonly isPublished: boolean;
  readonly read: SourceOptions['read'];
  readonly refused: NonNullable<SourceOptions['refused']>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The reconciler, until it is told to stop. */
export async function run(options: RunOptions): Promise<ExitCode> {
  const { machinery, pulse, runtime, repository, cluster, stateDir, read, refused, clock, interval, signal } = options;
  const source = new Source({ repository, cluster, stateDir, read, refused });
  const publisher = new Publisher({
    repository,
    clock,
    journal: machinery.journal,
    stateDir,
    enabled: options.isPublished,
    wake: () => machinery.wake.call(),
  });
  const { lastStatus } = options;
  const loop = new Loop({
    ...machinery,
    pulse,
    runtime,
    source,
    publisher,
    clock,
    tellAsked: () => tellAsked(stateDir, machinery.journal),
    interval,
    ...(lastStatus && { lastStatus }),
  });
  await options.watch?.(() => loop.lookAtRepository(), signal);
  await loop.run(signal);
  return EXIT.done;
}
