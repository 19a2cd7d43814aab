import PQueue from 'p-queue';
import type { Balancer, PulledImage, Runtime } from '../core/ports.ts';
import { layerOf, ReasonError, type Problem } from '../core/reason.ts';
import { objectOf, serviceOf, type Step } from '../core/rollout/steps.ts';
import type { Journal } from './journal.ts';
import { describe } from './describe.ts';

/** How a step ended; pulls, stops and restarts end in a later pass than they were begun. */
export type Result =
  | { readonly status: 'done'; readonly step: Step; readonly image?: PulledImage }
  | { readonly status: 'failed'; readonly step: Step; readonly problem: Problem };

export interface ExecutorOptions {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly journal: Journal;
  /** Called when a step that runs beside the passes has ended. */
  readonly wake: () => void;
}

const AT_ONCE = 8;
const PULLS_AT_ONCE = 4;

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

  /** Begins all steps and waits for the short ones. */
  async execute(steps: readonly Step[], signal: AbortSignal): Promise<{ results: Result[]; begun: number }> {
    this.abortUnwanted(steps);
    const begun = this.unclaimed(steps);
    for (const step of begun.filter(isLong)) this.startJob(step);
    const short = begun.filter((step) => !isLong(step));
    const first = await this.runAll(
      short.filter((step) => step.do === 'networks'),
      signal,
    );
    const others = await this.runAll(
      short.filter((step) => step.do !== 'networks'),
      signal,
    );
    return { results: [...first, ...others], begun: begun.length };
  }

  private async runAll(steps: readonly Step[], signal: AbortSignal): Promise<Result[]> {
    return await Promise.all(steps.map((step) => this.queue.add(() => this.run(step, signal))));
  }

  /** Ends what runs beside the passes; stops that were begun are left to Docker. */
  async close(): Promise<void> {
    for (const { controller } of this.jobs.values()) controller.abort();
    await Promise.all([...this.jobs.values()].map((job) => job.ended));
  }

  get isBusy(): boolean {
    return this.jobs.size > 0;
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

  private startJob(step: Step): void {
    const controller = new AbortController();
    const work = () => this.run(step, controller.signal);
    const ended = (step.do === 'pull' ? this.pulls.add(work) : work()).then((result) => {
      this.jobs.delete(objectOf(step));
      if (!controller.signal.aborted) this.ended.push(result);
      this.options.wake();
    });
    this.jobs.set(objectOf(step), { step, controller, ended });
    if (step.do !== 'route') this.options.journal.record(...describe(step, 'begun'));
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
