import type { Balancer, Runtime } from '../core/ports.ts';
import type { Result, Yield } from '../core/rollout/lessons.ts';
import { objectOf, serviceOf, type Step } from '../core/rollout/steps.ts';
import type { Journal } from './journal.ts';
import { describe } from './describe.ts';
import { problemOf } from './problems.ts';
import { AT_ONCE, inPatience, Turns, type Sleep } from './turns.ts';

export interface ExecutorOptions {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly journal: Journal;
  /** Called when a step that runs beside the passes has ended. */
  readonly wake: () => void;
  readonly sleep: Sleep;
}

/** A pass waits so long for what it has begun; what takes longer goes on beside the passes. */
const PATIENCE = 250;
/** It waits longer for networks, without which little else can be done. */
const NETWORKS_PATIENCE = 5_000;
/** The end of a process does not wait as long. */
const PARTING = 3_000;

/** A step that was begun, or waits for its turn. */
interface Task {
  readonly step: Step;
  readonly controller: AbortController;
  /** Aborted where it is not to begin any more. */
  readonly turn: AbortController;
  isBegun: boolean;
  ended: Promise<void>;
}

/** Does steps and decides nothing. Two steps on one object never run side by side. */
export class Executor {
  private readonly options: ExecutorOptions;
  private readonly turns: Turns;
  /** By object. */
  private readonly tasks = new Map<string, Task>();
  private readonly ended: Result[] = [];

  constructor(options: ExecutorOptions) {
    this.options = options;
    this.turns = new Turns(options.sleep);
  }

  /** What ran beside the passes and has ended since the last call. */
  takeEnded(): Result[] {
    return this.ended.splice(0);
  }

  /** Begins all steps and waits for the short ones, though for none for long. */
  async execute(steps: readonly Step[], signal: AbortSignal): Promise<{ results: Result[]; begun: number }> {
    this.giveUp(steps);
    const begun = this.unclaimed(steps);
    const isFirst = (step: Step) => step.do === 'networks';
    this.beginAll(begun.filter(isPull));
    const first = await this.runAll(begun.filter(isFirst), NETWORKS_PATIENCE, signal);
    if (signal.aborted) return { results: first, begun: begun.length };
    const rest = begun.filter((step) => !isFirst(step) && !isPull(step));
    this.beginAll(rest.filter(isLong));
    const short = rest.filter((step) => !isLong(step));
    return { results: [...first, ...(await this.runAll(short, PATIENCE, signal))], begun: begun.length };
  }

  /** They go on beside the passes. */
  private beginAll(steps: readonly Step[]): void {
    for (const step of steps) void this.begin(step, (result) => this.tellLater(result));
  }

  /** How they ended, but for those that go on beside the passes. */
  private async runAll(steps: readonly Step[], patience: number, signal: AbortSignal): Promise<Result[]> {
    if (steps.length === 0) return [];
    const results: Result[] = [];
    let isLeft = false;
    const ends = steps.map((step) =>
      this.begin(step, (result) => {
        if (isLeft) this.tellLater(result);
        else if (result !== undefined) results.push(result);
      }),
    );
    await inPatience(Promise.all(ends), patience, this.options.sleep, signal);
    isLeft = true;
    if (signal.aborted) this.giveUp([]);
    return results;
  }

  /** Ends what runs beside the passes; stops that were begun are left to Docker, and so is what hangs. */
  async close(): Promise<void> {
    for (const task of this.tasks.values()) end(task);
    const ends = Promise.all([...this.tasks.values()].map((task) => task.ended));
    await inPatience(ends, PARTING, this.options.sleep);
  }

  /** Also where an end has come that no pass has acted on yet. */
  get isBusy(): boolean {
    return this.working.length > 0;
  }

  /** More is to be done than is done at once. */
  get isCrowded(): boolean {
    return this.tasks.size > AT_ONCE;
  }

