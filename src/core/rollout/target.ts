import { hasHostPort, type DesiredService } from '../desire.ts';
import { isUp, type Instance } from '../observed.ts';
import type { Problem, Reason } from '../reason.ts';
import { isCrashLooping } from './readiness.ts';
import { bestRelease, isFallback, isHeldUp, isMark, type ServiceView, type Target } from './view.ts';

interface FailedInstance {
  readonly instance: Instance;
  readonly reason: Reason;
  readonly description: string;
}

/** What the state of the wanted release says about where to go. */
export interface Verdict {
  readonly target: Target;
  /** Instances of the wanted release that failed and are still up: they are stopped, and so become its mark. */
  readonly failed: readonly FailedInstance[];
  /** Failed ones, up or stopped, that the update policy puts up with: Docker may restart them from now on. */
  readonly tolerated: readonly Instance[];
  /** The wanted release is marked as failed; `target` is the one before it. */
  readonly quarantined: boolean;
  /** `failureAction: pause`: nothing moves until the manifest changes. */
  readonly paused: boolean;
}

/**
 * Decides which release to go for. There is no undo: a release that failed is marked, and planning goes on with the one
 * before it as the target.
 */
export function judge(view: ServiceView, desired: DesiredService): Verdict {
  const wanted = wantedTarget(view, desired);
  const calm: Verdict = { target: wanted, failed: [], tolerated: [], quarantined: false, paused: false };
  const fallback = fallbackTarget(view, wanted);
  if (fallback === undefined) return calm;
  const { update } = desired.service;
  const marks = view.instances.filter((each) => each.release === wanted.release && isMark(view, each));
  const failed = failedInstances(view, wanted, update.timeout);
  const tolerable = (marks.length + failed.length) / Math.max(1, wanted.instances) <= update.maxFailureRatio;
  if (tolerable || update.failureAction === 'continue') {
    const tolerated = [...marks, ...failed.map((each) => each.instance)];
    const waits = view.blocked || isHeldUp(view, wanted.release);
    return { ...calm, target: waits ? fallback : wanted, tolerated };
  }
  if (update.failureAction === 'pause') return { ...calm, paused: true };
  return { target: fallback, failed, tolerated: [], quarantined: true, paused: false };
}

/** The release that the manifest asks for. */
export function wantedTarget(view: ServiceView, desired: DesiredService): Target {
  const { container, resources } = desired.service;
  return { release: desired.release, container, resources, instances: view.admitted, rollback: false };
}

function fallbackTarget(view: ServiceView, wanted: Target): Target | undefined {
  const others = view.instances.filter((each) => each.release !== wanted.release && isFallback(view, each));
  const sample = bestRelease(view, others)?.find((each) => each.spec !== undefined);
  if (sample?.spec === undefined) return undefined;
  const { release, spec, resources } = sample;
  const instances = hasHostPort(spec) ? Math.min(1, wanted.instances) : wanted.instances;
  return { release, container: spec, resources, instances, rollback: true };
}

/**
 * While the rollout is in progress, each instance of the new release is on trial; one that has passed its own and fell
 * since is no reason to try the others again.
 */
function failedInstances(view: ServiceView, wanted: Target, timeout: number): FailedInstance[] {
  const own = view.instances.filter((each) => each.release === wanted.release);
  const inProgress = own.filter((each) => each.restartPolicy !== 'no').length < wanted.instances;
  if (!inProgress) return [];
  return own.filter(isUp).flatMap((instance) => {
    const failure = view.memory.condemned[instance.id] ?? failureOf(view, instance, timeout);
    return failure === undefined ? [] : [{ instance, ...failure }];
  });
}

function failureOf(
  view: ServiceView,
  instance: Instance,
  timeout: number,
): Pick<FailedInstance, 'reason' | 'description'> | undefined {
  const { state, description } = view.conditions.get(instance.id) ?? { state: 'starting', description: '' };
  if (state === 'ready' || instance.state === 'paused') return undefined;
  if (instance.restarts > 0) return { reason: instance.oomKilled ? 'oom-killed' : 'exited', description };
  const hasServed = instance.discoverable || instance.restartPolicy !== 'no';
  if (instance.health === 'unhealthy' || (hasServed && state === 'unhealthy'))
    return { reason: 'unhealthy', description };
  const since = view.memory.unreadySince[instance.id] ?? view.now;
  if (view.now - since < timeout) return undefined;
  return { reason: 'not-ready-in-time', description: `not ready after ${timeout / 1000} s: ${description}` };
}

/** What is wrong with an instance that should be ready and is not. */
export function instanceProblem(view: ServiceView, instance: Instance): Problem {
  const reason = reasonOf(view, instance);
  const description = view.conditions.get(instance.id)?.description ?? instance.state;
  const layer = reason === 'unhealthy' || reason === 'not-ready-in-time' ? 'health' : 'container';
  return { layer, reason, object: view.name, message: `${instance.name}: ${restarted(instance)}${description}` };
}

function restarted({ restarts }: Instance): string {
  if (restarts === 0) return '';
  return restarts === 1 ? 'restarted once; ' : `restarted ${restarts} times; `;
}

function reasonOf(view: ServiceView, instance: Instance): Reason {
  if (instance.oomKilled) return 'oom-killed';
  if (isCrashLooping(view.memory, instance, view.now)) return 'crash-loop';
  if (instance.error !== undefined && instance.state === 'created') return 'start-failed';
  if (!isUp(instance) || instance.state === 'restarting') return 'exited';
  if (view.conditions.get(instance.id)?.state === 'unhealthy') return 'unhealthy';
  return instance.restarts > 0 ? 'exited' : 'not-ready-in-time';
}
