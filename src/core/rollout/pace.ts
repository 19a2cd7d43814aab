import { isDraining, isRouted, isServing } from './drain.ts';
import { isUp, type Instance } from '../observed.ts';
import { isFound, isSteady, monitoredAt, readyCount, type Progress } from './progress.ts';
import { partsOfSet, type Route } from '../routing.ts';
import { isFailing, isReady, isStopping, type ServiceView } from './view.ts';

/** How many instances of the target may be started now. */
export function allowance(progress: Progress): number {
  const { view, verdict, old, current, slots, target, desired } = progress;
  if (verdict.paused || verdict.failed.length > 0) return 0;
  // It may come up at any moment, and cannot stand beside this one.
  if (progress.isExclusive && view.starting.some((each) => each.release !== target.release)) return 0;
  if (old.length === 0) return slots.length;
  if (progress.isExclusive) return 0;
  if (progress.isAtomic || target.rollback) return slots.length;
  if (view.now < delayedUntil(progress)) return 0;
  const { parallelism } = desired.service.update;
  const onTrial = current.filter((each) => each.restartPolicy === 'no' && !isSteady(progress, each)).length;
  const limit = target.instances + (progress.isStopFirst ? 0 : parallelism);
  // What does not serve and is not waited for is on its way out; however long it takes to stop, it holds nobody up.
  const isStanding = (each: Instance) => isReady(view, each) || isServing(view, each);
  const standing = progress.isStopFirst ? old : old.filter((each) => isStanding(each) && !isLeftOver(progress, each));
  return Math.max(0, Math.min(parallelism - onTrial, limit - current.length - standing.length));
}

/** It ends its requests since an earlier rollout, whose release serves now, with as many instances as are wanted. */
function isLeftOver({ view, old, target }: Progress, instance: Instance): boolean {
  const isFollower = (each: Instance) =>
    each.release !== instance.release && isRouted(view, each) && isReady(view, each);
  return isDraining(view, instance) && old.filter(isFollower).length >= target.instances;
}

const FIRST_REVIVAL = 2_000;
const LAST_REVIVAL = 120_000;

/** When the stopped container of a slot may be started again: at once the first time, then after 2, 4, 8 … seconds. */
export function startDue({ view, target }: Progress, slot: number): number {
  const fallen = view.instances.find((each) => each.release === target.release && each.slot === slot);
  const seen = view.memory.starts[fallen?.id ?? '']?.seen ?? [];
  const latest = seen.at(-1);
  if (latest === undefined || seen.length < 2) return 0;
  return latest + Math.min(FIRST_REVIVAL * 2 ** (seen.length - 2), LAST_REVIVAL);
}

/** When the next batch may start. */
export function delayedUntil(progress: Progress): number {
  const { delay } = progress.desired.service.update;
  if (delay === 0 || progress.old.length === 0) return 0;
  const steady = progress.current.filter((each) => isSteady(progress, each));
  return Math.max(0, ...steady.map((each) => monitoredAt(progress, each) + delay));
}

/** The old instances that go on for now. */
export function neededOld(progress: Progress): readonly Instance[] {
  const { view, verdict } = progress;
  const old = progress.old.filter((each) => !isLeftOver(progress, each));
  if (verdict.paused) return neededInPause(progress, old);
  if (progress.isAtomic && !hasSwitched(progress)) return neededUntilSwitch(progress);
  if (!progress.isPrepared) return old;
  if (progress.isAtomic) return keptSet(progress);
  const needed = bestOf(view, old, neededOldCount(progress));
  return needed.filter((each) => isReady(view, each) || isServing(view, each));
}

/** What was about to go when the rollout stopped goes all the same: more than is wanted is of no use. */
function neededInPause(progress: Progress, old: readonly Instance[]): readonly Instance[] {
  const { view, current, target } = progress;
  if (progress.isExclusive || progress.isAtomic) return old;
  const done = current.filter((each) => isSteady(progress, each)).length;
  return bestOf(view, old, target.instances - done);
}

/** At most `count`: those that serve and are ready before others. */
function bestOf(view: ServiceView, instances: readonly Instance[], count: number): readonly Instance[] {
  const worth = (each: Instance) => 2 * Number(isReady(view, each)) + Number(isServing(view, each));
  const ranked = [...instances].sort((a, b) => worth(b) - worth(a) || a.slot - b.slot);
  return ranked.slice(0, Math.max(0, count));
}

function neededOldCount(progress: Progress): number {
  const { current, target, desired } = progress;
  if (progress.isExclusive) return 0;
  const done = current.filter((each) => isSteady(progress, each) || isTolerated(progress, each)).length;
  const headStart = progress.isStopFirst && !target.rollback ? desired.service.update.parallelism : 0;
  return Math.max(0, target.instances - done) - headStart;
}

