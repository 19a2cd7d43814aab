import isEqual from 'fast-deep-equal';
import type { Instance } from '../observed.ts';
import type { Progress } from './progress.ts';
import { isSteady } from './progress.ts';
import { canonicalResources, excessOf } from '../resources.ts';
import type { Step } from './steps.ts';
import { isFailing, isReady, isRefused, type ServiceView } from './view.ts';

const FIRST_BACK_OFF = 10_000;
const LAST_BACK_OFF = 300_000;
/** Without a check of its own a service has the patience of one with all defaults. */
const UNCHECKED_PATIENCE = 90_000;

/** What stands but is not as it should be: paused, with other limits, or failing its check. */
export function healSteps(progress: Progress): Step[] {
  const steps = progress.current.flatMap((instance): Step[] => {
    if (instance.state === 'paused') return [{ do: 'unpause', instance, because: 'it was paused' }];
    const change = liveChange(progress, instance);
    return change === undefined ? [] : [{ do: 'update', instance, ...change }];
  });
  return [...steps, ...restartSteps(progress)];
}

type LiveChange = Pick<Extract<Step, { do: 'update' }>, 'resources' | 'restart'>;

/** Limits, and the restart policy that a candidate gets once it has passed its trial. */
function liveChange(progress: Progress, instance: Instance): LiveChange | undefined {
  const { desired, target, verdict, isTrial } = progress;
  const { restart } = desired.service;
  const resources = canonicalResources(target.resources);
  const canUpdate = !target.rollback && excessOf(instance.resources, resources).length === 0;
  const isSettled = !isTrial || isSteady(progress, instance) || verdict.tolerated.includes(instance);
  const change = {
    ...(isSettled && instance.restartPolicy !== restart && { restart }),
    ...(canUpdate && !isEqual(instance.resources, resources) && { resources }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

/**
 * An instance that keeps failing its check is restarted: one at a time, with back-off, and never when all of several
 * fail together, since then what they all depend on is down.
 */
function restartSteps({ view, current, desired }: Progress): Step[] {
  const check = desired.service.healthCheck;
  if (check?.restart === false) return [];
  const patience = check === undefined ? UNCHECKED_PATIENCE : check.startPeriod + check.interval * check.retries;
  const failing = current.filter((each) => needsRestart(view, each));
  const isWell = (each: Instance) => isReady(view, each) || isRefused(view, each);
  if (current.length > 1 && !current.some(isWell)) return [];
  if (failing.some((each) => isRecovering(view, each, patience))) return [];
  const due = failing.find((each) => view.now >= restartDue(view, each, patience));
  return due === undefined
    ? []
    : [{ do: 'restart', instance: due, because: view.conditions.get(due.id)?.description ?? 'unhealthy' }];
}

/** A candidate is not restarted but judged. */
function needsRestart(view: ServiceView, instance: Instance): boolean {
  return instance.restartPolicy !== 'no' && instance.state === 'running' && isFailing(view, instance);
}

/** It was restarted just now: no other one is, before it is known whether that helped. */
function isRecovering(view: ServiceView, instance: Instance, patience: number): boolean {
  const healed = view.memory.healed[instance.id];
  return healed !== undefined && view.now < healed.at + patience;
}

function restartDue(view: ServiceView, instance: Instance, patience: number): number {
  const since = view.memory.unreadySince[instance.id] ?? view.now;
  const healed = view.memory.healed[instance.id];
  if (healed === undefined) return since + patience;
  const backOff = Math.min(FIRST_BACK_OFF * 2 ** (healed.count - 1), LAST_BACK_OFF);
  return Math.max(since + patience, healed.at + Math.max(patience, backOff));
}
