import PQueue from 'p-queue';
import type { Balancer, Runtime } from '../core/ports.ts';
import { layerOf, ReasonError, type Problem } from '../core/reason.ts';
import type { Result } from '../core/rollout/lessons.ts';
import { objectOf, serviceOf, type Step } from '../core/rollout/steps.ts';
import type { Journal } from './journal.ts';
import { describe } from './describe.ts';

export interface ExecutorOptions {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly journal: Journal;
  /** Called when a step that runs beside the passes has ended. */
  readonly wake: () => void;
  /** Milliseconds; ends early on abort. */
  readonly sleep: (duration: number, signal: AbortSignal) => Promise<void>;
}

const AT_ONCE = 8;
const PULLS_AT_ONCE = 4;
/** What takes longer than a pass may wait goes on beside the passes: one object that hangs holds up no other. */
const PATIENCE = 5_000;
/** The end of a process does not wait as long. */
const PARTING = 3_000;

/** Does steps and decides nothing. Two steps on one object never run side by side. */
export class Executor {
  private readonly options: ExecutorOptions;
  private readonly queue = new PQueue({ concurrency: AT_ONCE });
  private readonly pulls = new PQueue({ concurrency: PULLS_AT_ONCE });
  /** Steps that run beside the passes, by object. */
  private readonly jobs = new Map<string, { step: Step; controller: AbortController; ended: Promise<void> }>();
  private readonly ended: Result[] = [];

  constructor(options: ExecutorOptions) {
    this.options = options;
  }

  /** What ran beside the passes and has ended since the last call. */
  takeEnded(): Result[] {
    return this.ended.splice(0);
  }

  /** Begins all steps and waits for the short ones, though for none for long. */
  async execute(steps: readonly Step[], signal: AbortSignal): Promise<{ results: Result[]; begun: number }> {
    this.abortUnwanted(steps);
    const begun = this.unclaimed(steps);
    const isFirst = (step: Step) => step.do === 'networks';
    const first = await this.runAll(begun.filter(isFirst), signal);
    if (signal.aborted) return { results: first, begun: begun.length };
    const rest = begun.filter((step) => !isFirst(step));
    for (const step of rest.filter(isLong)) this.beginLong(step);
    const others = await this.runAll(
      rest.filter((step) => !isLong(step)),
      signal,
    );
    return { results: [...first, ...others], begun: begun.length };
  }

  private async runAll(steps: readonly Step[], signal: AbortSignal): Promise<Result[]> {
    const results = await Promise.all(steps.map((step) => this.queue.add(() => this.runInTime(step, signal))));
    return results.flatMap((result) => result ?? []);
  }

  /** How the step ended; undefined: it goes on beside the passes, or was not begun any more. */
  private async runInTime(step: Step, signal: AbortSignal): Promise<Result | undefined> {
    if (signal.aborted) return undefined;
    let result: Result | undefined;
    let isLeft = false;
    const ended = this.begin(step, (how) => {
      if (isLeft) this.tellLater(how);
      else result = how;
    });
    await this.waitFor(ended, PATIENCE, signal);
    isLeft = true;
    return result;
  }

  /** Ends what runs beside the passes; stops that were begun are left to Docker, and so is what hangs. */
  async close(): Promise<void> {
    for (const { controller } of this.jobs.values()) controller.abort();
    const ends = Promise.all([...this.jobs.values()].map((job) => job.ended));
    await this.waitFor(ends, PARTING);
  }

  private async waitFor(work: Promise<unknown>, patience: number, signal?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
    await Promise.race([work, this.options.sleep(patience, either)]);
    over.abort();
  }

  /** Also where an end has come that no pass has acted on yet. */
  get isBusy(): boolean {
    return this.working.length > 0;
  }

  /** Steps that are under way, or whose end nobody has taken yet. */
  get working(): readonly Step[] {
    return [...[...this.jobs.values()].map(({ step }) => step), ...this.ended.map(({ step }) => step)];
  }

  /** The first step of each object that nothing works on; how the last one ended must be known before the next begins. */
  private unclaimed(steps: readonly Step[]): Step[] {
    const claimed = new Set(this.working.map(objectOf));
    return steps.filter((step) => {
      const object = objectOf(step);
      if (claimed.has(object)) return false;
      claimed.add(object);
      return true;
    });
  }

  /** A pull whose release is not wanted any more must not hold up the one that is. */
  private abortUnwanted(steps: readonly Step[]): void {
    const wanted = new Set(steps.filter((step) => step.do === 'pull').map(objectOf));
    for (const [object, { step, controller }] of this.jobs) {
      if (step.do === 'pull' && !wanted.has(object)) controller.abort();
    }
  }

  private beginLong(step: Step): void {
    void this.begin(step, (result) => this.tellLater(result));
    if (step.do !== 'route') this.options.journal.record(...describe(step, 'begun'));
  }

  /** `tell` hears how it ended; undefined: it was aborted. */
  private begin(step: Step, tell: (result: Result | undefined) => void): Promise<void> {
    const controller = new AbortController();
    const work = () => this.run(step, controller.signal);
    const ended = (step.do === 'pull' ? this.pulls.add(work) : work()).then((result) => {
      this.jobs.delete(objectOf(step));
      tell(controller.signal.aborted ? undefined : result);
    });
    this.jobs.set(objectOf(step), { step, controller, ended });
    return ended;
  }

  private tellLater(result: Result | undefined): void {
    if (result !== undefined) this.ended.push(result);
    this.options.wake();
  }

  private async run(step: Step, signal: AbortSignal): Promise<Result> {
    try {
      const image = step.do === 'pull' ? await this.options.runtime.pull(step.image, step.policy, signal) : undefined;
      if (step.do !== 'pull') await this.perform(step, signal);
      this.options.journal.record(...describe(step, 'done'));
      return { status: 'done', step, ...(image !== undefined && { image }) };
    } catch (error) {
      const problem = problemOf(step, error);
      if (!signal.aborted) this.options.journal.record('failed', serviceOf(step) ?? 'cluster', problem.message);
      return { status: 'failed', step, problem };
    }
  }

  private perform(step: Exclude<Step, { do: 'pull' }>, signal: AbortSignal): Promise<void> {
    const { runtime, balancer } = this.options;
    switch (step.do) {
      case 'networks':
        return runtime.ensureNetworks(step.names);
      case 'prune-networks':
        return runtime.pruneNetworks(step.keep);
      case 'ensure':
        return runtime.ensure(step.slot, signal);
      case 'start':
        return runtime.start(step.instance);
      case 'unpause':
        return runtime.unpause(step.instance);
      case 'remove':
        return runtime.remove(step.instance);
      case 'restart':
        return runtime.restart(step.instance, signal);
      case 'stop':
        return runtime.stop(step.instance, { mark: step.mark, signal });
      case 'update':
        return runtime.update(step.instance, step);
      case 'discover':
        return runtime.setDiscoverable(step.instance, step.discoverable);
      case 'route':
        return balancer.apply(step.table);
      case 'remove-balancer':
        return balancer.remove();
    }
  }
}

function isLong(step: Step): boolean {
  return step.do === 'pull' || step.do === 'stop' || step.do === 'restart' || step.do === 'route';
}

/** What a failed step means for its service; an error that is no ReasonError is a bug and keeps its own words. */
function problemOf(step: Step, error: unknown): Problem {
  const reason = error instanceof ReasonError ? error.reason : 'start-failed';
  const object = serviceOf(step);
  const message = error instanceof Error ? error.message : String(error);
  return { layer: layerOf(reason), reason, message, ...(object !== undefined && { object }) };
}
