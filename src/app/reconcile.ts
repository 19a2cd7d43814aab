import type { DesiredState } from '../core/desire.ts';
import { NO_MEMORY, withFailure, withoutFailure, type Memory } from '../core/rollout/memory.ts';
import type { ObservedState } from '../core/observed.ts';
import { plan, type Plan, type PrunePermission } from '../core/plan/plan.ts';
import type { Balancer, Clock, Runtime } from '../core/ports.ts';
import { EMPTY_TABLE } from '../core/routing.ts';
import { objectOf, type Step } from '../core/rollout/steps.ts';
import { sameTable } from '../core/rollout/table.ts';
import { Executor, type Result } from './execute.ts';
import type { Journal } from './journal.ts';

export interface ReconcilerOptions {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly prune: PrunePermission;
  /** `auto`: the balancer is there while a manifest needs it. */
  readonly balancerEnabled: 'auto' | boolean;
  readonly wake: () => void;
}

/** What one pass saw and did. */
export interface Pass {
  readonly state: ObservedState;
  readonly plan: Plan;
  readonly results: readonly Result[];
  /** Steps were begun or are under way: look again at once. */
  readonly moved: boolean;
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

  constructor(options: ReconcilerOptions) {
    this.options = options;
    this.executor = new Executor(options);
  }

  async pass(desired: DesiredState, signal: AbortSignal, deep = false): Promise<Pass> {
    const ended = this.executor.takeEnded();
    for (const result of ended) this.learn(result);
    const state = await this.observe(deep, signal);
    const now = this.options.clock.now();
    const made = plan(desired, state, this.memory, now, this.options.prune);
    this.memory = made.memory;
    const steps = [...this.sharedSteps(desired, state, made), ...made.decisions.flatMap((each) => each.steps)];
    const due = steps.filter((step) => (this.memory.failures[objectOf(step)]?.retryAt ?? 0) <= now);
    this.condemn(due, made);
    const { results, begun } = await this.executor.execute(due, signal);
    for (const result of results) this.learn(result);
    this.announceSteady(made);
    const steady = steps.length === 0 && !this.executor.isBusy && made.decisions.every((each) => each.steady);
    return {
      state,
      plan: { ...made, memory: this.memory },
      results: [...ended, ...results],
      moved: begun > 0 || ended.length > 0,
      steady,
      ...this.wakeAt(made),
    };
  }

  /** A new revision or a person's word: what failed before is tried again at once. */
  forgetFailures(): void {
    this.memory = { ...this.memory, failures: {} };
  }

  async close(): Promise<void> {
    await this.executor.close();
  }

  private async observe(deep: boolean, signal: AbortSignal): Promise<ObservedState> {
    const { runtime, balancer, clock } = this.options;
    try {
      const state = { runtime: await runtime.observe({ deep, signal }), balancer: await balancer.observe() };
      if (this.isAway) this.memory = { ...this.memory, engineReturnedAt: clock.now() };
      this.isAway = false;
      return state;
    } catch (error) {
      this.isAway = true;
      throw error;
    }
  }

  /** Steps that belong to no one service. */
  private sharedSteps(desired: DesiredState, { runtime, balancer }: ObservedState, { table }: Plan): Step[] {
    const missing = desired.networks.filter((name) => !runtime.networks.includes(name));
    const networks: Step[] = missing.length === 0 ? [] : [{ do: 'networks', names: missing }];
    return [...networks, ...this.balancerSteps(balancer, table)];
  }

  private balancerSteps(observed: ObservedState['balancer'], table: Plan['table']): Step[] {
    const { balancerEnabled } = this.options;
    const isNeeded =
      balancerEnabled === true || (balancerEnabled === 'auto' && (table.routes.length > 0 || table.checks.length > 0));
    if (!isNeeded) return observed.state === 'absent' ? [] : [{ do: 'remove-balancer' }];
    const isAsWanted =
      observed.state === 'running' && sameTable(observed.table ?? EMPTY_TABLE, table) && observed.problem === undefined;
    return isAsWanted ? [] : [{ do: 'route', table }];
  }

  /** What is stopped as failed stays condemned, even if its check should pass again meanwhile. */
  private condemn(steps: readonly Step[], made: Plan): void {
    const failed = made.decisions.flatMap((each) => each.progress?.verdict.failed ?? []);
    for (const step of steps) {
      const verdict =
        step.do === 'stop' && step.mark ? failed.find((each) => each.instance.id === step.instance.id) : undefined;
      if (verdict === undefined) continue;
      const { reason, description } = verdict;
      this.memory = {
        ...this.memory,
        condemned: { ...this.memory.condemned, [verdict.instance.id]: { reason, description } },
      };
    }
  }

  private learn(result: Result): void {
    const { step } = result;
    const now = this.options.clock.now();
    if (result.status === 'failed') {
      this.memory = withFailure(this.memory, objectOf(step), result.problem, now);
      return;
    }
    this.memory = withoutFailure(this.memory, objectOf(step));
    if (step.do === 'pull' && result.image !== undefined) {
      this.memory = { ...this.memory, images: { ...this.memory.images, [objectOf(step)]: result.image } };
    }
    if (step.do === 'restart') {
      const count = (this.memory.healed[step.instance.id]?.count ?? 0) + 1;
      this.memory = { ...this.memory, healed: { ...this.memory.healed, [step.instance.id]: { count, at: now } } };
    }
  }

  private announceSteady({ decisions }: Plan): void {
    const steady = new Set(
      decisions.filter((each) => each.steady && each.progress !== undefined).map((each) => each.view.name),
    );
    for (const name of steady) {
      if (!this.steadyServices.has(name))
        this.options.journal.record('steady', name, `${name} has reached a steady state`);
    }
    this.steadyServices = steady;
  }

  private wakeAt({ decisions }: Plan): { wakeAt?: number } {
    const retries = Object.values(this.memory.failures).map((each) => each.retryAt);
    const times = [...retries, ...decisions.flatMap((each) => each.wakeAt ?? [])];
    return times.length === 0 ? {} : { wakeAt: Math.min(...times) };
  }
}
