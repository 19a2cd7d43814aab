import type { DesiredState } from '../core/desire.ts';
import { spareImages, type ImagePolicy } from '../core/housekeeping/images.ts';
import type { ObservedState } from '../core/observed.ts';
import { plan, type Plan, type PrunePermission } from '../core/plan/plan.ts';
import type { Balancer, Certificates, Clock, Runtime } from '../core/ports.ts';
import { balancerSteps, refusedAgainAt } from '../core/rollout/balancer.ts';
import { withEndings, withLessons, withVerdicts, type Result } from '../core/rollout/lessons.ts';
import { NO_MEMORY, withFailuresOf, type Memory } from '../core/rollout/memory.ts';
import { recordsAfter, withGapsOf, withResults, type Records } from '../core/records.ts';
import { networkSteps } from '../core/rollout/networks.ts';
import { objectOf, type Step } from '../core/rollout/steps.ts';
import { detours } from '../core/rollout/table.ts';
import type { Route } from '../core/routing.ts';
import { describeArrival } from './describe.ts';
import { Effort } from './effort.ts';
import { Executor } from './execute.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { problemOf } from './problems.ts';
import { Sight, type Look } from './sight.ts';
import type { Sleep } from './turns.ts';

export interface ReconcilerOptions {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly certificates: Certificates;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly prune: PrunePermission;
  readonly images: ImagePolicy;
  /** `auto`: the balancer is there while a manifest needs it. */
  readonly balancerEnabled: 'auto' | boolean;
  readonly wake: () => void;
  readonly sleep: Sleep;
}

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
  /** Milliseconds that have to pass before the next one, whatever happens meanwhile. */
  readonly rest: number;
}

/** Observes, plans and takes the next step of each service that can take one; never waits for any of them. */
export class Reconciler {
  private readonly options: ReconcilerOptions;
  private readonly executor: Executor;
  private memory: Memory = NO_MEMORY;
  private steadyServices = new Set<string>();
  private readonly sight: Sight;
  private readonly effort = new Effort();
  /** See BalancerTerms. */
  private hasToldBalancer = false;

  constructor(options: ReconcilerOptions) {
    this.options = options;
    this.executor = new Executor(options);
    this.sight = new Sight(options);
  }

  async pass(desired: DesiredState, signal: AbortSignal, look: Look = 'usual'): Promise<Pass> {
    const { clock } = this.options;
    const begunAt = clock.now();
    const ended = this.executor.takeEnded();
    this.learn(ended);
    // Before anything that may fail: it is told once.
    await this.keep(withResults(this.options.ledger.records, ended, clock.date().getTime()));
    const hasChanged = look === 'remembered' && ended.some(hasMoved);
    const state = await this.see(desired, hasChanged ? 'usual' : look, signal);
    await this.keep(
      recordsAfter(this.options.ledger.records, { desired, state, memory: this.memory, policy: this.options.images }),
    );
    const meanwhile = [...ended.map((each) => each.step), ...this.executor.working];
    for (const event of this.sight.notices(state, meanwhile)) this.options.journal.record(...event);
    const now = clock.now();
    const made = plan(desired, state, this.memory, now, this.options.prune);
    this.memory = made.memory;
    await this.keep(withGapsOf(this.options.ledger.records, made.decisions));
    const shared = this.sharedSteps(desired, state, made, now);
    const steps = [...shared, ...[...made.decisions, ...made.jobs].flatMap((each) => each.steps)];
    const due = this.dueOf(steps, made, now);
    const lookedAt = clock.now();
    const { results, begun } = await this.executor.execute(due, signal);
    this.learn(results);
    this.sight.remember(state, [...results.map((each) => each.step), ...this.executor.working]);
    this.announceSteady(made);
    const all = [...ended, ...results];
    const isDone =
      [...made.decisions, ...made.jobs].every((each) => each.steady) && detours(desired, made.table).length === 0;
    const isComing = Object.values(state.certificates ?? {}).some((each) => each.isComing);
    const steady = steps.every((step) => this.canWait(step)) && !this.executor.isBusy && isDone && !isComing;
    return {
      state,
      plan: { ...made, memory: this.memory },
      results: all,
      moved: begun > 0 || ended.length > 0,
      advanced: all.some((each) => each.status === 'done'),
      busy: this.executor.isBusy || isComing,
      steady,
      rest: this.effort.spend(begunAt, lookedAt, this.executor.isCrowded),
      ...this.wakeAt(made, state, now - state.date),
    };
  }

