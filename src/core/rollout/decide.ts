import { canStop, isRouted } from './drain.ts';
import { healSteps } from './heal.ts';
import { memberSets, type MemberSet } from './members.ts';
import { isUp, type Instance } from '../observed.ts';
import { growSteps, missingSlots, prefetchSteps } from './grow.ts';
import { delayedUntil, keptUntil, leavingOwn, neededOld, startDue } from './pace.ts';
import { isComplete, isFoundAtOnce, isSteady, monitoredAt, progressOf, type Progress } from './progress.ts';
import type { Step } from './steps.ts';
import { judge } from './target.ts';
import {
  hasJustStarted,
  isFailing,
  isFallback,
  isMark,
  isReady,
  isRefused,
  isUnknown,
  type ServiceView,
} from './view.ts';

/** What to do for one service now, and what it waits for. */
export interface Decision {
  readonly view: ServiceView;
  /** Missing where nothing of the service is wanted. */
  readonly progress?: Progress;
  readonly steps: readonly Step[];
  readonly serving: MemberSet;
  readonly standby?: MemberSet;
  /** Nothing is under way and nothing is left to do. */
  readonly steady: boolean;
  /** When something is due even if nothing else happens. */
  readonly wakeAt?: number;
}

/** The next steps of one service; all of rolling, green-blue and recreate is derived from what is observed. */
export function decide(view: ServiceView): Decision {
  const { desired } = view;
  if (desired === undefined || desired.instances === 0) return retire(view);
  const progress = progressOf(view, desired, judge(view, desired));
  const { named, ...sets } = memberSets(progress);
  const steps = joinersFirst(view, [
    ...discardSteps(view),
    ...condemnSteps(progress),
    ...discoverSteps(progress, named),
    ...healSteps(progress),
    ...prefetchSteps(progress),
    ...growSteps(progress),
    ...endSteps(progress),
    ...cleanUpSteps(progress),
  ]);
  const wakeAt = nextClock(progress);
  return {
    view,
    progress,
    steps,
    ...sets,
    steady: steps.length === 0 && isDone(progress) && !progress.isAwaiting,
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

/** The manifest is gone, disabled or asks for none: everything is drained, stopped and removed. */
function retire(view: ServiceView): Decision {
  const ends =
    view.neededBy.length > 0
      ? []
      : view.instances.flatMap((each) => endStepsOf(view, each, `${view.name} is not wanted any more`));
  const steps = [...discardSteps(view), ...ends];
  const steady = view.instances.length + view.discarded.length === 0;
  return { view, steps, serving: { id: view.name, members: stillNeeded(view) }, steady };
}

/** What another process began to take away, before anything is made in its place. */
function discardSteps({ discarded }: ServiceView): Step[] {
  const because = 'it was a candidate, and is not wanted any more';
  return discarded.map((instance) =>
    isUp(instance) ? { do: 'stop', instance, mark: false, because } : { do: 'remove', instance, because },
  );
}

/** A load balancer that has moved on to another service may still lead here, until that one is ready. */
function stillNeeded(view: ServiceView): Instance[] {
  if (view.desired !== undefined && view.desired.routedBy.length > 0) return [];
  return view.instances.filter((each) => isUp(each) && isRouted(view, each));
}

/** Takes an instance out of service in order: out of the routes, out of the name, stopped, removed. */
function endStepsOf(view: ServiceView, instance: Instance, because: string): Step[] {
  const isFound = instance.discoverable && instance.state === 'running';
  if (isFound && canStop(view, instance)) return [{ do: 'discover', instance, discoverable: false }];
  return stopStepsOf(view, instance, because);
}

/** The same for one that keeps its name to its end. */
function stopStepsOf(view: ServiceView, instance: Instance, because: string): Step[] {
  if (!isUp(instance)) return [{ do: 'remove', instance, because }];
  return canStop(view, instance) ? [{ do: 'stop', instance, mark: false, because }] : [];
}

/** Green-blue is done while it keeps the old set. */
function isDone(progress: Progress): boolean {
  const { old, surplus, verdict } = progress;
  return isComplete(progress) && surplus.length === 0 && !verdict.paused && (old.length === 0 || progress.isAtomic);
}

/** A failed instance is stopped at once, and its stopped container is the mark of its release. */
function condemnSteps({ verdict }: Progress): Step[] {
  return verdict.failed.map(({ instance, description }) => ({
    do: 'stop',
    instance,
    mark: true,
    because: description,
  }));
}

/**
 * Ready instances that serve can be found by name, all others cannot; one that nobody can ask now stays as it is, and so
 * does one with requests under way, which must not be cut off from names meanwhile. What is old and found by nobody needs
 * no names any more, and of what has lost its label nobody knows its networks.
 */
function discoverSteps(progress: Progress, named: readonly Instance[]): Step[] {
  const { view, current, surplus, old } = progress;
  const isAskable = (each: Instance) => each.state === 'running' && each.spec !== undefined;
  const running = [...current, ...surplus, ...old].filter(isAskable);
  const isUnchecked = (each: Instance) =>
    each.health === 'none' && (isFoundAtOnce(progress) || hasJustStarted(view, each));
  const isKept = (each: Instance) => each.discoverable === true && (isUnknown(view, each) || isUnchecked(each));
  const isKnown = (each: Instance) =>
    isReady(view, each) || isKept(each) || (each.discoverable === true && isRefused(view, each));
  return running.flatMap((instance): Step[] => {
    const discoverable = named.includes(instance) && isKnown(instance);
    const isBusy = instance.discoverable === true && isReady(view, instance) && !canStop(view, instance);
    const isDiscoverable = old.includes(instance) ? instance.discoverable === true : instance.discoverable;
    const stays = isBusy || (!discoverable && keepsName(progress, instance));
    return isDiscoverable === discoverable || stays ? [] : [{ do: 'discover', instance, discoverable }];
  });
}

/** A name that leads to somebody always does: nobody who may serve leaves it before those who come have joined. */
function joinersFirst(view: ServiceView, steps: readonly Step[]): Step[] {
  const isJoining = steps.some((step) => step.do === 'discover' && step.discoverable);
  return steps.filter((step) => {
    const leaves = step.do === 'discover' && !step.discoverable && !isFailing(view, step.instance);
    return !isJoining || !leaves;
  });
}

/** Old instances that are not needed any more are drained and stopped, and stay until the new release is steady. */
function endSteps(progress: Progress): Step[] {
  const needed = neededOld(progress);
  const ending = [...progress.old.filter((each) => !needed.includes(each)), ...leavingOwn(progress)];
  return ending.flatMap((each) => {
    const stepsOf = keepsName(progress, each) ? stopStepsOf : endStepsOf;
    return stepsOf(progress.view, each, endReason(progress, each));
  });
}

/** Its successors start when it has stopped: until then its name leads to it or to nobody. */
function keepsName({ isExclusive, old }: Progress, instance: Instance): boolean {
  return isExclusive && old.includes(instance);
}

function endReason({ target }: Progress, instance: Instance): string {
  if (instance.release === target.release) return instance.deviations[0] ?? `${target.instances} wanted`;
  return target.rollback ? `${instance.release} failed` : `replaced by ${target.release}`;
}

/** What was stopped goes once the target stands; the marks that prove a failed release stay as its evidence. */
function cleanUpSteps(progress: Progress): Step[] {
  const evidence = marksOf(progress);
  const stands = isComplete(progress) && progress.target.instances > 0;
  const isObsolete = (each: Instance) => !evidence.includes(each) && (stands || !isFallback(progress.view, each));
  const because = `${progress.target.release} is steady`;
  return progress.kept.filter(isObsolete).map((instance) => ({ do: 'remove', instance, because }));
}

/** The stopped container that keeps a failed release from being tried again. */
export function evidenceOf(progress: Progress): Instance | undefined {
  return marksOf(progress)[0];
}

/** One, or as many as exceed the failures that the update policy puts up with, the first that failed first. */
function marksOf({ view, verdict, kept, desired }: Progress): readonly Instance[] {
  if (!verdict.quarantined) return [];
  const marks = kept.filter((each) => each.release === desired.release && isMark(view, each));
  const proof = Math.floor(desired.service.update.maxFailureRatio * view.admitted) + 1;
  return marks.sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0)).slice(0, proof);
}

/** Only clocks that run now: everything else wakes the loop by itself. */
function nextClock(progress: Progress): number | undefined {
  const { view, current, old } = progress;
  const onTrial = current.filter((each) => isReady(view, each) && !isSteady(progress, each));
  const clocks = [
    ...onTrial.map((each) => monitoredAt(progress, each)),
    delayedUntil(progress),
    ...missingSlots(progress).map((slot) => startDue(progress, slot)),
    ...(progress.isAtomic && old.length > 0 ? [keptUntil(progress)] : []),
  ].filter((at) => at > view.now);
  return clocks.length === 0 ? undefined : Math.min(...clocks);
}
