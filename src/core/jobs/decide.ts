import isEqual from 'fast-deep-equal';
import type { DesiredJob } from '../desire.ts';
import { isUp, type Run } from '../observed.ts';
import { fits } from '../placement.ts';
import type { SlotSpec } from '../ports.ts';
import type { Reason } from '../reason.ts';
import { canonicalResources } from '../resources.ts';
import type { Step } from '../rollout/steps.ts';
import { beganAt, hasBegun, hasEnded } from './run.ts';
import { nextAfter, scheduleText } from './schedule.ts';
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

/** The engine's clock and ours may differ by so much: a run that began a moment too early is the one that was due. */
const CLOCK_SLACK = 30_000;
/** Somebody made a run by hand and is about to begin it. */
const BY_HAND = 60_000;

/**
 * The next steps of one job, derived from its runs alone: the next one is made as soon as it is wanted, and begins when it is
 * due. So a release that has a run which began never gets another one by itself.
 */
export function decideJob(view: JobView): JobDecision {
  const { desired } = view;
  if (desired === undefined) return retire(view);
  const next = view.runs.find((each) => !hasBegun(each) && isAsWanted(desired, each));
  const isNeeded = needsRun(view, desired);
  const dueAt = isNeeded && next !== undefined ? dueTime(view, desired, next) : undefined;
  const isDue = dueAt !== undefined && dueAt <= view.now;
  const obstacle = isDue ? obstacleOf(view, desired) : undefined;
  const steps = [
    ...timeoutSteps(view, desired),
    ...spareSteps(view, desired, isNeeded ? next : undefined),
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

/** The manifest is gone: what runs is stopped, and all of it is removed. */
function retire(view: JobView): JobDecision {
  const because = `${view.name} is not wanted any more`;
  const steps = view.runs.map((instance): Step =>
    isUp(instance) ? { do: 'stop', instance, mark: true, because } : { do: 'remove', instance, because },
  );
  return { view, steps, steady: steps.length === 0 };
}

/** Once for a release, whatever came of it; with a schedule always. */
function needsRun(view: JobView, { job }: DesiredJob): boolean {
  return job.enabled && (job.schedule !== undefined || outcomeOf(view) === 'none');
}

/** What was made for another release, another schedule or with other limits, or only half, is made anew. */
function isAsWanted({ job, release }: DesiredJob, run: Run): boolean {
  return (
    run.release === release &&
    run.deviations.length === 0 &&
    run.discoverable !== undefined &&
    run.retries === job.retries &&
    run.schedule === (job.schedule && scheduleText(job.schedule)) &&
    isEqual(run.resources, canonicalResources(job.resources))
  );
}

/** Times that passed while nobody was there to begin a run are made up for, once. */
function dueTime({ runs }: JobView, { job }: DesiredJob, next: Run): number | undefined {
  if (job.schedule === undefined) return next.createdAt;
  const begun = runs.filter(hasBegun).map((each) => (each.startedAt ?? each.createdAt) + CLOCK_SLACK);
  return nextAfter(job.schedule, Math.max(next.createdAt, ...begun));
}

function obstacleOf(view: JobView, { job }: DesiredJob): Obstacle | undefined {
  const { free, capabilities } = view;
  if (view.awaits.length > 0) return 'awaits';
  if (job.concurrency !== 'allow' && view.runs.some(isUp)) return 'runs';
  if (!job.requirements.every((each) => capabilities.includes(each))) return 'missing-capabilities';
  if (fits(free, job.resources, 1)) return undefined;
  return job.resources.memory > free.memory ? 'not-enough-memory' : 'not-enough-cpu';
}

function timeoutSteps({ runs, now }: JobView, { job: { timeout } }: DesiredJob): Step[] {
  if (timeout === undefined) return [];
  const late = runs.filter((each) => isUp(each) && now - beganAt(each) >= timeout);
  const because = `it has run for longer than its timeout of ${timeout / 1000} s`;
  return late.map((instance) => ({ do: 'stop', instance, mark: true, because }));
}

/** Runs that were made and are not to begin. */
function spareSteps({ runs, now }: JobView, desired: DesiredJob, next: Run | undefined): Step[] {
  const isByHand = (each: Run) =>
    desired.job.enabled && next === undefined && each.release === desired.release && now - each.createdAt < BY_HAND;
  const spare = runs.filter((each) => !hasBegun(each) && each !== next && !isByHand(each));
  return spare.map((instance) => ({ do: 'remove', instance, because: 'it is not to begin any more' }));
}

/** The run to come: its image is fetched and its container made, so that it can begin in a moment. */
function makeSteps(view: JobView, desired: DesiredJob): Step[] {
  const { job, release, name } = desired;
  const { image, networks } = job.container;
  const known = view.memory.images[`${name}@${release}`];
  if (known === undefined) return [{ do: 'pull', service: name, release, image, policy: job.pullPolicy }];
  if (networks.some((each) => view.missingNetworks.includes(each))) return [];
  return [{ do: 'prepare', slot: { ...runSlot(view, desired), imageId: known.id } }];
}

/** The run that comes after all that there are. */
export function runSlot(
  { runs, revision }: Pick<JobView, 'runs' | 'revision'>,
  { job, release }: DesiredJob,
): SlotSpec {
  return {
    role: 'job',
    service: job.name,
    release,
    slot: Math.max(0, ...runs.map((each) => each.slot)) + 1,
    container: job.container,
    resources: job.resources,
    discoverable: false,
    restart: 'no',
    retries: job.retries,
    ...(job.schedule && { schedule: scheduleText(job.schedule) }),
    ...(job.contents && { contents: job.contents }),
    ...(job.dependsOn && { dependsOn: job.dependsOn }),
    revision,
  };
}

function beginSteps(view: JobView, { job }: DesiredJob, instance: Run, obstacle: Obstacle | undefined): Step[] {
  if (obstacle === undefined) return [{ do: 'start', instance }];
  if (obstacle !== 'runs' || job.concurrency !== 'replace') return [];
  const because = `${instance.name} takes its place`;
  return view.runs.filter(isUp).map((each) => ({ do: 'stop', instance: each, mark: true, because }));
}

/** Of those that have ended the last ones stay, and the one that shows that the release has been run. */
function historySteps(view: JobView, { job }: DesiredJob): Step[] {
  const ended = view.runs.filter(hasEnded).reverse();
  const because = `${job.history} later ${job.history === 1 ? 'run is' : 'runs are'} kept`;
  const old = ended.slice(job.history).filter((each) => each !== latestRun(view));
  return old.map((instance) => ({ do: 'remove', instance, because }));
}

function nextClock({ runs, now }: JobView, { job }: DesiredJob, dueAt: number | undefined): number | undefined {
  const { timeout } = job;
  const clocks = [
    ...(dueAt === undefined ? [] : [dueAt]),
    ...(timeout === undefined ? [] : runs.filter(isUp).map((each) => beganAt(each) + timeout)),
    ...runs.filter((each) => !hasBegun(each)).map((each) => each.createdAt + BY_HAND),
  ].filter((at) => at > now);
  return clocks.length === 0 ? undefined : Math.min(...clocks);
}
