import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { recordAsked } from './app/asked.ts';
import type { Event } from './app/journal.ts';
import { isLocked, lockStateDir } from './app/lock.ts';
import { RunLedger } from './app/run-ledger.ts';
import { Pulse } from './app/pulse.ts';
import { readLastGood, readLastStatus, Source } from './app/source.ts';
import type { EXIT, ExitCode } from './commands/exit.ts';
import { clock, machineryOf, openCluster, openRemote, type Cluster } from './compose.ts';
import type { Config } from './config.ts';
import type { DesiredState } from './core/desire.ts';
import { openWorkingTree } from './git/worktree.ts';
import { openConsole } from './console.ts';
import { logEvent, openLog } from './log.ts';
import { refusedNow } from './manifest/restored.ts';
import type { Invocation } from './program.ts';
import { manifestsForReview, manifestsIn, requireFolder, withConfig, type Flags } from './review.ts';

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
      terminal: invocation.terminal,
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
    const ledger = await RunLedger.open(config.stateDir, config.cluster);
    const keep = new Source({ ...worktree, stateDir: config.stateDir, read: () => set });
    return await apply({
      ...worktree,
      ...cluster,
      set,
      prune,
      recorded: ledger.recorded,
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
    const ledger = await RunLedger.open(config.stateDir, config.cluster);
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
    const ledger = await RunLedger.open(config.stateDir, config.cluster);
    return await status({
      ...cluster,
      ...(name !== undefined && { name }),
      format: flags.format,
      lastGood,
      refused: refusedNow(lastGood?.manifests ?? [], config.policy),
      ...(lastStatus && { lastStatus }),
      cluster: config.cluster,
      reporter: machineryOf(config, cluster, { prune, onEvent: () => undefined, earlier, ledger }).reporter,
      recorded: ledger.recorded,
      prune,
      now: clock.now(),
      terminal: invocation.terminal,
    });
  });
}

export async function runLogs(
  invocation: Invocation,
  name: string,
  flags: Flags & { tail: number; streams: number; follow?: true },
): Promise<ExitCode> {
  const { logs } = await import('./commands/logs.ts');
  const { tail, streams, follow = false } = flags;
  return await withCluster(invocation, flags, (_, { runtime }) =>
    logs({ ...invocation, name, runtime, tail, streams, follow }),
  );
}

export async function runRetry(invocation: Invocation, name: string, flags: Flags): Promise<ExitCode> {
  const { retry } = await import('./commands/retry.ts');
  const { desiredOf } = await import('./commands/last-good.ts');
  return await withCluster(invocation, flags, async (config, adapters) => {
    const desired = desiredOf(await readLastGood(config.stateDir, config.cluster), config.cluster);
    const { recorded } = await recordOf(config);
    const record = (message: string) => recordAsked(config.stateDir, byHand(name, message));
    return await retry({ ...adapters, ...invocation, name, desired, recorded, now: clock.now(), record });
  });
}

export async function runExec(
  invocation: Invocation,
  name: string,
  command: readonly string[],
  flags: Flags & { instance?: number; tty: boolean },
): Promise<number> {
  const { exec } = await import('./commands/exec.ts');
  return await withCluster(invocation, flags, async ({ stateDir }, cluster) => {
    return await exec({
      ...cluster,
      ...invocation,
      name,
      instance: flags.instance,
      command: command.length === 0 ? ['sh'] : command,
      console: () => openConsole(flags.tty),
      record: (message) => recordAsked(stateDir, byHand(name, message)),
    });
  });
}

export async function runJobRun(
  invocation: Invocation,
  name: string,
  flags: Flags & { detach?: true },
): Promise<number> {
  const { runJob } = await import('./commands/job-run.ts');
  const { desiredOf } = await import('./commands/last-good.ts');
  return await withCluster(invocation, flags, async (config, { runtime }) => {
    const { stateDir, cluster } = config;
    return await runJob({
      ...invocation,
      name,
      desired: (await keptState(config)) ?? desiredOf(undefined, cluster),
      runtime,
      detached: flags.detach === true,
      record: (message) => recordAsked(stateDir, byHand(name, message)),
    });
  });
}

export async function runRestart(invocation: Invocation, name: string, flags: Flags): Promise<ExitCode> {
  const { restart } = await import('./commands/restart.ts');
  return await withCluster(invocation, flags, async (config, cluster) => {
    const { stateDir } = config;
    const isKept = await isLocked(stateDir);
    await using _lock = isKept ? NO_LOCK : await lockStateDir(stateDir);
    const ledger = await RunLedger.open(stateDir, config.cluster);
    const prune = { budget: config.prune, all: false };
    const onEvent = ({ object, message }: Event) => invocation.terminal.err(`${object}: ${message}\n`);
    return await restart({
      ...invocation,
      ...cluster,
      name,
      desired: await keptState(config),
      passes: isKept ? undefined : machineryOf(config, cluster, { prune, onEvent, ledger }),
      record: (message) => recordAsked(stateDir, byHand(name, message)),
    });
  });
}

/** What the cluster is kept equal to, but for what its host has ceased to allow; undefined: nothing has been taken up. */
async function keptState({ stateDir, cluster, policy }: Config): Promise<DesiredState | undefined> {
  const lastGood = await readLastGood(stateDir, cluster);
  if (lastGood === undefined) return undefined;
  const { desiredOf } = await import('./commands/last-good.ts');
  const withheld = refusedNow(lastGood.manifests, policy).flatMap(({ object }) => object ?? []);
  return { ...desiredOf(lastGood, cluster), withheld };
}

const NO_LOCK: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

/** With who it was, as far as the machine knows. */
function byHand(object: string, message: string): Event {
  return { at: clock.date().toISOString(), type: 'by-hand', object, message: `${userName()} ${message}` };
}

/** Not every user of a container has a name. */
function userName(): string {
  try {
    return process.env['SUDO_USER'] ?? userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ''}`;
  }
}

/** Beside the configuration, the engine and the balancer, with whom all conversations end with the command. */
async function withCluster<Code extends number>(
  invocation: Invocation,
  flags: Flags,
  command: (config: Config, cluster: Cluster) => Promise<Code>,
): Promise<Code | typeof EXIT.error> {
  return await withConfig(invocation, flags, async (config) => {
    const cluster = openCluster(config, () => undefined);
    try {
      return await command(config, cluster);
    } finally {
      cluster.close();
    }
  });
}

/** How jobs ended that were run from this state directory. */
async function recordOf({ stateDir, cluster }: Config) {
  return { recorded: (await RunLedger.open(stateDir, cluster)).recorded };
}

function worktree(dir: string, config: Config) {
  return openWorkingTree({ directory: resolve(dir), stateDir: config.stateDir, environment: process.env });
}

async function worktreeOptions(dir: string, config: Config) {
  const repository = worktree(dir, config);
  const { revision } = await repository.pull();
  return { repository, revision, cluster: config.cluster, now: clock.now() };
}
