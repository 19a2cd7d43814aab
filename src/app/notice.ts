import isEqual from 'fast-deep-equal';
import { diskWarning } from '../core/disk.ts';
import { endWords, hasEnded, runState } from '../core/jobs/run.ts';
import {
  isUp,
  RESTART_ASKED,
  type Instance,
  type ObservedBalancer,
  type ObservedNode,
  type ObservedRuntime,
  type ObservedState,
  type Run,
} from '../core/observed.ts';
import { stoppedWords } from '../core/rollout/readiness.ts';
import { objectOf, objectOfInstance, type Step } from '../core/rollout/steps.ts';
import { noticeBalancer } from './balancer-notice.ts';
import type { Description } from './describe.ts';

/** What has happened between two looks that none of the steps in between has brought about. */
export function notice(before: ObservedState, now: ObservedState, done: readonly Step[]): Description[] {
  const ours = new Set(done.map(objectOf));
  const found = new Map(now.runtime.instances.map((each) => [each.id, each]));
  const others = before.runtime.instances.filter((each) => isUp(each) && !ours.has(objectOfInstance(each)));
  const isOurs = (...kinds: Step['do'][]) => done.some((step) => kinds.includes(step.do));
  return [
    ...others.flatMap((each) => describeFate(each, found.get(each.id))),
    ...describeRuns(before.runtime.runs, now.runtime.runs, ours),
    ...describeDisk(before.runtime.node, now.runtime.node),
    ...(isOurs('networks', 'prune-networks') ? [] : describeNetworks(before.runtime, now.runtime)),
    ...(isOurs('remove-balancer') ? [] : describeBalancer(before.balancer, now.balancer)),
    ...noticeBalancer(before, now),
  ];
}

/** A disk that fills up, or has room again. */
function describeDisk({ disk: before }: ObservedNode, { disk: now }: ObservedNode): Description[] {
  if (before === undefined || now === undefined || before.room === now.room) return [];
  const message = diskWarning(now)?.message ?? 'The disk of the engine has room again.';
  return [['disk', 'cluster', message]];
}

/** What runs do by themselves is their end. One that has ended may go without a word. */
function describeRuns(before: readonly Run[], now: readonly Run[], ours: ReadonlySet<string>): Description[] {
  const found = new Map(now.map((each) => [each.id, each]));
  return before
    .filter((each) => !hasEnded(each))
    .flatMap((each) => {
      const run = found.get(each.id);
      if (run !== undefined && hasEnded(run)) return [describeEnd(run)];
      return ours.has(objectOfInstance(each)) ? [] : describeMeddling(each, run);
    });
}

/** What somebody else does to a run that has not ended. */
function describeMeddling(before: Run, now: Run | undefined): Description[] {
  const { service, name } = before;
  const when = isUp(before) ? 'while it ran' : 'before it began';
  if (now === undefined) return [['fell', service, `${name} is gone: it was removed from outside ${when}`]];
  if (now.state === 'paused' && before.state === 'running')
    return [['paused', service, `${name} was paused from outside`]];
  const changes = changesOf(before, now);
  return changes.length === 0 ? [] : [['changed', service, `${name} was changed from outside: ${changes.join(', ')}`]];
}

function describeEnd(run: Run): Description {
  const { service, release, slot, startedAt = 0, finishedAt = 0 } = run;
  const what = `${service}@${release}, run ${slot}`;
  const seconds = Math.max(0, (finishedAt - startedAt) / 1000).toFixed(1);
  if (runState(run) === 'succeeded') return ['succeeded', service, `${what}, has done its work after ${seconds} s`];
  return ['failed', service, `${what}, failed after ${seconds} s: ${endWords(run)}`];
}

function describeFate(before: Instance, now: Instance | undefined): Description[] {
  const { service, name } = before;
  if (now === undefined) return [['fell', service, `${name} is gone: it was removed from outside`]];
  if (now.state === 'paused' && before.state === 'running')
    return [['paused', service, `${name} was paused from outside`]];
  if (!isUp(now)) return [['fell', service, `${name} fell: ${stoppedWords(now)}`]];
  if (now.restarts !== before.restarts || now.startedAt !== before.startedAt)
    return [['fell', service, `${name} fell, and Docker starts it again`]];
  const changes = changesOf(before, now);
  return changes.length === 0 ? [] : [['changed', service, `${name} was changed from outside: ${changes.join(', ')}`]];
}

function changesOf(before: Instance, now: Instance): string[] {
  return [
    ...now.deviations.filter((each) => !before.deviations.includes(each) && each !== RESTART_ASKED),
    ...(isEqual(now.resources, before.resources) ? [] : ['it has other limits']),
    ...(before.discoverable !== undefined && now.discoverable === undefined ? ['it was taken off its names'] : []),
  ];
}

function describeNetworks(before: ObservedRuntime, now: ObservedRuntime): Description[] {
  const gone = before.networks.filter((name) => !now.networks.includes(name));
  return gone.map((name) => ['fell', 'cluster', `the network ${name} is gone: it was removed from outside`]);
}

function describeBalancer(before: ObservedBalancer, { state: now, deviation }: ObservedBalancer): Description[] {
  if (before.state === 'absent' || before.state === 'stopped') return [];
  if (deviation !== undefined && before.deviation === undefined)
    return [['changed', 'balancer', `the balancer was changed from outside: ${deviation}`]];
  if (now === 'stopped') return [['fell', 'balancer', 'the balancer has stopped']];
  return now === 'absent' ? [['fell', 'balancer', 'the balancer is gone: it was removed from outside']] : [];
}
