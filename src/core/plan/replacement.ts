import { dataWarnings } from './data-warnings.ts';
import { awaitSteps, releaseName, routeSteps, type Details } from './details.ts';
import { hasHostPort } from '../desire.ts';
import { becauseOf, fieldChanges, resourceFields, specFields, type FieldChange } from './fields.ts';
import { versionOf } from '../image.ts';
import type { Instance } from '../observed.ts';
import type { Change } from './plan.ts';
import type { Progress } from '../rollout/progress.ts';

/** A new release takes the place of an old one. */
export function replacement(progress: Progress, old: Instance): Details {
  const { desired, target, view } = progress;
  const fields = releaseChanges(old, target);
  const from = `${view.name}@${old.release}`;
  const to = releaseName(progress);
  return {
    action: desired.strategy === 'green-blue' ? 'swap' : 'replace',
    strategy: desired.strategy,
    because: becauseOf(fields) ?? `${from} → ${to}`,
    drift: false,
    fields,
    from,
    to,
    steps: replacementSteps(progress, from, to),
    warnings: [...gapWarnings(progress), ...dataWarningsOf(progress, old)],
  };
}

/** A version that follows from the image on both sides says nothing that the image does not say. */
function releaseChanges({ spec, resources }: Instance, target: Progress['target']): FieldChange[] {
  if (spec === undefined) return [];
  const all = [
    ...fieldChanges(specFields(spec), specFields(target.container), true),
    ...fieldChanges(resourceFields(resources), resourceFields(target.resources), false),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const isImplied = [spec, target.container].every(({ image, version }) => version === versionOf(image));
  return isImplied ? all.filter(({ path }) => path !== 'version') : all;
}

function replacementSteps(progress: Progress, from: string, to: string): string[] {
  const { view, desired, target, isExclusive, isAtomic } = progress;
  const prepared = [`pull ${target.container.image}`, ...awaitSteps(view)];
  const fresh = [`ensure ${to} ×${target.instances}`, `await ready`];
  const route = routeSteps(desired, to);
  const { parallelism, monitor, keepOld } = desired.service.update;
  if (isExclusive)
    return [
      ...prepared,
      `drain ${from}`,
      `stop ${from}`,
      ...fresh,
      ...route,
      `monitor ${monitor / 1000} s`,
      `remove ${from}`,
    ];
  if (isAtomic) {
    const switched =
      desired.routedBy.length > 0 ? `switch ${desired.routedBy.join(', ')} to ${to}` : `switch the name to ${to}`;
    return [
      ...prepared,
      ...fresh,
      switched,
      `monitor ${monitor / 1000} s`,
      `drain ${from}`,
      `keep ${from} for ${keepOld / 1000} s`,
      `remove ${from}`,
    ];
  }
  const batch = `${parallelism} at a time: ensure ${to}, await ready, monitor ${monitor / 1000} s, drain and stop ${from}`;
  return [...prepared, batch, `remove ${from}`];
}

function gapWarnings(progress: Progress): Change['warnings'] {
  const { desired, isExclusive, isStopFirst, view, target } = progress;
  if (isExclusive) return [{ code: 'gap', message: gapWords(progress) }];
  const isForced = isStopFirst && desired.service.update.order !== 'stop-first';
  if (!isForced || desired.strategy === 'green-blue') return [];
  const message = `${view.name} runs with ${target.instances - 1} of ${target.instances} instances meanwhile: the node has no room for one more.`;
  return [{ code: 'gap', message }];
}

function gapWords({ desired, view: { name, lastGap } }: Progress): string {
  const reason = hasHostPort(desired.service.container)
    ? 'its host port belongs to one container at a time'
    : 'two releases cannot share what they write to';
  const last = lastGap === undefined ? '' : `; last time that took ${(lastGap / 1000).toFixed(1)} s`;
  return `${name} does not answer between the stop of the old and the start of the new: ${reason}${last}.`;
}

function dataWarningsOf({ view: { name, cluster }, target }: Progress, { spec }: Instance): Change['warnings'] {
  return spec === undefined ? [] : dataWarnings({ name, cluster, from: spec, to: target.container });
}
