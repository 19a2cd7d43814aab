import type { DesiredState } from '../core/desire.ts';
import { isUp, type Instance } from '../core/observed.ts';
import { NO_MEMORY } from '../core/rollout/memory.ts';
import { viewsOf, type ServiceView } from '../core/rollout/view.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { look, type Seeing } from './look.ts';
import type { Terminal } from './terminal.ts';
import { unknownName } from './unknown-name.ts';

export interface RetryOptions extends Seeing {
  readonly name: string;
  readonly desired: DesiredState;
  readonly terminal: Terminal;
  /** Told before anything is removed. */
  readonly record: (message: string) => Promise<void>;
}

/**
 * Lets a failed release be tried again: its mark, a stopped container, is removed, and so is what a paused rollout waits
 * for; the reconciler sees it at once.
 */
export async function retry(options: RetryOptions): Promise<ExitCode> {
  const { name, desired, runtime, now, signal, terminal } = options;
  const state = await look(options, desired);
  const { services } = viewsOf(desired, state, NO_MEMORY, now);
  const view = services.find((each) => each.name === name);
  if (desired.jobs.some((each) => each.name === name)) {
    terminal.err(`${name} is a job; fairlead job run ${name} runs it once more.\n`);
    return EXIT.error;
  }
  if (view === undefined || view.instances.length === 0) {
    const known = state.runtime.instances.map((each) => each.service);
    terminal.err(unknownName(name, known));
    return EXIT.error;
  }
  const failed = view.instances.filter((each) => each.restartPolicy === 'no' && (!isUp(each) || isStuck(view, each)));
  if (failed.length === 0) terminal.out(`Nothing of ${name} is marked as failed.\n`);
  else await options.record(`let ${name} be tried again`);
  for (const instance of failed) {
    signal.throwIfAborted();
    if (isUp(instance)) await runtime.stop(instance, { mark: false, signal });
    await runtime.remove(instance);
    terminal.out(`${name}@${instance.release} may be tried again: removed ${instance.name}.\n`);
  }
  return EXIT.done;
}

/** A candidate that runs beside another release without being ready; who serves is left alone, whatever it is called. */
function isStuck({ instances, conditions }: ServiceView, { id, release }: Instance): boolean {
  const condition = conditions.get(id)?.state;
  const hasOther = instances.some((each) => each.release !== release);
  return hasOther && (condition === 'starting' || condition === 'unhealthy');
}
