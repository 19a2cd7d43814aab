import { isUp, type Instance } from '../observed.ts';
import { startDue } from '../rollout/pace.ts';
import { isComplete, readyCount, type Progress } from '../rollout/progress.ts';
import { layerOf, type Problem, type Reason } from '../reason.ts';
import { hindrancesOf } from './hindrance.ts';
import type { IndexedContext } from './report.ts';
import { evidenceOf, type Decision } from '../rollout/decide.ts';
import { movedTag } from './moved-tag.ts';
import { urlsOf } from './load-balancer-status.ts';
import type { InstanceStatus, ProblemStatus, RolloutStatus, ServiceState, ServiceStatus } from './status.ts';
import { isCrashLooping } from '../rollout/readiness.ts';
import { objectOfInstance } from '../rollout/steps.ts';
import { instanceProblem } from '../rollout/target.ts';
import { isFailing, isReady, type ServiceView } from '../rollout/view.ts';

const MB = 1024 * 1024;

/** One service as people see it. */
export function serviceStatus(decision: Decision, context: IndexedContext): ServiceStatus {
  const { view, progress } = decision;
  const serving = progress?.target.release ?? view.desired?.release ?? '';
  const current = view.instances.filter((each) => each.release === serving);
  const spec = progress?.target.container ?? view.desired?.service.container;
  const running = decision.serving.members.filter((each) => isReady(view, each)).length;
  const desired = view.desired?.instances ?? 0;
  const digest = current.find((each) => each.digest !== undefined)?.digest;
  const members = new Set([...decision.serving.members, ...(decision.standby?.members ?? [])]);
  const problem = progress === undefined ? undefined : problemIn(progress, context);
  const rollout = progress === undefined ? undefined : rolloutOf(progress);
  const warning = movedTag(decision, context.sightings);
  return {
    name: view.name,
    state: progress === undefined ? 'disabled' : stateOf(progress, problem),
    version: spec?.version ?? '',
    release: `${view.name}@${serving}`,
    image: spec?.image ?? '',
    ...(digest !== undefined && { digest }),
    desired,
    running,
    pending: Math.max(0, desired - running),
    url: (context.loadBalancers.get(view.name) ?? []).flatMap((each) => urlsOf(each, context)),
    instances: [...view.instances].sort(bySlot).map((each) => instanceStatus(each, view, members, context)),
    ...(rollout && { rollout }),
    ...(problem && { problem: withLog(problem, context.logTails[view.name]) }),
    ...(warning && { warnings: [warning] }),
  };
}

function bySlot(a: Instance, b: Instance): number {
  return a.slot - b.slot || a.createdAt - b.createdAt;
}

function stateOf(progress: Progress, problem: ProblemStatus | undefined): ServiceState {
  const { verdict, target, desired, view } = progress;
  const ready = readyCount(progress);
  if (verdict.quarantined && ready >= target.instances) return 'rolled-back';
  if (view.blocked || (target.instances === 0 && desired.instances > 0)) return 'unscheduled';
  if (problem === undefined && view.instances.length === 0) return 'unknown';
  if (problem === undefined)
    return isComplete(progress) && target.instances === desired.instances && !progress.isAwaiting
      ? 'steady'
      : 'rolling-out';
  if (verdict.quarantined && problem.reason !== 'rollback-failed') return 'rolling-out';
  const isServed = view.instances.some((each) => isUp(each) && isReady(view, each));
  return isServed ? 'degraded' : 'failed';
}

/** Looked for once, as others may depend on it. */
export function problemIn(progress: Progress, context: IndexedContext): ProblemStatus | undefined {
  const { name } = progress.view;
  if (!context.problemsSeen.has(name)) context.problemsSeen.set(name, problemOf(progress, context));
  return context.problemsSeen.get(name);
}

function problemOf(progress: Progress, context: IndexedContext): ProblemStatus | undefined {
  const { refused, failures } = context;
  const { view, verdict, target } = progress;
  if (verdict.quarantined) return rollbackProblem(progress);
  if (verdict.paused) return paused(progress);
  const refusal = refused.get(view.name)?.[0]?.problems[0];
  if (refusal !== undefined) {
    const { name, cpu, memory } = refusal.host;
    const message = `${view.name} does not fit on ${name}: ${refusal.reason}; ${cpu} cores and ${memory} MB are free there.`;
    return { layer: 'scheduling', reason: refusal.reason, message };
  }
  return (
    failures.get(`${view.name}@${target.release}`)?.[0]?.problem ??
    lateProblem(progress) ??
    dependencyProblem(progress, context)
  );
}

/** It waits for a service or job that does not get ready by itself. */
function dependencyProblem(progress: Progress, context: IndexedContext): Problem | undefined {
  const { view, isAwaiting } = progress;
  if (!isAwaiting) return undefined;
  const hindrances = hindrancesOf(view, context);
  if (hindrances.length === 0) return undefined;
  const message = `${view.name} waits for ${hindrances.join(', and for ')}.`;
  return { layer: 'update', reason: 'dependency-not-ready', message, object: view.name };
}

