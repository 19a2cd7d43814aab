import { releaseName, type Details } from './details.ts';
import { becauseOf, fieldChanges, resourceFields, type FieldChange } from './fields.ts';
import { isUp } from '../observed.ts';
import type { Progress } from '../rollout/progress.ts';
import { stoppedWords } from '../rollout/readiness.ts';

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

/** Another http check concerns the balancer alone. */
export function checkUpdate({ view, desired, target }: Progress): Details | undefined {
  const recorded = view.routing.checksByService.get(view.name) ?? [];
  if (recorded.length === 0 || desired.checks.every((each) => recorded.some((other) => other.name === each.name)))
    return undefined;
  const before = Object.fromEntries(recorded.map(({ check, timeout }) => [check.type, { ...check, timeout }]));
  const after = Object.fromEntries(desired.checks.map(({ check, timeout }) => [check.type, { ...check, timeout }]));
  const fields = fieldChanges({ healthCheck: before }, { healthCheck: after }, false);
  const to = `${view.name}@${target.release}`;
  return {
    action: 'update',
    because: becauseOf(fields) ?? 'its check changes',
    drift: false,
    fields,
    from: to,
    to,
    steps: ['check with the new rules'],
  };
}