/** It failed, now or when it was on trial, and the update policy goes on. */
function isTolerated({ verdict, desired }: Progress, instance: Instance): boolean {
  const { failureAction, maxFailureRatio } = desired.service.update;
  const isTolerant = failureAction === 'continue' || maxFailureRatio > 0;
  return verdict.tolerated.includes(instance) || (isTolerant && instance.restartPolicy !== 'no');
}

/** What is kept of an earlier switch goes when there is something to switch to. */
function neededUntilSwitch(progress: Progress): readonly Instance[] {
  const standing = standingSet(progress);
  const isKept = (each: Instance) => !progress.isPrepared && each.restartPolicy !== 'no';
  return progress.old.filter((each) => standing.includes(each) || isKept(each));
}

/** What green-blue switches from, as a whole: a set that never served goes at once, however much of it is ready. */
export function standingSet({ view, old }: Progress): readonly Instance[] {
  const serving = old.filter((each) => isServing(view, each));
  const standing = serving.length > 0 ? serving : old.filter((each) => isReady(view, each));
  const releases = new Set(standing.map((each) => each.release));
  return old.filter((each) => releases.has(each.release));
}

/** Green-blue keeps the whole old set for a while after the switch. */
function keptSet(progress: Progress): readonly Instance[] {
  const { view, old, target } = progress;
  if (target.rollback || view.now >= keptUntil(progress)) return [];
  return old.filter((each) => each.restartPolicy !== 'no');
}

/** Green-blue: the new set serves once all of it is ready or the old one is down, and goes on to when one of it falls. */
export function isSwitched(progress: Progress): boolean {
  const { view, current, old, target } = progress;
  if (readyCount(progress) >= target.instances) return true;
  if (old.some((each) => isServing(view, each))) return isLedTo(progress) || old.every((each) => isOver(view, each));
  const isTrusted = current.some((each) => isServing(view, each) || each.restartPolicy !== 'no');
  return isTrusted || old.every((each) => isOver(view, each));
}

function isOver(view: ServiceView, instance: Instance): boolean {
  return isFailing(view, instance) || isStopping(view, instance);
}

/** A route leads to the new set as a whole. One that leads to some of it did so before this was to be a whole. */
function isLedTo(progress: Progress): boolean {
  return routesOf(progress).some(({ pools, active }) => {
    const { set, members } = pools[active];
    const isMember = ({ service }: { service: string }) => service === progress.view.name;
    return partsOfSet(set).includes(setId(progress)) && members.some(isMember);
  });
}

/** Routes switch once all of the new set are found by name, too. */
export function hasSwitched(progress: Progress): boolean {
  const { view, current } = progress;
  return isSwitched(progress) && current.every((each) => !isReady(view, each) || isFound(progress, each));
}

/** When a green-blue service gives up the way back. */
export function keptUntil(progress: Progress): number {
  return switchedAt(progress) + progress.desired.service.update.keepOld;
}

/** Now, as long as a route still leads to another set: its time is that of an earlier switch. */
function switchedAt(progress: Progress): number {
  const { view, current } = progress;
  const own = routesOf(progress);
  if (own.some(({ pools, active }) => !partsOfSet(pools[active].set).includes(setId(progress)))) return view.now;
  const recorded = Math.max(0, ...own.map((route) => route.switchedAt));
  if (recorded > 0) return recorded;
  return Math.max(0, ...current.map((each) => view.memory.readySince[each.id]?.at ?? view.now));
}

function routesOf({ view, desired }: Progress): readonly Route[] {
  return desired.routedBy.flatMap((name) => view.routing.routes.get(name) ?? []);
}

/** What routes call the target's set. */
function setId({ view, target }: Progress): string {
  return `${view.name}@${target.release}`;
}

/**
 * Instances of the target that go: those in slots too many, and one at a time those that were changed from outside. Where
 * there is no spare for them all others have to be ready.
 */
export function leavingOwn(progress: Progress): readonly Instance[] {
  const { view, current, surplus, target, slots } = progress;
  const found = current.filter((each) => isReady(view, each) && isFound(progress, each));
  const changed = current.find((each) => each.deviations.length > 0);
  const isUseful = (each: Instance) =>
    isUp(each) && (isReady(view, each) || (isServing(view, each) && !isFailing(view, each)));
  const gone = surplus.filter((each) => !isUseful(each) || found.length >= target.instances);
  if (changed === undefined || !progress.isPrepared) return gone;
  const others = found.filter((each) => each !== changed).length;
  const isSpared = others >= slots.length - 1 || progress.isExclusive || !isReady(view, changed);
  return isSpared ? [...gone, changed] : gone;
}