/** An instance that has been up for longer than it may take, or fell. */
function lateProblem(progress: Progress): Problem | undefined {
  const { view, current, desired } = progress;
  const { timeout } = desired.service.update;
  const settled = current.filter((each) => each.restartPolicy !== 'no');
  const late = settled.find((each) => !isReady(view, each) && isLate(progress, each, timeout));
  const looping = settled.find((each) => isCrashLooping(view.memory, each, view.now));
  const troubled = late ?? looping;
  if (troubled !== undefined) return instanceProblem(view, troubled);
  const fallen = fallenInstance(progress);
  return fallen === undefined ? undefined : instanceProblem(view, fallen);
}

/** One that is down, and cannot be started or was just now. */
function fallenInstance(progress: Progress): Instance | undefined {
  const { view, target, slots } = progress;
  const own = view.instances.filter((each) => each.release === target.release && slots.includes(each.slot));
  return own.find((each) => !isUp(each) && (each.error !== undefined || view.now < startDue(progress, each.slot)));
}

function isLate({ view }: Progress, instance: Instance, timeout: number): boolean {
  const hasFallen = instance.restarts > 0 || isFailing(view, instance);
  const since = view.memory.unreadySince[instance.id] ?? view.now;
  return instance.state !== 'running' || instance.restarts > 0 || view.now - since >= (hasFallen ? 10_000 : timeout);
}

function rollbackProblem(progress: Progress): ProblemStatus {
  const { view, verdict, desired, target } = progress;
  const evidence = evidenceOf(progress) ?? verdict.failed[0]?.instance;
  const description = failureWords(progress, evidence);
  const isBack = readyCount(progress) >= target.instances;
  const { timeout } = desired.service.update;
  const late = progress.current.find((each) => !isReady(view, each) && isLate(progress, each, timeout));
  const isStuck = late !== undefined || fallenInstance(progress) !== undefined;
  const reason: Reason = !isBack && isStuck ? 'rollback-failed' : 'rolled-back';
  const outcome =
    reason === 'rolled-back'
      ? `${view.name}@${target.release} serves on.`
      : `${view.name}@${target.release} does not get ready either.`;
  const message = `${view.name}@${desired.release} failed: ${description}. ${outcome} It is tried again when the manifest changes, or by fairlead retry ${view.name}.`;
  return { layer: 'update', reason, message, ...(evidence !== undefined && { evidence: evidence.name }) };
}

function failureWords({ view, verdict }: Progress, evidence: Instance | undefined): string {
  if (evidence === undefined) return 'it did not get ready';
  const condemned = view.memory.condemned[evidence.id];
  if (condemned !== undefined) return condemned.description;
  return verdict.failed[0]?.description ?? view.conditions.get(evidence.id)?.description ?? 'it did not get ready';
}

function paused({ view, desired }: Progress): ProblemStatus {
  const message = `The rollout of ${view.name}@${desired.release} has stopped after a failure (failureAction: pause). Change the manifest, or run fairlead retry ${view.name}.`;
  return { layer: 'update', reason: 'paused', message };
}

function rolloutOf(progress: Progress): RolloutStatus | undefined {
  const { view, target, desired, old, current } = progress;
  if (progress.isAwaiting && target.rollback)
    return {
      from: `${view.name}@${target.release}`,
      to: `${view.name}@${desired.release}`,
      strategy: desired.strategy,
      step: `awaiting ${view.awaits.join(', ')}`,
      ready: 0,
      total: desired.instances,
    };
  const from = old.find((each) => each.release !== target.release)?.release;
  if (from === undefined || (progress.isAtomic && isComplete(progress))) return undefined;
  const ready = readyCount(progress);
  const step =
    current.length < target.instances && ready === current.length
      ? 'starting'
      : ready < current.length
        ? 'awaiting ready'
        : 'draining';
  return {
    from: `${view.name}@${from}`,
    to: `${view.name}@${target.release}`,
    strategy: desired.strategy,
    step,
    ready,
    total: target.instances,
  };
}

function instanceStatus(
  instance: Instance,
  view: ServiceView,
  members: ReadonlySet<Instance>,
  { state }: IndexedContext,
): InstanceStatus {
  const condition = view.conditions.get(instance.id);
  const error = condition?.state === 'ready' || condition === undefined ? undefined : condition.description;
  const spec = instance.spec;
  return {
    id: instance.id,
    node: state.runtime.node.name,
    slot: instance.slot,
    release: objectOfInstance(instance).split('/')[0] ?? '',
    ...(instance.address !== undefined && { address: instance.address }),
    ports: instance.hostPorts,
    state: instance.state,
    desiredState: members.has(instance) || (isUp(instance) && instance.restartPolicy === 'no') ? 'running' : 'stopped',
    health: condition?.state ?? instance.health,
    created: new Date(instance.createdAt).toISOString(),
    ...(instance.startedAt !== undefined && { since: new Date(instance.startedAt).toISOString() }),
    restarts: instance.restarts,
    ...(error !== undefined && { error }),
    definition: {
      image: spec?.image ?? '',
      memory: Math.round(instance.resources.memory / MB),
      ports: spec?.ports.map((each) => each.port) ?? [],
    },
  };
}

export function withLog(problem: ProblemStatus, logTail: readonly string[] | undefined): ProblemStatus {
  const { message, evidence } = problem;
  const layer = layerOf(problem.reason);
  return {
    layer,
    reason: problem.reason,
    message,
    ...(evidence !== undefined && { evidence }),
    ...(logTail !== undefined && logTail.length > 0 && { logTail }),
  };
}
