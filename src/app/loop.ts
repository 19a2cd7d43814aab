import type { DesiredState } from '../core/desire.ts';
import type { Clock, Runtime } from '../core/ports.ts';
import type { Problem } from '../core/reason.ts';
import { blankReport } from '../core/status/report.ts';
import type { StatusReport } from '../core/status/status.ts';
import type { Journal } from './journal.ts';
import { describeProblems, problemOf } from './problems.ts';
import type { Publisher } from './publisher.ts';
import type { Pulse } from './pulse.ts';
import type { Pass, Reconciler } from './reconcile.ts';
import type { Look } from './sight.ts';
import type { Reporter } from './reporter.ts';
import type { Source } from './source.ts';
import { Wake } from './wake.ts';

export interface LoopOptions {
  readonly runtime: Runtime;
  readonly reconciler: Reconciler;
  readonly reporter: Reporter;
  readonly source: Source;
  readonly publisher: Publisher;
  readonly journal: Journal;
  readonly wake: Wake;
  readonly pulse: Pulse;
  readonly clock: Clock;
  /** Puts what people did by hand since the last call among the events. */
  readonly tellAsked: () => Promise<void>;
  /** Milliseconds between two looks at the repository, and at most 30 s at an engine where nothing seems to happen. */
  readonly interval: number;
  /** Of an earlier process. */
  readonly lastStatus?: StatusReport;
}

const NEXT = 20;
const POLL = 250;
/** So soon after a movement, what is waited for may come at any moment. */
const SOON = 5_000;
const FAST_POLL = 100;
/** After this long without any movement a service that is not steady is looked at less often. */
const PATIENCE = 60_000;
const SLOW_POLL = 2_000;
/** Of the time without movement: so long the engine is not asked where it tells of nothing. */
const LOOK_PAUSE = 0.25;
/** What the engine did not tell of is seen after this long at the latest. */
const RESYNC = 30_000;
const SWEEP = 600_000;
const LONGEST_BACK_OFF = 30_000;

/** Runs passes, one at a time: when the repository, the engine or a clock says so, and at an interval. */
export class Loop {
  private readonly options: LoopOptions;
  private readonly repositoryWake = new Wake();
  private gitProblem: Problem | undefined;
  private isEngineAway = false;
  /** See Pass. */
  private rest = 0;
  private movedAt: number;
  private lookedAt = 0;
  /** The last pass has done nothing, and something is waited for. */
  private isWaiting = false;
  /** The engine has told of something since it was last looked at. */
  private hasNews = false;
  private sweptAt = 0;
  private failures = 0;
  /** Of the last pass, or of an earlier process's. */
  private seenStatus: StatusReport;
  /** The last one that was offered. */
  private lastStatus: StatusReport | undefined;

  constructor(options: LoopOptions) {
    this.options = options;
    const { lastStatus, source, clock } = options;
    this.movedAt = clock.now();
    this.seenStatus = { ...(lastStatus ?? blankReport(source.nothing.cluster, clock.date())), problems: [] };
  }

  /** Until aborted; then nothing is begun any more and what runs beside the passes is ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { reconciler, source, publisher } = this.options;
    await source.restore();
    const tasks = [this.followRepository(signal), this.followEngine(signal)];
    while (!signal.aborted) {
      const delay = await this.step(signal);
      await this.options.wake.sleep(delay, signal, this.rest);
    }
    await reconciler.close();
    await Promise.all(tasks);
    if (this.lastStatus !== undefined) await publisher.flush(this.lastStatus, AbortSignal.timeout(5_000));
  }

  /** One pass, and how long to wait for the next one. */
  private async step(signal: AbortSignal): Promise<number> {
    const { source, pulse } = this.options;
    try {
      const { desired } = source;
      const delay = await (desired === undefined ? this.waitForRevision(signal) : this.pass(desired, signal));
      pulse.beat();
      return delay;
    } catch (error) {
      if (signal.aborted) return 0;
      const problem = problemOf(error, 'engine-unreachable');
      return Math.min(this.failed(problem), this.tellFailure(problem, signal));
    }
  }

  private async pass(desired: DesiredState, signal: AbortSignal): Promise<number> {
    const pass = await this.options.reconciler.pass(desired, signal, this.nextLook());
    this.isWaiting = !pass.steady && !pass.advanced;
    this.rest = pass.rest;
    this.recovered();
    const republish = await this.publish(desired, pass, signal);
    return Math.max(NEXT, Math.min(this.delayAfter(pass), republish));
  }

  /** Without any valid revision nothing is done, but what is wrong with the newest one is told. */
  private async waitForRevision(signal: AbortSignal): Promise<number> {
    const { source, reconciler, interval } = this.options;
    if (source.problems.length === 0 && this.gitProblem === undefined) return interval;
    const seen = await reconciler.look(source.nothing, signal);
    this.recovered();
    return Math.min(interval, await this.publish(source.nothing, seen, signal));
  }

