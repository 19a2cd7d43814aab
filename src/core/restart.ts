import type { DesiredState } from './desire.ts';
import { RESTART_ASKED, type Instance } from './observed.ts';
import type { Reason } from './reason.ts';
import type { Decision } from './rollout/decide.ts';
import { isComplete, type Progress } from './rollout/progress.ts';
import { isReady, type ServiceView } from './rollout/view.ts';
import type { ServiceStatus } from './status/status.ts';

/** Whether instances of a service can be replaced by new ones of the same release now, and which. */
export type Restart =
  | { readonly status: 'refused'; readonly why: string }
  | { readonly status: 'granted'; readonly instances: readonly Instance[] };

/** What is up of the release that serves; a set that is kept to go back to stays, and so do candidates. */
export function restartOf(name: string, desired: DesiredState, decisions: readonly Decision[]): Restart {
  const why = whyNotKept(name, desired);
  const progress = decisions.find(({ view }) => view.name === name)?.progress;
  if (why !== undefined || progress === undefined)
    return { status: 'refused', why: why ?? `No instance of ${name} runs now.` };
  const notNow = whyNotNow(name, progress);
  return notNow === undefined ? { status: 'granted', instances: progress.current } : { status: 'refused', why: notNow };
}

/** Why nothing would take the place of its instances; undefined: something would. */
export function whyNotKept(name: string, { services, jobs, withheld }: DesiredState): string | undefined {
  if (jobs.some((each) => each.name === name)) return `${name} is a job; fairlead job run ${name} runs it once more.`;
  const service = services.find((each) => each.name === name);
  if (service === undefined)
    return `The revision that this cluster is kept equal to has no service ${name}, so that nothing would take the place of what runs of it: put its manifest back first.`;
  if (service.instances === 0)
    return `No instance of ${name} is wanted: set \`enabled: true\` and \`instances\` in its manifest first.`;
  if (withheld.includes(name))
    return `The host's policy does not allow ${name} any more, so that nothing would take the place of what runs of it: change its manifest, or \`policy\` in the configuration of the host.`;
  return undefined;
}

function whyNotNow(name: string, progress: Progress): string | undefined {
  const { view, verdict, target, current } = progress;
  if (view.blocked || target.instances === 0)
    return `${name} does not fit on the node: make room there first; fairlead status ${name} tells what is missing.`;
  // Whether it has stopped after a failure only whoever has made its passes knows.
  if (verdict.paused || isUnderWay(progress))
    return `${name} is being updated: wait for the end of that first, or, where it has stopped after a failure, change its manifest or run fairlead retry ${name}; fairlead status ${name} tells how far it is.`;
  return current.length === 0 ? `No instance of ${name} runs now.` : undefined;
}

/** Another release comes or goes; green-blue is done while it keeps the old set. */
function isUnderWay(progress: Progress): boolean {
  const { old, isAtomic, isTrial, isAwaiting } = progress;
  if (isAwaiting || (old.length > 0 && !isAtomic)) return true;
  return isTrial && !isComplete(progress);
}

/** What is remembered of a restart from one look to the next. */
export interface Course {
  /** Why the service was not well before: that is none of the restart's. */
  readonly earlier?: Reason;
  /** Ids of its containers. */
  readonly containers: string;
  /** Since when it has had these. */
  readonly since: number;
  /** Since when it has had a problem all the time, and these containers. */
  readonly troubledSince?: number;
}

/** As it is before anything has been asked for. */
export function courseBefore({ view }: Decision, problem: ServiceStatus['problem']): Course {
  return { ...(problem && { earlier: problem.reason }), containers: containersOf(view), since: view.now };
}

/** The course with what is seen now. */
export function courseAfter(course: Course, decision: Decision, problem: ServiceStatus['problem']): Course {
  const { view } = decision;
  const containers = containersOf(view);
  const isSame = containers === course.containers;
  const isTroubled = problem !== undefined && problem.reason !== course.earlier && isLacking(decision);
  return {
    ...(course.earlier && { earlier: course.earlier }),
    containers,
    since: isSame ? course.since : view.now,
    ...(isTroubled && { troubledSince: (isSame ? course.troubledSince : undefined) ?? view.now }),
  };
}

function containersOf({ instances }: ServiceView): string {
  return instances
    .map(({ id }) => id)
    .sort()
    .join(' ');
}

/**
 * A new instance is missing, or does not get ready: it has its time for that, whatever is said of it meanwhile. Those that go
 * may look as they like: they may be long about it.
 */
function isLacking({ view, progress }: Decision): boolean {
  if (progress === undefined) return false;
  const { current, slots } = progress;
  const fresh = current.filter((each) => !isMarked(each));
  if (fresh.some((each) => isComing(progress, each))) return false;
  return (
    slots.some((slot) => !current.some((each) => each.slot === slot)) || !fresh.every((each) => isReady(view, each))
  );
}

function isComing({ view, desired }: Progress, instance: Instance): boolean {
  const isFallen = instance.state !== 'running' || instance.restarts > 0 || instance.health === 'unhealthy';
  const since = view.memory.unreadySince[instance.id] ?? view.now;
  return !isFallen && !isReady(view, instance) && view.now - since < desired.service.update.timeout;
}

/** How a restart ended; `stuck`: it does not get on by itself. */
export type End = { readonly status: 'done' } | { readonly status: 'stuck'; readonly message: string };

/** Milliseconds that a problem has to last before nothing is expected of it any more. */
const PATIENCE = 10_000;

/** Undefined: it goes on. */
export function endOf(
  course: Course,
  { view, progress }: Decision,
  problem: ServiceStatus['problem'],
): End | undefined {
  if (progress === undefined) return undefined;
  if (isRestarted(progress)) return { status: 'done' };
  const unchanged = view.now - course.since;
  const troubled = view.now - (course.troubledSince ?? view.now);
  if (troubled < PATIENCE && unchanged < longestWait(progress)) return undefined;
  const seconds = Math.round(unchanged / 1000);
  return { status: 'stuck', message: problem?.message ?? `nothing of it has changed for ${seconds} s` };
}

/** Nothing is left of what was to be replaced, nor of what stood in for it, and all that is wanted is ready. */
function isRestarted(progress: Progress): boolean {
  const { current, surplus } = progress;
  return isComplete(progress) && surplus.length === 0 && !current.some(isMarked);
}

function isMarked({ deviations }: Instance): boolean {
  return deviations.includes(RESTART_ASKED);
}

const STOP_GRACE = 10_000;

/** Milliseconds for which all containers may stay the same while it still gets on. */
function longestWait({ desired, target }: Progress): number {
  const { timeout, monitor, drain } = desired.service.update;
  return timeout + monitor + drain + (target.container.stopGracePeriod ?? STOP_GRACE) + PATIENCE;
}
