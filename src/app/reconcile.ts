import type { DesiredState } from '../core/desire.ts';
import { lookAt, withAbsence, type LastLook } from '../core/rollout/absence.ts';
import {
  NO_MEMORY,
  withFailuresOf,
  withHealed,
  withImages,
  withOutcomes,
  withoutImages,
  withoutStarts,
  type Memory,
} from '../core/rollout/memory.ts';
import type { ObservedBalancer, ObservedState, UnderWay } from '../core/observed.ts';
import { plan, type Plan, type PrunePermission } from '../core/plan/plan.ts';
import type { Balancer, Clock, Runtime } from '../core/ports.ts';
import { EMPTY_TABLE, type RoutingTable } from '../core/routing.ts';
import { networkSteps } from '../core/rollout/networks.ts';
import { objectOf, type Step } from '../core/rollout/steps.ts';
import { detours, sameTable } from '../core/rollout/table.ts';
import { describeArrival } from './describe.ts';
import { Executor, type Result } from './execute.ts';
import type { Journal } from './journal.ts';
import { notice } from './notice.ts';

export interface ReconcilerOptions {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly prune: PrunePermission;
  /** `auto`: the balancer is there while a manifest needs it. */
  readonly balancerEnabled: 'auto' | boolean;
  readonly wake: () => void;
  /** Milliseconds; ends early on abort. */
  readonly sleep: (duration: number, signal: AbortSignal) => Promise<void>;
}

/**
 * How a pass learns what the engine has: from the engine, with every container inspected anew (`deep`), or from what the
 * last pass was told, because nothing can have happened since (`remembered`).
 */
export type Look = 'usual' | 'deep' | 'remembered';

/** What one pass saw and did. */
export interface Pass {
  readonly state: ObservedState;
  readonly plan: Plan;
  readonly results: readonly Result[];
  /** Steps were begun or have ended: look again at once. */
  readonly moved: boolean;
  /** Something was done; to fail again is none of that. */
  readonly advanced: boolean;
  /** Something runs beside the passes: a pull, a stop, what hangs. */
  readonly busy: boolean;
  /** Nothing is under way and nothing is left to do. */
  readonly steady: boolean;
  /** When something is due although nothing happens; undefined: never. */
  readonly wakeAt?: number;
}

/** Observes, plans and takes the next step of each service that can take one; never waits for any of them. */
export class Reconciler {
  private readonly options: ReconcilerOptions;
  private readonly executor: Executor;
  private memory: Memory = NO_MEMORY;
  private steadyServices = new Set<string>();
  private isAway = false;
  /** When the engine was last seen, if it ever was. */
  private lastLook: LastLook | undefined;
  /** What the balancer worked by when it was last seen. */
  private table: RoutingTable | undefined;
  /** This process has told the balancer its table once, and so its own settings: a changed port, a newer config. */
  private hasToldBalancer = false;
  /** What was seen last, and what has been done since. */
  private last: { readonly state: ObservedState; readonly done: readonly Step[] } | undefined;

  constructor(options: ReconcilerOptions) {
    this.options = options;
    this.executor = new Executor(options);
  }

  async pass(desired: DesiredState, signal: AbortSignal, look: Look = 'usual'): Promise<Pass> {
    const ended = this.executor.takeEnded();
    this.learn(ended);
    const hasChanged = look === 'remembered' && ended.some((each) => each.status === 'done');
    const state = await this.observe(hasChanged ? 'usual' : look, signal);
    this.journalNotices(state, ended);
    const now = this.options.clock.now();
    const made = plan(desired, state, this.memory, now, this.options.prune);
    this.memory = made.memory;
    const shared = this.sharedSteps(desired, state, made);
    const steps = [...shared, ...made.decisions.flatMap((each) => each.steps)];
    this.memory = withFailuresOf(this.memory, new Set(steps.map(objectOf)));
    const due = steps.filter((step) => (this.memory.failures[objectOf(step)]?.retryAt ?? 0) <= now);
    this.condemn(due, made);
    const { results, begun } = await this.executor.execute(due, signal);
    this.learn(results);
    this.last = { state, done: [...results.map((each) => each.step), ...this.executor.working] };
    this.announceSteady(made);
    const all = [...ended, ...results];
    const isDone = made.decisions.every((each) => each.steady) && detours(desired, made.table).length === 0;
    const steady = steps.every((step) => this.canWait(step)) && !this.executor.isBusy && isDone;
    return {
      state,
      plan: { ...made, memory: this.memory },
      results: all,
      moved: begun > 0 || ended.length > 0,
      advanced: all.some((each) => each.status === 'done'),
      busy: this.executor.isBusy,
      steady,
      ...this.wakeAt(made),
    };
  }

  /** What is there now; nothing is done about it. */
  async look(desired: DesiredState, signal: AbortSignal): Promise<Pick<Pass, 'state' | 'plan' | 'steady'>> {
    const state = await this.observe('usual', signal);
    const prune = { ...this.options.prune, all: true };
    return { state, plan: plan(desired, state, this.memory, this.options.clock.now(), prune), steady: false };
  }

  /** A new revision or a person's word: what failed before is tried again at once. */
  forgetFailures(): void {
    this.memory = { ...this.memory, failures: {} };
  }

  async close(): Promise<void> {
    await this.executor.close();
  }