  /** Those that need not wait after a failure; what is decided with them is remembered. */
  private dueOf(steps: readonly Step[], { decisions }: Plan, now: number): readonly Step[] {
    this.memory = withFailuresOf(this.memory, new Set(steps.map(objectOf)));
    const due = steps.filter((step) => (this.memory.failures[objectOf(step)]?.retryAt ?? 0) <= now);
    this.memory = withEndings(withVerdicts(this.memory, due, decisions), due, now);
    return due;
  }

  /** What is there now; nothing is done about it. */
  async look(desired: DesiredState, signal: AbortSignal): Promise<Pick<Pass, 'state' | 'plan' | 'steady'>> {
    const { certificates } = this.options;
    const state = await this.see(desired, 'usual', signal, certificates.look.bind(certificates));
    const prune = { ...this.options.prune, all: true };
    return { state, plan: plan(desired, state, this.memory, this.options.clock.now(), prune), steady: false };
  }

  /** A new revision or a person's word: what failed before is tried again at once. */
  forgetFailures(): void {
    this.sight.hurry();
    this.memory = { ...this.memory, failures: {} };
  }

  async close(): Promise<void> {
    await this.executor.close();
  }

  private async see(
    desired: DesiredState,
    look: Look,
    signal: AbortSignal,
    find: Certificates['observe'] = this.options.certificates.observe.bind(this.options.certificates),
  ): Promise<ObservedState> {
    const { state, memory } = await this.sight.see(this.memory, look, this.executor.working, signal);
    this.memory = memory;
    return { ...state, certificates: await find(desired.loadBalancers, answeredIn(state)) };
  }

  private async keep(records: Records): Promise<void> {
    try {
      await this.options.ledger.keep(records);
    } catch (error) {
      const { message } = problemOf(error, 'disk-full');
      this.options.journal.record('failed', 'cluster', `What is to be remembered cannot be kept: ${message}`);
    }
  }

  /** Networks that somebody else holds on to, or the engine, harm nobody. */
  private canWait(step: Step): boolean {
    return step.do.startsWith('prune-') && this.memory.failures[objectOf(step)] !== undefined;
  }

  /** Steps that belong to no one service. */
  private sharedSteps(desired: DesiredState, state: ObservedState, { table }: Plan, now: number): Step[] {
    const { runtime, balancer } = state;
    const terms = { enabled: this.options.balancerEnabled, wasTold: this.hasToldBalancer };
    const { spareFiles: names } = runtime;
    const images = spareImages(this.options.ledger.records.images, this.options.images, state);
    return [
      ...networkSteps(desired, runtime, balancer),
      ...balancerSteps(balancer, table, terms, now),
      ...(names === undefined ? [] : [{ do: 'prune-files' as const, names }]),
      ...(images.length === 0 ? [] : [{ do: 'prune-images' as const, images }]),
    ];
  }

  private learn(results: readonly Result[]): void {
    this.memory = withLessons(this.memory, results, this.options.clock.now());
    const done = results.filter((each) => each.status === 'done');
    if (done.some(({ step }) => step.do === 'route')) this.hasToldBalancer = true;
    if (done.some(({ step }) => step.do === 'remove-balancer')) this.sight.forgetTable();
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

  /** `ahead`: how much later it is by our clock than by the machine's. */
  private wakeAt({ decisions, jobs }: Plan, { balancer }: ObservedState, ahead: number): { wakeAt?: number } {
    const retries = Object.values(this.memory.failures).map((each) => each.retryAt);
    const ofJobs = jobs.flatMap(({ wakeAt }) => (wakeAt === undefined ? [] : [wakeAt + ahead]));
    const refused = (balancer.refusals ?? []).map(refusedAgainAt);
    const times = [...retries, ...refused, ...decisions.flatMap((each) => each.wakeAt ?? []), ...ofJobs];
    return times.length === 0 ? {} : { wakeAt: Math.min(...times) };
  }
}

/** Things are not as they were. Also a balancer that has refused something has answered, whatever it was taken for. */
function hasMoved(result: Result): boolean {
  if (result.status === 'done') return true;
  return result.step.do === 'route' && result.problem.reason !== 'balancer-unreachable';
}

/** By load balancer what the balancer answers an authority that asks for its host names. */
function answeredIn({ balancer }: ObservedState): ReadonlyMap<string, Pick<Route, 'hostnames' | 'challenge'>> {
  const routes = balancer.state === 'running' ? (balancer.table?.routes ?? []) : [];
  return new Map(routes.map((route) => [route.loadBalancer, route]));
}
