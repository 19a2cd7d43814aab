import type { DesiredJob } from '../desire.ts';
import { isUp, type Run } from '../observed.ts';
import { fits, type Demand } from '../placement.ts';
import type { Reason } from '../reason.ts';
import type { Step } from '../rollout/steps.ts';
import { isMeant, isNext, makeSteps, patienceEnds } from './make.ts';
import { byEnd, hasBegun, hasEnded } from './run.ts';
import { nextAfter } from './schedule.ts';
import { latestRun, outcomeOf, type JobView } from './view.ts';

/** What to do for one job now, and what it waits for. */
export interface JobDecision {
  readonly view: JobView;
  readonly steps: readonly Step[];
  /** The run that was made and has not begun. */
  readonly next?: Run;
  /** When it is due, by the machine's clock. */
  readonly dueAt?: number;
  /** Why it does not begin although it is due. */
  readonly obstacle?: Obstacle;
  /** Nothing is under way and nothing is left to do before the next time. */
  readonly steady: boolean;
  /** When something is due even if nothing else happens, by the machine's clock. */
  readonly wakeAt?: number;
}

type Obstacle = 'awaits' | 'runs' | Extract<Reason, 'missing-capabilities' | 'not-enough-memory' | 'not-enough-cpu'>;

/**
 * The next steps of one job, derived from its runs alone: the next one is made as soon as it is wanted, and begins when it is
 * due. So a release that has a run which began never gets another one by itself.
 */