  /** Steps that are under way, or whose end nobody has taken yet. */
  get working(): readonly Step[] {
    return [...[...this.tasks.values()].map(({ step }) => step), ...this.ended.map(({ step }) => step)];
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

  /** A pull that is not wanted any more must not hold up the one that is, nor what waits for its turn what is due now. */
  private giveUp(steps: readonly Step[]): void {
    const wanted = new Set(steps.map(nameOf));
    for (const task of this.tasks.values()) {
      const canEnd = isPull(task.step) || task.step.do === 'prune-images' || !task.isBegun;
      if (canEnd && !wanted.has(nameOf(task.step))) end(task);
    }
  }

  /** `tell` hears how it ended; undefined: it was aborted. */
  private begin(step: Step, tell: (result: Result | undefined) => void): Promise<void> {
    const [controller, turn] = [new AbortController(), new AbortController()];
    const task: Task = { step, controller, turn, isBegun: false, ended: Promise.resolve() };
    task.ended = this.turns
      .take(step, turn.signal, () => this.start(task))
      .then((result) => {
        this.tasks.delete(objectOf(step));
        tell(controller.signal.aborted ? undefined : result);
      });
    this.tasks.set(objectOf(step), task);
    return task.ended;
  }

  private start(task: Task): Promise<Result> {
    const { step, controller } = task;
    task.isBegun = true;
    if (isLong(step) && step.do !== 'route' && step.do !== 'prune-images')
      this.options.journal.record(...describe(step, 'begun'));
    return this.run(step, controller.signal);
  }

  private tellLater(result: Result | undefined): void {
    if (result !== undefined) this.ended.push(result);
    this.options.wake();
  }

  private async run(step: Step, signal: AbortSignal): Promise<Result> {
    try {
      const made = await this.perform(step, signal);
      for (const done of shown(step, made)) this.options.journal.record(...describe(done, 'done'));
      return { status: 'done', step, ...made };
    } catch (error) {
      const object = serviceOf(step);
      const problem = { ...problemOf(error, 'start-failed'), ...(object !== undefined && { object }) };
      if (!signal.aborted) this.options.journal.record('failed', object ?? 'cluster', problem.message);
      return { status: 'failed', step, problem };
    }
  }

  private async perform(step: Step, signal: AbortSignal): Promise<Yield> {
    const { runtime } = this.options;
    if (step.do === 'pull') return { image: await runtime.pull(step.image, step.policy, signal) };
    if (step.do === 'prune-images') return { removed: await runtime.pruneImages(step.images, signal) };
    await this.act(step, signal);
    return {};
  }

  private act(step: Exclude<Step, { do: 'pull' | 'prune-images' }>, signal: AbortSignal): Promise<void> {
    const { runtime, balancer } = this.options;
    switch (step.do) {
      case 'networks':
        return runtime.ensureNetworks(step.names);
      case 'prune-networks':
        return runtime.pruneNetworks(step.keep);
      case 'prune-files':
        return runtime.pruneFiles(step.names);
      case 'ensure':
        return runtime.ensure(step.slot, signal);
      case 'prepare':
        return runtime.prepare(step.slot, signal);
      case 'start':
        return runtime.start(step.instance);
      case 'end':
        return runtime.end(step.instance, signal);
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

/** It may go on, but need not, where it was begun already. */
function end({ isBegun, controller, turn }: Task): void {
  controller.abort();
  if (!isBegun) turn.abort();
}

/** Of the same step in another pass; images that are wanted again meanwhile make it another one. */
function nameOf(step: Step): string {
  const images = step.do === 'prune-images' ? step.images.map(({ id }) => id) : [];
  return [step.do, objectOf(step), ...images].join(' ');
}

/** As far as it has done anything. */
function shown(step: Step, { removed }: Yield): readonly Step[] {
  if (step.do !== 'prune-images') return [step];
  const images = step.images.filter(({ id }) => removed?.includes(id));
  return images.length === 0 ? [] : [{ ...step, images }];
}

function isPull(step: Step): boolean {
  return step.do === 'pull';
}

function isLong(step: Step): boolean {
  return isPull(step) || ['stop', 'end', 'restart', 'route', 'prune-images'].includes(step.do);
}
