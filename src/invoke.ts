import { resolve } from 'node:path';
import type { Event } from './app/journal.ts';
import { lockStateDir } from './app/lock.ts';
import { FileLedger } from './app/ledger.ts';
import { Pulse } from './app/pulse.ts';
import { readLastGood, readLastStatus, Source } from './app/source.ts';
import type { ExitCode } from './commands/exit.ts';
import { clock, machineryOf, openRemote } from './compose.ts';
import type { Config } from './config.ts';
import { pastOf } from './core/records.ts';
import { openWorkingTree } from './git/worktree.ts';
import { logEvent, openLog } from './log.ts';
import { refusedNow } from './manifest/restored.ts';
import type { Invocation } from './program.ts';
import { manifestsForReview, manifestsIn, requireFolder, type Flags } from './review.ts';
import { recordOf, withCluster } from './with-cluster.ts';

/** From flags to a command: reads the configuration, opens what the command needs, and closes it again. */

const DEFAULT_INTERVAL = 30_000;
/** Passes may be rare where nothing happens, and late where the engine is slow. */
const SHORTEST_PULSE = 90_000;

export async function runPlan(
  invocation: Invocation,
  dir: string,
  flags: Flags & { format: 'text' | 'json'; detailedExitcode?: true },
): Promise<ExitCode> {
  const { plan } = await import('./commands/plan.ts');
  requireFolder(dir);
  return await withCluster(invocation, flags, async (config, cluster) =>
    plan({
      ...(await worktreeOptions(dir, config)),
      ...cluster,
      set: manifestsForReview(dir, config),
      ...(await recordOf(config)),
      prune: { budget: config.prune, all: false },
      format: flags.format,
      detailedExitCode: flags.detailedExitcode === true,
      ...invocation,
    }),
  );
}

export async function runApply(
  invocation: Invocation,
  dir: string,
  flags: Flags & { yes?: true; pruneAll?: true },
): Promise<ExitCode> {
  const { apply } = await import('./commands/apply.ts');
  const { terminal, signal } = invocation;
  requireFolder(dir);
  return await withCluster(invocation, flags, async (config, cluster) => {
    await using _lock = await lockStateDir(config.stateDir);
    const prune = { budget: config.prune, all: flags.pruneAll === true };
    const onEvent = ({ object, message }: Event) => {
      if (!terminal.isLive) terminal.err(`${object}: ${message}\n`);
    };
    const set = manifestsIn(dir, config);
    const worktree = await worktreeOptions(dir, config);
    const ledger = await FileLedger.open(config.stateDir, config.cluster);
    const keep = new Source({ ...worktree, stateDir: config.stateDir, read: () => set });
    return await apply({
      ...worktree,
      ...cluster,
      set,
      prune,
      ...pastOf(ledger.records),
      passes: machineryOf(config, cluster, { prune, onEvent, ledger }),
      takeUp: () => keep.refresh(signal),
      yes: flags.yes === true,
      input: process.stdin,
      terminal,
      signal,
    });
  });
}

export async function runRun(invocation: Invocation, dir: string | undefined, flags: Flags): Promise<ExitCode> {
  const { run } = await import('./commands/run.ts');
  if (dir !== undefined) requireFolder(dir);
  return await withCluster(invocation, flags, async (config, cluster) => {
    const interval = config.repository?.interval ?? DEFAULT_INTERVAL;
    const pulse = new Pulse(clock, Math.max(3 * interval, SHORTEST_PULSE));
    await using _lock = await lockStateDir(config.stateDir, () => pulse.isWell());
    const log = openLog(invocation.terminal);
    const tree = dir === undefined ? undefined : worktree(dir, config);
    const repository = tree ?? openRemote(config, (line) => log.info(line));
    const lastStatus = await readLastStatus(config.stateDir, config.cluster);
    const earlier = lastStatus?.events ?? [];
    const onEvent = (event: Event) => logEvent(log, event);
    const ledger = await FileLedger.open(config.stateDir, config.cluster);
    const prune = { budget: config.prune, all: false };
    return await run({
      cluster: config.cluster,
      stateDir: config.stateDir,
      interval,
      pulse,
      runtime: cluster.runtime,
      machinery: machineryOf(config, cluster, { prune, onEvent, earlier, ledger }),
      repository,
      ...(lastStatus && { lastStatus }),
      ...(tree !== undefined && { watch: tree.watch.bind(tree) }),
      isPublished: tree !== undefined || config.status.enabled,
      read: (directory) => manifestsIn(directory, config),
      refused: (manifests) => refusedNow(manifests, config.policy),
      clock,
      signal: invocation.signal,
    });
  });
}

export async function runStatus(
  invocation: Invocation,
  name: string | undefined,
  flags: Flags & { format: 'text' | 'json' },
): Promise<ExitCode> {
  const { status } = await import('./commands/status.ts');
  return await withCluster(invocation, flags, async (config, cluster) => {
    const prune = { budget: config.prune, all: false };
    const lastStatus = await readLastStatus(config.stateDir, config.cluster);
    const earlier = lastStatus?.events ?? [];
    const lastGood = await readLastGood(config.stateDir, config.cluster);
    const ledger = await FileLedger.open(config.stateDir, config.cluster);
    return await status({
      ...cluster,
      ...(name !== undefined && { name }),
      format: flags.format,
      lastGood,
      refused: refusedNow(lastGood?.manifests ?? [], config.policy),
      ...(lastStatus && { lastStatus }),
      cluster: config.cluster,
      reporter: machineryOf(config, cluster, { prune, onEvent: () => undefined, earlier, ledger }).reporter,
      ...pastOf(ledger.records),
      prune,
      now: clock.now(),
      ...invocation,
    });
  });
}

export async function runLogs(
  invocation: Invocation,
  name: string,
  flags: Flags & { tail: number; streams: number; follow?: true; format: 'text' | 'json' },
): Promise<ExitCode> {
  const { logs } = await import('./commands/logs.ts');
  const { tail, streams, follow = false, format } = flags;
  return await withCluster(invocation, flags, (_, { runtime }) =>
    logs({ ...invocation, name, runtime, tail, streams, follow, format }),
  );
}

function worktree(dir: string, config: Config) {
  return openWorkingTree({ directory: resolve(dir), stateDir: config.stateDir, environment: process.env });
}

async function worktreeOptions(dir: string, config: Config) {
  const repository = worktree(dir, config);
  const { revision } = await repository.pull();
  return { repository, revision, cluster: config.cluster, now: clock.now() };
}
