import { awaitSteps, NONE, releaseName, routeSteps, type Details } from './details.ts';
import { checkUpdate, driftOf, liveUpdate, scaling } from './in-place.ts';
import { isUp } from '../observed.ts';
import type { Change } from './plan.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Progress } from '../rollout/progress.ts';
import { replacement } from './replacement.ts';
import { wantedTarget } from '../rollout/target.ts';
import { bestRelease, type ServiceView } from '../rollout/view.ts';

/** The change of one service, for people. */
export function changeOf(decision: Decision): Change {
  const { view } = decision;
  return { kind: 'Service', name: view.name, warnings: [], ...detailsOf(decision) };
}

function detailsOf({ view, progress }: Decision): Details {
  if (progress === undefined) return retirement(view);
  if (view.instances.length === 0) return creation(progress);
  if (progress.verdict.quarantined)
    return { ...NONE, because: `${releaseName(progress)} failed; it is tried again when the manifest changes` };
  if (progress.isAwaiting && progress.target.rollback) return awaitingReplacement(progress);
  if (progress.target.rollback) return { ...NONE, because: `${releaseName(progress)} does not fit on the node` };
  const from = view.instances.find(
    (each) => each.release !== progress.target.release && (isUp(each) || each.restartPolicy !== 'no'),
  );
  const isUnderWay = from !== undefined && progress.current.length < progress.target.instances;
  if (isUnderWay || (from !== undefined && !progress.isAtomic && progress.old.length > 0))
    return replacement(progress, from);
  return driftOf(progress) ?? scaling(progress) ?? liveUpdate(progress) ?? checkUpdate(progress) ?? NONE;
}

/** What it will do once what it depends on is ready. */
function awaitingReplacement(progress: Progress): Details {
  const { view, desired, target } = progress;
  const from = view.instances.find(({ release }) => release === target.release);
  return from === undefined ? NONE : replacement({ ...progress, target: wantedTarget(view, desired) }, from);
}

function retirement(view: ServiceView): Details {
  const [first] = view.instances;
  if (first === undefined) return { ...NONE, because: 'not wanted, and not there' };
  const from = `${view.name}@${(bestRelease(view, view.instances)?.[0] ?? first).release}`;
  const after = view.neededBy.map((each) => `await the end of ${each}`);
  const steps = [...after, `drain ${from}`, `stop ${from}`, `remove ${from}`];
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
    ...awaitSteps(view),
    `ensure ${to} ×${target.instances}`,
    'await ready',
    ...routeSteps(desired, to),
  ];
  const because = `${view.name} is new`;
  return { action: 'create', strategy: desired.strategy, because, drift: false, fields: [], to, steps };
}
