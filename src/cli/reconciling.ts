import type { Event } from '../app/journal.ts';
import { FileLedger } from '../app/ledger.ts';
import { lockStateDir } from '../app/lock.ts';
import { Pulse } from '../app/pulse.ts';
import { readLastStatus, Source } from '../app/source.ts';
import type { ExitCode } from '../commands/exit.ts';
import { pastOf } from '../core/records.ts';
import { refusedNow } from '../manifest/restored.ts';
import { clock, machineryOf, openRemote } from './compose.ts';
import { logEvent, openLog } from './log.ts';
import type { Invocation } from './program.ts';
import { manifestsIn, requireFolder, type Flags } from './review.ts';
import { withCluster } from './with-cluster.ts';
import { worktree, worktreeOptions } from './worktree.ts';

/** From flags to what makes Docker equal to manifests: opens what the command needs, and closes it again. */

const DEFAULT_INTERVAL = 30_000;
/** Passes may be rare where nothing happens, and late where the engine is slow. */
const SHORTEST_PULSE = 90_000;

export async function runApply(
  invocation: Invocation,
  dir: string,
  flags: Flags & { yes?: true; pruneAll?: true },
): Promise<ExitCode> {
  const { apply } = await import('../commands/apply.ts');
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
  const { run } = await import('../commands/run.ts');
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
