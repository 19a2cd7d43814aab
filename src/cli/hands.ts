import type { Event } from '../app/journal.ts';
import { FileLedger } from '../app/ledger.ts';
import { readLastGood } from '../app/source.ts';
import { StandIn } from '../app/stand-in.ts';
import type { ExitCode } from '../commands/exit.ts';
import type { Config } from '../config/config.ts';
import type { DesiredState } from '../core/desire.ts';
import { pastOf } from '../core/records.ts';
import { refusedNow, withheldBy } from '../manifest/restored.ts';
import { recordByHand } from './by-hand.ts';
import { clock, machineryOf, type Machinery } from './compose.ts';
import { openConsole } from './console.ts';
import type { Invocation } from './program.ts';
import type { Flags } from './review.ts';
import { onCluster, recordOf, withCluster } from './with-cluster.ts';

/** From flags to what a person does by hand to what runs; each is kept with who it was. */

export async function runRetry(invocation: Invocation, name: string, flags: Flags): Promise<ExitCode> {
  const { retry } = await import('../commands/retry.ts');
  const { desiredOf } = await import('../commands/last-good.ts');
  return await withCluster(invocation, flags, async (config, adapters) => {
    const desired = desiredOf(await readLastGood(config.stateDir, config.cluster), config.cluster);
    const past = await recordOf(config);
    const record = (message: string) => recordByHand(config, name, message);
    return await retry({ ...adapters, ...invocation, name, desired, ...past, now: clock.now(), record });
  });
}

export async function runExec(
  invocation: Invocation,
  name: string,
  command: readonly string[],
  flags: Flags & { instance?: number; tty: boolean },
): Promise<number> {
  const { exec } = await import('../commands/exec.ts');
  return await withCluster(invocation, flags, async (config, cluster) => {
    return await exec({
      ...cluster,
      ...invocation,
      name,
      instance: flags.instance,
      command: command.length === 0 ? ['sh'] : command,
      console: () => openConsole(flags.tty),
      record: (message) => recordByHand(config, name, message),
    });
  });
}

export async function runCp(
  invocation: Invocation,
  source: string,
  target: string,
  flags: Flags & { instance?: number },
): Promise<ExitCode> {
  const { cp } = await import('../commands/cp.ts');
  return await withCluster(invocation, flags, async (config, cluster) => {
    return await cp({
      ...cluster,
      ...invocation,
      source,
      target,
      instance: flags.instance,
      input: process.stdin,
      output: process.stdout,
      record: (name, message) => recordByHand(config, name, message),
    });
  });
}

export async function runJobRun(
  invocation: Invocation,
  name: string,
  flags: Flags & { detach?: true },
): Promise<number> {
  const { runJob } = await import('../commands/job-run.ts');
  const { desiredOf } = await import('../commands/last-good.ts');
  return await withCluster(invocation, flags, async (config, { runtime }) => {
    return await runJob({
      ...invocation,
      name,
      desired: (await keptState(config)) ?? desiredOf(undefined, config.cluster),
      runtime,
      now: Date.now,
      detached: flags.detach === true,
      record: (message) => recordByHand(config, name, message),
    });
  });
}

export async function runRestart(invocation: Invocation, name: string, flags: Flags): Promise<ExitCode> {
  const { restart } = await import('../commands/restart.ts');
  return await withCluster(invocation, flags, async (config, cluster) => {
    const { stateDir } = config;
    const prune = { budget: config.prune, all: false };
    const onEvent = ({ object, message }: Event) => invocation.terminal.err(`${object}: ${message}\n`);
    const ledger = await FileLedger.open(stateDir, config.cluster);
    await using standIn = await StandIn.open(stateDir, clock);
    await using machinery = new OwnMachinery(async () =>
      machineryOf(config, cluster, { prune, onEvent, ledger: await FileLedger.open(stateDir, config.cluster) }),
    );
    return await restart({
      ...invocation,
      ...cluster,
      ...pastOf(ledger.records),
      name,
      anew: (look) => onCluster(config, look),
      prune,
      clock,
      desired: () => keptState(config),
      passes: async () => ((await standIn.isIn()) ? await machinery.get() : undefined),
      reporter: machineryOf(config, cluster, { prune, onEvent, ledger }).reporter,
      record: (message) => recordByHand(config, name, message),
    });
  });
}

/** Made when this process is to make passes, by what is in the state directory then; ended with the command. */
class OwnMachinery implements AsyncDisposable {
  private readonly make: () => Promise<Machinery>;
  private made: Promise<Machinery> | undefined;

  constructor(make: () => Promise<Machinery>) {
    this.make = make;
  }

  get(): Promise<Machinery> {
    this.made ??= this.make();
    return this.made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.made)?.reconciler.close();
  }
}

/** What the cluster is kept equal to, but for what its host has ceased to allow; undefined: nothing has been taken up. */
async function keptState({ stateDir, cluster, policy }: Config): Promise<DesiredState | undefined> {
  const lastGood = await readLastGood(stateDir, cluster);
  if (lastGood === undefined) return undefined;
  const { desiredOf } = await import('../commands/last-good.ts');
  const withheld = withheldBy(refusedNow(lastGood.manifests, policy));
  return { ...desiredOf(lastGood, cluster), withheld };
}