  /**
   * The engine tells what happens, so that it need not be asked each time that the balancer is: the longer nothing has moved,
   * the more seldom it is.
   */
  private nextLook(): Look {
    const now = this.options.clock.now();
    const isSweepDue = now - this.sweptAt >= SWEEP;
    const pause = Math.min((now - this.movedAt) * LOOK_PAUSE, LONGEST_BACK_OFF);
    const isQuiet = this.isWaiting && !this.hasNews;
    if (!isSweepDue && isQuiet && now - this.lookedAt < pause) return 'remembered';
    this.lookedAt = now;
    // Before the look, so that what is told during it counts.
    this.hasNews = false;
    if (!isSweepDue) return 'usual';
    this.sweptAt = now;
    return 'deep';
  }

  private delayAfter(pass: Pass): number {
    const now = this.options.clock.now();
    if (pass.advanced) this.movedAt = now;
    if (pass.moved) return NEXT;
    const resync = Math.min(this.options.interval, RESYNC);
    const due = pass.wakeAt === undefined ? resync : Math.max(0, pass.wakeAt - now);
    if (pass.steady) return Math.min(due, resync);
    return Math.min(due === 0 ? POLL : due, pollAfter(now - this.movedAt));
  }

  private async publish(
    desired: DesiredState,
    pass: Pick<Pass, 'state' | 'plan' | 'steady'>,
    signal: AbortSignal,
  ): Promise<number> {
    const { source, reporter } = this.options;
    const own = this.gitProblem === undefined ? [] : [this.gitProblem];
    const tried = source.tried?.id ?? desired.revision.id;
    const status = await reporter.status(desired, pass, { tried, problems: [...source.problems, ...own] });
    this.seenStatus = status;
    return this.offer(status, signal);
  }

  /** How long it may take until it wants to be offered again. */
  private offer(status: StatusReport, signal: AbortSignal): number {
    const { publisher, clock } = this.options;
    this.lastStatus = status;
    const due = publisher.offer(status, signal);
    return due === undefined ? Infinity : Math.max(POLL, due - clock.now());
  }

  private recovered(): void {
    if (this.isEngineAway) this.options.journal.record('recovered', 'cluster', 'the engine answers again');
    this.isEngineAway = false;
    this.failures = 0;
  }

  /** The engine does not answer: what runs goes on, and we ask again, less and less often. */
  private failed(problem: Problem): number {
    this.failures += 1;
    this.isEngineAway = true;
    this.options.journal.record('failed', 'cluster', problem.message);
    return Math.min(1000 * 2 ** (this.failures - 1), LONGEST_BACK_OFF);
  }

  /** What was last seen, with the word that nothing can be seen now. */
  private tellFailure(problem: Problem, signal: AbortSignal): number {
    const { seenStatus: seen } = this;
    return this.offer({ ...seen, ready: false, problems: [...seen.problems, problem] }, signal);
  }

  private async followRepository(signal: AbortSignal): Promise<void> {
    let delay = this.options.interval;
    while (!signal.aborted) {
      await this.options.tellAsked();
      await this.refresh(signal);
      const isAway = this.gitProblem !== undefined;
      delay = isAway ? Math.min(delay * 2, Math.max(LONGEST_BACK_OFF, this.options.interval)) : this.options.interval;
      await this.repositoryWake.sleep(delay, signal);
    }
  }

  /** Looks at the repository soon: somebody knows that it has changed. */
  lookAtRepository(): void {
    this.repositoryWake.call();
  }

  /** A problem with the repository changes nothing of what runs. */
  private async refresh(signal: AbortSignal): Promise<void> {
    const { source, journal, reconciler, publisher, wake } = this.options;
    try {
      const isNew = await source.refresh(signal);
      const isBack = this.gitProblem !== undefined;
      this.gitProblem = undefined;
      if (isBack) publisher.hasten();
      if (isBack && !isNew) wake.call();
      if (!isNew) return;
      reconciler.forgetFailures();
      const subject = source.tried?.message.split('\n')[0] ?? '';
      const name = `${source.tried?.id.slice(0, 10) ?? ''} ${subject}`;
      if (source.problems.length === 0) journal.record('revision', 'cluster', `took ${name}`);
      else journal.record('refused', 'cluster', `refused ${name}: ${describeProblems(source.problems)}`);
    } catch (error) {
      if (signal.aborted) return;
      this.gitProblem = problemOf(error, 'unreachable');
      journal.record('failed', 'cluster', this.gitProblem.message);
    }
    wake.call();
  }

  private async followEngine(signal: AbortSignal): Promise<void> {
    for await (const event of this.options.runtime.watch(signal)) {
      this.hasNews = true;
      if (event.type === 'lost') this.sweptAt = 0;
      this.options.wake.call();
    }
  }
}

/** The longer nothing has moved, the less often is asked whether it does. */
function pollAfter(stillness: number): number {
  if (stillness < SOON) return FAST_POLL;
  return stillness < PATIENCE ? POLL : SLOW_POLL;
}