  private async observe(look: Look, signal: AbortSignal): Promise<ObservedState> {
    const remembered = look === 'remembered' ? this.last?.state.runtime : undefined;
    const { runtime, balancer } = this.options;
    try {
      const deep = look === 'deep';
      const seen = {
        runtime: remembered ?? (await runtime.observe({ deep, signal })),
        balancer: await balancer.observe(),
      };
      const state = { ...seen, balancer: this.withTable(seen.balancer), underWay: this.underWay() };
      this.memory = withAbsence(this.memory, seen.runtime, this.lastLook, this.isAway);
      this.isAway = false;
      this.lastLook = lookAt(seen.runtime);
      return state;
    } catch (error) {
      this.isAway = true;
      this.last = undefined;
      throw error;
    }
  }

  /** A balancer that is down for a moment has not forgotten where its routes lead. */
  private withTable(observed: ObservedBalancer): ObservedBalancer {
    if (observed.state === 'running') this.table = observed.table;
    return this.table === undefined ? observed : { ...observed, table: this.table };
  }

  /** Networks that somebody else holds on to, or the engine, harm nobody. */
  private canWait(step: Step): boolean {
    return step.do === 'prune-networks' && this.memory.failures[objectOf(step)] !== undefined;
  }

  private underWay(): UnderWay {
    const { working } = this.executor;
    const route = working.find((step) => step.do === 'route');
    const stops = working.filter((step) => step.do === 'stop');
    const starts = working.filter((step) => step.do === 'ensure');
    return {
      stopping: stops.map((step) => step.instance.id),
      starting: starts.map((step) => step.slot),
      ...(route && { table: route.table }),
    };
  }

  private journalNotices(state: ObservedState, ended: readonly Result[]): void {
    if (this.last === undefined) return;
    const done = [...this.last.done, ...ended.map((each) => each.step), ...this.executor.working];
    for (const event of notice(this.last.state, state, done)) this.options.journal.record(...event);
  }

  /** Steps that belong to no one service. */
  private sharedSteps(desired: DesiredState, { runtime, balancer }: ObservedState, { table }: Plan): Step[] {
    return [...networkSteps(desired, runtime, balancer), ...this.balancerSteps(balancer, table)];
  }

  private balancerSteps(observed: ObservedState['balancer'], table: Plan['table']): Step[] {
    const { balancerEnabled } = this.options;
    const isNeeded =
      balancerEnabled === true || (balancerEnabled === 'auto' && (table.routes.length > 0 || table.checks.length > 0));
    if (!isNeeded) return observed.state === 'absent' ? [] : [{ do: 'remove-balancer' }];
    const isAsWanted =
      this.hasToldBalancer &&
      observed.state === 'running' &&
      sameTable(observed.table ?? EMPTY_TABLE, table) &&
      observed.deviation === undefined &&
      observed.problem === undefined;
    return isAsWanted ? [] : [{ do: 'route', table }];
  }

  /** What is stopped as failed stays condemned, even if its check should pass again meanwhile. */
  private condemn(steps: readonly Step[], made: Plan): void {
    const verdicts = made.decisions.flatMap((each) => each.progress?.verdict.failed ?? []);
    const failed = new Map(verdicts.map((each) => [each.instance.id, each]));
    const condemned = steps.flatMap((step) => {
      const verdict = step.do === 'stop' && step.mark ? failed.get(step.instance.id) : undefined;
      if (verdict === undefined) return [];
      const { instance, reason, description } = verdict;
      return [[instance.id, { reason, description }] as const];
    });
    if (condemned.length === 0) return;
    this.memory = { ...this.memory, condemned: { ...this.memory.condemned, ...Object.fromEntries(condemned) } };
  }

  private learn(results: readonly Result[]): void {
    const now = this.options.clock.now();
    const done = results.filter((each) => each.status === 'done');
    const failed = results.filter((each) => each.status === 'failed');
    const ended = [
      ...done.map(({ step }) => ({ object: objectOf(step) })),
      ...failed.map(({ step, problem }) => ({ object: objectOf(step), problem })),
    ];
    const pulled = done.flatMap(({ step, image }) => (image === undefined ? [] : [[objectOf(step), image] as const]));
    const restarted = done.flatMap(({ step }) => (step.do === 'restart' ? step.instance.id : []));
    const stopped = done.flatMap(({ step }) => (step.do === 'stop' ? step.instance.id : []));
    const known = withoutStarts(withHealed(withOutcomes(this.memory, ended, now), restarted, now), stopped);
    this.memory = withImages(withoutImages(known, new Set(failed.flatMap(lostImage))), pulled);
    if (done.some(({ step }) => step.do === 'route')) this.hasToldBalancer = true;
    if (done.some(({ step }) => step.do === 'remove-balancer')) this.table = undefined;
  }

  private announceSteady({ decisions }: Plan): void {
    const steady = new Set<string>();
    for (const { steady: isSteady, progress, view } of decisions) {
      if (!isSteady || progress === undefined || progress.target.instances < progress.desired.instances) continue;
      steady.add(view.name);
      if (!this.steadyServices.has(view.name)) this.options.journal.record(...describeArrival(progress));
    }
    this.steadyServices = steady;
  }

  private wakeAt({ decisions }: Plan): { wakeAt?: number } {
    const retries = Object.values(this.memory.failures).map((each) => each.retryAt);
    const times = [...retries, ...decisions.flatMap((each) => each.wakeAt ?? [])];
    return times.length === 0 ? {} : { wakeAt: Math.min(...times) };
  }
}

/** The image, as the memory knows it, that was taken away between its pull and this step. */
function lostImage({ step, problem }: Extract<Result, { status: 'failed' }>): string[] {
  if (step.do !== 'ensure' || problem.reason !== 'image-not-found') return [];
  return [`${step.slot.service}@${step.slot.release}`];
}
