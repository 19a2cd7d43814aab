import { setTimeout as delay } from 'node:timers/promises';
import { settle, type SettleOptions } from '../app/settle.ts';
import type { DesiredState } from '../core/desire.ts';
import { isUp } from '../core/observed.ts';
import type { Runtime } from '../core/ports.ts';
import { conclude } from './apply.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { unknownName } from './unknown-name.ts';

export interface RestartOptions {
  readonly name: string;
  /** What the cluster is kept equal to; undefined: nothing has been taken up yet. */
  readonly desired: DesiredState | undefined;
  readonly runtime: Runtime;
  /** Passes of this process; undefined: another one makes them. */
  readonly passes: Omit<SettleOptions, 'desired' | 'onStatus'> | undefined;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Told before it begins. */
  readonly record: (message: string) => Promise<void>;
}

const POLL = 250;

/** Replaces all instances of a service by new ones of the same release, as its update policy has it. */
export async function restart(options: RestartOptions): Promise<ExitCode> {
  const { name, desired, runtime, passes, signal, terminal } = options;
  const { instances } = await runtime.observe({ signal });
  const own = instances.filter((each) => each.service === name && isUp(each));
  if (own.length === 0) {
    const known = instances.map(({ service }) => service);
    terminal.err(known.includes(name) ? `No instance of ${name} runs now.\n` : unknownName(name, known));
    return EXIT.error;
  }
  if (desired === undefined) {
    terminal.err(
      'Nothing has been taken up from this state directory yet, so that nobody knows what to replace them by.\n',
    );
    return EXIT.error;
  }
  await options.record(`asked for a restart of ${name}`);
  for (const each of own) await runtime.askForRestart(each);
  terminal.err(`${name}: ${own.length === 1 ? 'its instance is' : `${own.length} instances are`} replaced.\n`);
  if (passes === undefined) return await watch(new Set(own.map(({ id }) => id)), options);
  const progress = new Progress(terminal);
  return conclude(await settle({ ...passes, desired, onStatus: (each) => progress.show(each) }, signal), terminal);
}

/** Until all of them are gone. */
async function watch(ids: ReadonlySet<string>, { name, runtime, signal, terminal }: RestartOptions): Promise<ExitCode> {
  for (;;) {
    const { instances } = await runtime.observe();
    if (!instances.some((each) => ids.has(each.id) && isUp(each))) break;
    await delay(POLL, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) continue;
    terminal.err(`It goes on; fairlead status ${name} tells how far it is.\n`);
    return EXIT.error;
  }
  terminal.out(`${name} was restarted.\n`);
  return EXIT.done;
}
