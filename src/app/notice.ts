import { isUp, type Instance, type ObservedBalancer, type ObservedState } from '../core/observed.ts';
import { stoppedWords } from '../core/rollout/readiness.ts';
import { objectOf, objectOfInstance, type Step } from '../core/rollout/steps.ts';
import type { Description } from './describe.ts';

/** What has happened between two looks that none of the steps in between has brought about. */
export function notice(before: ObservedState, now: ObservedState, done: readonly Step[]): Description[] {
  const ours = new Set(done.map(objectOf));
  const found = new Map(now.runtime.instances.map((each) => [each.id, each]));
  const others = before.runtime.instances.filter((each) => isUp(each) && !ours.has(objectOfInstance(each)));
  return [
    ...others.flatMap((each) => describeFall(each, found.get(each.id))),
    ...(done.some((step) => step.do === 'remove-balancer') ? [] : describeBalancer(before.balancer, now.balancer)),
  ];
}

function describeFall(before: Instance, now: Instance | undefined): Description[] {
  const { service, name } = before;
  if (now === undefined) return [['fell', service, `${name} is gone: it was removed from outside`]];
  if (now.state === 'paused' && before.state === 'running')
    return [['paused', service, `${name} was paused from outside`]];
  if (!isUp(now)) return [['fell', service, `${name} fell: ${stoppedWords(now)}`]];
  if (now.restarts === before.restarts && now.startedAt === before.startedAt) return [];
  return [['fell', service, `${name} fell, and Docker starts it again`]];
}

function describeBalancer(before: ObservedBalancer, { state: now, deviation }: ObservedBalancer): Description[] {
  if (before.state === 'absent' || before.state === 'stopped') return [];
  if (deviation !== undefined && before.deviation === undefined)
    return [['changed', 'balancer', `the balancer was changed from outside: ${deviation}`]];
  if (now === 'stopped') return [['fell', 'balancer', 'the balancer has stopped']];
  return now === 'absent' ? [['fell', 'balancer', 'the balancer is gone: it was removed from outside']] : [];
}
