import { releaseName, type Details } from './details.ts';
import { becauseOf, durationText, fieldChanges, resourceFields, type FieldChange } from './fields.ts';
import type { CheckDefinition } from '../desire.ts';
import { isUp } from '../observed.ts';
import type { Progress } from '../rollout/progress.ts';
import { serverId, stoppedWords } from '../rollout/readiness.ts';

/** What the live state lost by itself. */
export function driftOf(progress: Progress): Details | undefined {
  const { view, target, current, slots } = progress;
  const own = view.instances.filter((each) => each.release === target.release);
  const highest = Math.max(0, ...own.map((each) => each.slot));
  const reasons = [
    ...own
      .filter((each) => slots.includes(each.slot) && !isUp(each))
      .map((each) => `${each.name} ${stoppedWords(each)}`),
    ...slots
      .filter((slot) => slot < highest && !own.some((each) => each.slot === slot))
      .map((slot) => `instance ${slot} is gone`),
    ...current.filter((each) => each.state === 'paused').map((each) => `${each.name} is paused`),
    ...current.flatMap((each) => each.deviations.map((deviation) => `${each.name}: ${deviation}`)),
  ];
  if (reasons.length === 0) return undefined;
  const to = releaseName(progress);
  const action = current.some((each) => each.deviations.length > 0) ? 'replace' : 'update';
  return {
    action,
    because: reasons.join('; '),
    drift: true,
    fields: [],
    to,
    steps: [`ensure ${to} ×${target.instances}`, 'await ready'],
  };
}

/** More or fewer instances of the same release. */
export function scaling(progress: Progress): Details | undefined {
  const { view, target, current, surplus } = progress;
  const now = current.length + surplus.filter(isUp).length;
  if (now === target.instances) return undefined;
  const to = releaseName(progress);
  const grow = [`ensure ${to} ×${target.instances}`, 'await ready'];
  const shrink = [`drain instances above ${target.instances}`, `stop them`, `remove them`];
  const field: FieldChange = {
    path: 'instances',
    from: String(now),
    to: String(target.instances),
    forcesReplacement: false,
  };
  const steps = now < target.instances ? grow : shrink;
  return {
    action: 'scale',
    because: `instances ${now} → ${target.instances}`,
    drift: false,
    fields: [field],
    from: `${view.name}@${target.release}`,
    to,
    steps,
  };
}

/** Limits and restart policy: changed in the running containers. */
export function liveUpdate({ view, desired, target, current }: Progress): Details | undefined {
  const wanted = { ...resourceFields(target.resources), restart: desired.service.restart };
  const settled = current.filter((each) => each.restartPolicy !== 'no');
  const fields = settled.flatMap((each) =>
    fieldChanges({ ...resourceFields(each.resources), restart: each.restartPolicy }, wanted, false),
  );
  const unique = [...new Map(fields.map((each) => [each.path, each])).values()];
  if (unique.length === 0) return undefined;
  const to = `${view.name}@${target.release}`;
  return {
    action: 'update',
    because: becauseOf(unique) ?? '',
    drift: false,
    fields: unique,
    from: to,
    to,
    steps: [`update ${to} in place`],
  };
}

/** Another http check, or none any more, concerns the balancer alone. */
export function checkUpdate({ view, desired, target, current }: Progress): Details | undefined {
  const settled = current.filter((each) => each.restartPolicy !== 'no');
  const isKnown = view.balancer.state === 'absent' || view.balancer.table !== undefined;
  if (settled.length === 0 || !isKnown) return undefined;
  const asked = settled.flatMap((each) => view.routing.checksByServer.get(serverId(each)) ?? []);
  const after = desired.checks.find(isHttp);
  const before = asked.find((each) => each.name === after?.name) ?? asked.find(isHttp);
  const fields = fieldChanges(checkFields(before), checkFields(after), false);
  if (fields.length === 0) return undefined;
  const to = `${view.name}@${target.release}`;
  const isLost = view.balancer.state === 'absent';
  return {
    action: 'update',
    because: `${becauseOf(fields) ?? ''}${isLost ? ", or was lost with the balancer's container" : ''}`,
    drift: false,
    fields,
    from: to,
    to,
    steps: ['check with the new rules'],
  };
}

/** Those of load balancers are theirs. */
function isHttp({ check, pace }: CheckDefinition): boolean {
  return check.type === 'http' && pace === undefined;
}

/** As its manifest spells it. */
function checkFields(definition: CheckDefinition | undefined): object {
  if (definition?.check.type !== 'http') return {};
  const { check, timeout } = definition;
  const { path, port, status } = check;
  return { healthCheck: { http: { path, port, status }, timeout: durationText(timeout) } };
}