function decideJob(view: JobView): JobDecision {
  const { desired } = view;
  if (desired === undefined) return retire(view);
  const next = view.runs.find((each) => isNext(view, desired, each));
  const isNeeded = needsRun(view, desired);
  const dueAt = isNeeded && next !== undefined ? dueTime(view, desired, next) : undefined;
  const isDue = dueAt !== undefined && dueAt <= view.now;
  const obstacle = isDue ? obstacleOf(view, desired) : undefined;
  const steps = [
    ...timeoutSteps(view, desired),
    ...resumeSteps(view),
    ...spareSteps(view, desired, isNeeded ? (next ?? view.runs.find((each) => !hasBegun(each))) : undefined),
    ...(isNeeded && next === undefined ? makeSteps(view, desired) : []),
    ...(isDue && next !== undefined ? beginSteps(view, desired, next, obstacle) : []),
    ...historySteps(view, desired),
  ];
  const wakeAt = nextClock(view, desired, dueAt);
  return {
    view,
    steps,
    ...(next && isNeeded && { next }),
    ...(dueAt !== undefined && { dueAt }),
    ...(obstacle && { obstacle }),
    steady: steps.length === 0 && (isOver(view, desired, isNeeded) || isHopeless(obstacle)),
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

/** With a schedule it never is, and nobody waits for that. */
function isOver(view: JobView, { job }: DesiredJob, isNeeded: boolean): boolean {
  return job.schedule !== undefined || (!isNeeded && outcomeOf(view) !== 'running');
}

/** The node has no room for it, and none will come by itself. */
function isHopeless(obstacle: Obstacle | undefined): boolean {
  return obstacle !== undefined && obstacle !== 'awaits' && obstacle !== 'runs';
}

/** One after the other, as each that begins takes its room. */
export function decideJobs(views: readonly JobView[]): JobDecision[] {
  let taken: Demand = { cpu: 0, memory: 0 };
  return views.map((view) => {
    const free = { cpu: view.free.cpu - taken.cpu, memory: view.free.memory - taken.memory };
    const decision = decideJob({ ...view, free });
    const { cpu = 0, memory = 0 } = view.desired?.job.resources ?? {};
    const begins = decision.steps.some((step) => step.do === 'start');
    if (begins) taken = { cpu: taken.cpu + cpu, memory: taken.memory + memory };
    return decision;
  });
}

/** The manifest is gone: what runs is stopped, and all of it is removed. */
function retire(view: JobView): JobDecision {
  const because = `${view.name} is not wanted any more`;
  const steps = view.runs.map((instance): Step =>
    isUp(instance) ? { do: 'end', instance, because } : { do: 'remove', instance, because },
  );
  return { view, steps, steady: steps.length === 0 };
}

/** Once for a release, whatever came of it; with a schedule always. */
function needsRun(view: JobView, { job }: DesiredJob): boolean {
  return job.enabled && (job.schedule !== undefined || outcomeOf(view) === 'made');
}

/** Times that passed while nobody was there to begin a run are made up for, once. */
function dueTime({ now }: JobView, { job }: DesiredJob, next: Run): number | undefined {
  return job.schedule === undefined ? now : nextAfter(job.schedule, next.madeAt);
}

function obstacleOf(view: JobView, { job }: DesiredJob): Obstacle | undefined {
  const { free, capabilities } = view;
  if (view.awaits.length > 0) return 'awaits';
  if (job.concurrency !== 'allow' && view.runs.some(isUp)) return 'runs';
  if (!job.requirements.every((each) => capabilities.includes(each))) return 'missing-capabilities';
  if (fits(free, job.resources, 1)) return undefined;
  return job.resources.memory > free.memory ? 'not-enough-memory' : 'not-enough-cpu';
}

function timeoutSteps(view: JobView, { job: { timeout } }: DesiredJob): Step[] {
  if (timeout === undefined) return [];
  const late = view.runs.filter((each) => isUp(each) && view.now >= beganAt(view, each) + timeout);
  const because = `it has run for longer than its timeout of ${timeout / 1000} s`;
  return late.map((instance) => ({ do: 'end', instance, because }));
}

/** Nobody else would let it go on. */
function resumeSteps({ runs }: JobView): Step[] {
  const paused = runs.filter(({ state }) => state === 'paused');
  return paused.map((instance) => ({ do: 'unpause', instance, because: 'it was paused' }));
}

/** The first start of a run that is up. */
function beganAt({ began }: JobView, { id, startedAt = 0 }: Run): number {
  return began[id] ?? startedAt;
}

/**
 * Runs that were made and are not to begin. One stays until there is another in its place: it tells since when that is due,
 * and which image its version was.
 */
function spareSteps(view: JobView, desired: DesiredJob, kept: Run | undefined): Step[] {
  const { runs, now } = view;
  const isNew = (each: Run) => desired.job.enabled && isMeant(desired, each) && now < patienceEnds(each, now);
  const hasNext = kept !== undefined && isNext(view, desired, kept);
  const spare = runs.filter((each) => !hasBegun(each) && each !== kept && (hasNext || !isNew(each)));
  return spare.map((instance) => ({ do: 'remove', instance, because: 'it is not to begin any more' }));
}

function beginSteps(view: JobView, { job }: DesiredJob, instance: Run, obstacle: Obstacle | undefined): Step[] {
  if (obstacle === undefined) return [{ do: 'start', instance }];
  if (obstacle !== 'runs' || job.concurrency !== 'replace') return [];
  const because = `${instance.name} takes its place`;
  return view.runs.filter(isUp).map((each) => ({ do: 'end', instance: each, because }));
}

/** Of those that have ended the last ones stay, and those that alone show that their release has been run. */
function historySteps(view: JobView, { job }: DesiredJob): Step[] {
  const ended = view.runs.filter(hasEnded).sort(byEnd).reverse();
  const because = `${job.history} later ${job.history === 1 ? 'run is' : 'runs are'} kept`;
  const isKnown = ({ release, schedule }: Run) =>
    schedule !== undefined || view.recorded.has(`${view.name}@${release}`);
  const counting = job.schedule === undefined ? latestRun(view) : undefined;
  const old = ended.slice(job.history).filter((each) => each !== counting && isKnown(each));
  return old.map((instance) => ({ do: 'remove', instance, because }));
}

function nextClock(view: JobView, { job }: DesiredJob, dueAt: number | undefined): number | undefined {
  const { runs, now } = view;
  const { timeout } = job;
  const clocks = [
    ...(dueAt === undefined ? [] : [dueAt]),
    ...(timeout === undefined ? [] : runs.filter(isUp).map((each) => beganAt(view, each) + timeout)),
    ...runs.filter((each) => !hasBegun(each)).map((each) => patienceEnds(each, now)),
  ].filter((at) => at > now);
  return clocks.length === 0 ? undefined : Math.min(...clocks);
}
