import { hasHostPort, type DesiredService } from '../desire.ts';
import { isUp, type Instance } from '../observed.ts';
import { isRouted } from './drain.ts';
import { fits } from '../placement.ts';
import type { Verdict } from './target.ts';
import { isFallback, isHeldUp, isReady, type ServiceView, type Target } from './view.ts';

/** How far a service is on its way to its target: its instances, sorted by what they are on this way. */
export interface Progress {
  readonly view: ServiceView;
  readonly desired: DesiredService;
  readonly verdict: Verdict;
  readonly target: Target;
  /** Slots that should be filled, from 1. */
  readonly slots: readonly number[];
  /** An instance of the target was changed behind our back, or is to be restarted: it is replaced. */
  readonly isChanged: boolean;
  /** Of the target, in wanted slots, up. */
  readonly current: readonly Instance[];
  /** Of the target, in no wanted slot, up or stopped; or stopped in one that another has taken. */
  readonly surplus: readonly Instance[];
  /** Of other releases, up. */
  readonly old: readonly Instance[];
  /** Of other releases, stopped: to go back to, or a failed release's mark. */
  readonly kept: readonly Instance[];
  /** New instances are candidates: there is another release to go back to. */
  readonly isTrial: boolean;
  /** Two releases cannot stand side by side. */
  readonly isExclusive: boolean;
  /** The new set takes over as a whole. */
  readonly isAtomic: boolean;
  /** An old instance makes room before its successor starts. */
  readonly isStopFirst: boolean;
  /** The wanted release could begin but for the services that it depends on; an older one is the target meanwhile. */
  readonly isAwaiting: boolean;
  /** Its image is fetched, its networks are there and what it depends on is ready: until then it is no reason to end anything. */
  readonly isPrepared: boolean;
}

export function progressOf(view: ServiceView, desired: DesiredService, verdict: Verdict): Progress {
  const { target } = verdict;
  const own = view.instances.filter((each) => each.release === target.release);
  const others = view.instances.filter((each) => each.release !== target.release);
  const isExclusive = desired.strategy === 'recreate' || hasHostPort(target.container);
  const isChanged = own.some((each) => isUp(each) && each.deviations.length > 0);
  const isSpared = isChanged && !isExclusive && hasSpare(view, desired, target);
  const slots = Array.from({ length: target.instances + (isSpared ? 1 : 0) }, (_, index) => index + 1);
  const current = own.filter((each) => slots.includes(each.slot) && isUp(each));
  const isTrial = !target.rollback && others.some((each) => isFallback(view, each));
  const isAwaiting = isHeldUp(view, desired.release);
  return {
    view,
    desired,
    verdict,
    target,
    slots,
    isChanged,
    current,
    surplus: own.filter((each) => !slots.includes(each.slot) || isReplaced(each, own)),
    old: others.filter(isUp),
    kept: others.filter((each) => !isUp(each)),
    isTrial,
    isExclusive,
    isAtomic: desired.strategy === 'green-blue',
    isStopFirst: isExclusive || desired.service.update.order === 'stop-first' || !fits(view.free, target.resources, 1),
    isAwaiting,
    isPrepared: isFetched(view, target) && hasNetworks(view, target) && (target.rollback || !isAwaiting),
  };
}

/** A release that has run already is never fetched. */
export function isFetched({ name, instances, memory }: ServiceView, target: Target): boolean {
  const { release } = target;
  const isKnown = instances.some((each) => each.release === release);
  return isKnown || target.instances === 0 || memory.images[`${name}@${release}`] !== undefined;
}

function hasNetworks({ missingNetworks }: ServiceView, { container }: Target): boolean {
  return !container.networks.some((name) => missingNetworks.includes(name));
}

/** It had another name, or another network, and its slot has been filled anew. */
function isReplaced(instance: Instance, own: readonly Instance[]): boolean {
  return !isUp(instance) && own.some((each) => each.slot === instance.slot && isUp(each));
}

/** One more is there, or may be, while an instance is replaced: not where the update stops first, and where it has no room. */
function hasSpare({ instances, free }: ServiceView, { service, strategy }: DesiredService, target: Target): boolean {
  if (strategy === 'rolling' && service.update.order === 'stop-first') return false;
  const isSpare = (each: Instance) => each.release === target.release && each.slot === target.instances + 1;
  return instances.some((each) => isSpare(each) && isUp(each)) || fits(free, target.resources, 1);
}

/**
 * It has its name, or a route leads to it already. An instance is off the network of names for the moment in which it gets
 * its name, and has no requests then; where a failed release serves, nobody waits for that.
 */
export function isFound({ view, target }: Progress, instance: Instance): boolean {
  return target.rollback || instance.discoverable === true || isRouted(view, instance);
}

/** Nobody else has the name, and no check will tell when somebody is ready for it. */
export function isFoundAtOnce({ desired, target, old }: Progress): boolean {
  return old.length === 0 && desired.checks.length === 0 && target.container.healthCommand === undefined;
}

/** Ready, to be found, and past its monitor window. */
export function isSteady(progress: Progress, instance: Instance): boolean {
  const { view } = progress;
  return isReady(view, instance) && isFound(progress, instance) && view.now >= monitoredAt(progress, instance);
}

/** When the monitor window of an instance ends; what is trusted had its own when it started, whoever watched. */
export function monitoredAt({ view, desired, isTrial }: Progress, instance: Instance): number {
  const readyAt = view.memory.readySince[instance.id]?.at ?? view.now;
  const isCandidate = isTrial && instance.restartPolicy === 'no';
  const from = isCandidate ? readyAt : Math.min(readyAt, instance.startedAt ?? readyAt);
  return from + desired.service.update.monitor;
}

export function readyCount({ view, current }: Progress): number {
  return current.filter((each) => isReady(view, each)).length;
}

/** Every wanted instance stands and has passed its trial. */
export function isComplete(progress: Progress): boolean {
  const { current, target, isChanged, isExclusive } = progress;
  if (isChanged && !isExclusive) return false;
  const stands = (each: Instance) => isSteady(progress, each) && each.restartPolicy !== 'no';
  return current.length >= target.instances && current.every(stands);
}
