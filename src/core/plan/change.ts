import { hasHostPort, type DesiredService } from '../desire.ts';
import { fieldChanges, type FieldChange } from './fields.ts';
import { versionOf } from '../image.ts';
import type { ContainerSpec, Resources } from '../model.ts';
import { isUp, type Instance } from '../observed.ts';
import type { Change } from './plan.ts';
import type { Progress } from '../rollout/progress.ts';
import { stoppedWords } from '../rollout/readiness.ts';
import { canonicalResources } from '../resources.ts';
import type { Decision } from '../rollout/decide.ts';
import { bestRelease, type ServiceView } from '../rollout/view.ts';

type Details = Omit<Change, 'kind' | 'name' | 'warnings'> & { readonly warnings?: Change['warnings'] };

/** The change of one service, for people. */
export function changeOf(decision: Decision): Change {
  const { view } = decision;
  return { kind: 'Service', name: view.name, warnings: [], ...detailsOf(decision) };
}

const NONE: Details = { action: 'none', because: 'as wanted', drift: false, fields: [], steps: [] };

function detailsOf({ view, progress }: Decision): Details {
  if (progress === undefined) return retirement(view);
  if (view.instances.length === 0) return creation(progress);
  if (progress.verdict.quarantined)
    return { ...NONE, because: `${releaseName(progress)} failed; it is tried again when the manifest changes` };
  if (progress.target.rollback) return { ...NONE, because: `${releaseName(progress)} does not fit on the node` };
  const from = view.instances.find(
    (each) => each.release !== progress.target.release && (isUp(each) || each.restartPolicy !== 'no'),
  );
  const isUnderWay = from !== undefined && progress.current.length < progress.target.instances;
  if (isUnderWay || (from !== undefined && !progress.isAtomic && progress.old.length > 0))
    return replacement(progress, from);
  return driftOf(progress) ?? scaling(progress) ?? liveUpdate(progress) ?? checkUpdate(progress) ?? NONE;
}

function releaseName({ view, desired }: Progress): string {
  return `${view.name}@${desired.release}`;
}

function retirement(view: ServiceView): Details {
  const [first] = view.instances;
  if (first === undefined) return { ...NONE, because: 'not wanted, and not there' };
  const from = `${view.name}@${(bestRelease(view, view.instances)?.[0] ?? first).release}`;
  const steps = [`drain ${from}`, `stop ${from}`, `remove ${from}`];
  if (view.desired !== undefined) {
    const because = view.desired.service.enabled ? `instances ${view.instances.length} → 0` : 'enabled: false';
    return { action: 'scale', because, drift: false, fields: [], from, steps };
  }
  const message = `${view.name} is removed: its manifest is gone. Volumes stay.`;
  return {
    action: 'remove',
    because: 'no manifest any more',
    drift: false,
    fields: [],
    from,
    steps,
    warnings: [{ code: 'removal', message }],
  };
}

function creation(progress: Progress): Details {
  const { desired, target, view } = progress;
  const to = releaseName(progress);
  if (target.instances === 0) return { ...NONE, because: 'it does not fit on the node' };
  const steps = [
    `pull ${target.container.image}`,
    `ensure ${to} ×${target.instances}`,
    'await ready',
    ...routeSteps(desired, to),
  ];
  const because = `${view.name} is new`;
  return { action: 'create', strategy: desired.strategy, because, drift: false, fields: [], to, steps };
}

function replacement(progress: Progress, old: Instance): Details {
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
    warnings: gapWarnings(progress),
  };
}

/** A version that follows from the image on both sides says nothing that the image does not say. */
function releaseChanges({ spec, resources }: Instance, target: Progress['target']): FieldChange[] {
  if (spec === undefined) return [];
  const all = [
    ...fieldChanges(fieldsOf(spec), fieldsOf(target.container), true),
    ...fieldChanges(describeResources(resources), describeResources(target.resources), false),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const isImplied = [spec, target.container].every(({ image, version }) => version === versionOf(image));
  return isImplied ? all.filter(({ path }) => path !== 'version') : all;
}

function replacementSteps({ desired, target, isExclusive, isAtomic }: Progress, from: string, to: string): string[] {
  const { image } = target.container;
  const fresh = [`ensure ${to} ×${target.instances}`, `await ready`];
  const route = routeSteps(desired, to);
  const { parallelism, monitor, keepOld } = desired.service.update;
  if (isExclusive)
    return [
      `pull ${image}`,
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
      `pull ${image}`,
      ...fresh,
      switched,
      `monitor ${monitor / 1000} s`,
      `drain ${from}`,
      `keep ${from} for ${keepOld / 1000} s`,
      `remove ${from}`,
    ];
  }
  const batch = `${parallelism} at a time: ensure ${to}, await ready, monitor ${monitor / 1000} s, drain and stop ${from}`;
  return [`pull ${image}`, batch, `remove ${from}`];
}

function routeSteps(desired: DesiredService, to: string): string[] {
  return desired.routedBy.map((name) => `route ${name} to ${to}`);
}

function gapWarnings({ desired, isExclusive, isStopFirst, view, target }: Progress): Change['warnings'] {
  const reason = hasHostPort(desired.service.container)
    ? 'its host port belongs to one container at a time'
    : 'two releases cannot share what they write to';
  if (isExclusive)
    return [
      {
        code: 'gap',
        message: `${view.name} does not answer between the stop of the old and the start of the new: ${reason}.`,
      },
    ];
  const isForced = isStopFirst && desired.service.update.order !== 'stop-first';
  if (!isForced || desired.strategy === 'green-blue') return [];
  const message = `${view.name} runs with ${target.instances - 1} of ${target.instances} instances meanwhile: the node has no room for one more.`;
  return [{ code: 'gap', message }];
}

/** What the live state lost by itself. */
function driftOf(progress: Progress): Details | undefined {
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

function scaling(progress: Progress): Details | undefined {
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
function liveUpdate({ view, desired, target, current }: Progress): Details | undefined {
  const wanted = { ...describeResources(target.resources), restart: desired.service.restart };
  const settled = current.filter((each) => each.restartPolicy !== 'no');
  const fields = settled.flatMap((each) =>
    fieldChanges({ ...describeResources(each.resources), restart: each.restartPolicy }, wanted, false),
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
function checkUpdate({ view, desired, target }: Progress): Details | undefined {
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

function becauseOf(fields: readonly FieldChange[]): string | undefined {
  if (fields.length === 0) return undefined;
  const shown = fields.slice(0, 3).map(({ path, from, to }) => `${path} ${from ?? '(none)'} → ${to ?? '(none)'}`);
  return fields.length > 3 ? `${shown.join('; ')}; and ${fields.length - 3} more` : shown.join('; ');
}

/** The spec as its manifest spells it. */
function fieldsOf({ healthCommand, ...container }: ContainerSpec): object {
  return { ...container, ...(healthCommand && { healthCheck: healthCommand }) };
}

function describeResources(resources: Resources): object {
  const { cpu, memory, limits } = canonicalResources(resources);
  return {
    cpu: cpu || undefined,
    memory: sizeText(memory),
    limits: { cpu: limits.cpu, memory: sizeText(limits.memory) },
  };
}

function sizeText(bytes: number | undefined): string | undefined {
  if (!bytes) return undefined;
  const mb = bytes / 1024 / 1024;
  return Number.isInteger(mb) ? `${mb}M` : `${bytes} bytes`;
}
