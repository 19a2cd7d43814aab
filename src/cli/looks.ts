import { FileLedger } from '../app/ledger.ts';
import { readLastGood, readLastStatus } from '../app/source.ts';
import type { ExitCode } from '../commands/exit.ts';
import { pastOf } from '../core/records.ts';
import { refusedNow } from '../manifest/restored.ts';
import { recordByHand } from './by-hand.ts';
import { clock, machineryOf } from './compose.ts';
import type { Invocation } from './program.ts';
import { manifestsForReview, requireFolder, type Flags } from './review.ts';
import { recordOf, withCluster } from './with-cluster.ts';
import { worktreeOptions } from './worktree.ts';

/** From flags to a look at what runs: reads the configuration, opens what the look needs, and closes it again. */

export async function runPlan(
  invocation: Invocation,
  dir: string,
  flags: Flags & { format: 'text' | 'json'; detailedExitcode?: true },
): Promise<ExitCode> {
  const { plan } = await import('../commands/plan.ts');
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

export async function runStatus(
  invocation: Invocation,
  name: string | undefined,
  flags: Flags & { format: 'text' | 'json' },
): Promise<ExitCode> {
  const { status } = await import('../commands/status.ts');
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
  const { logs } = await import('../commands/logs.ts');
  const { tail, streams, follow = false, format } = flags;
  return await withCluster(invocation, flags, (_, { runtime }) =>
    logs({ ...invocation, name, runtime, tail, streams, follow, format }),
  );
}

export async function runAccess(
  invocation: Invocation,
  name: string | undefined,
  flags: Flags & { tail: number; follow?: true; format: 'text' | 'json' },
): Promise<ExitCode> {
  const { access } = await import('../commands/access.ts');
  const { tail, follow = false, format } = flags;
  return await withCluster(invocation, flags, async (config, { balancer }) => {
    const record = (message: string) => recordByHand(config, name ?? 'cluster', message);
    const { accessLog: isLogged } = config.balancer;
    return await access({ ...invocation, name, balancer, tail, follow, format, isLogged, record });
  });
}
