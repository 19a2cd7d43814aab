import type { DesiredService } from '../desire.ts';
import type { PullPolicy } from '../model.ts';
import { isTrusted } from '../observed.ts';
import type { SlotSpec } from '../ports.ts';
import { allowance, startDue } from './pace.ts';
import { isFetched, isFoundAtOnce, type Progress } from './progress.ts';
import type { Step } from './steps.ts';
import { wantedTarget } from './target.ts';
import type { ServiceView } from './view.ts';

/** A new release is fetched before anything else happens. */
function pullStep({ view, target, desired }: Progress): Step {
  const { release, container } = target;
  return { do: 'pull', service: view.name, release, image: container.image, policy: pullPolicy(view, desired) };
}

/** What waits for other services is fetched meanwhile. */
export function prefetchSteps({ view, target, desired, isAwaiting }: Progress): Step[] {
  if (!isAwaiting || !target.rollback) return [];
  const wanted = wantedTarget(view, desired);
  if (isFetched(view, wanted)) return [];
  const { release, container } = wanted;
  return [{ do: 'pull', service: view.name, release, image: container.image, policy: pullPolicy(view, desired) }];
}

/** A new version of the same image reference is fetched anew, unless that is forbidden. */
function pullPolicy(view: ServiceView, { service }: DesiredService): PullPolicy {
  const { image, version } = service.container;
  if (service.pullPolicy !== 'missing') return service.pullPolicy;
  return view.instances.some((each) => each.spec?.image === image && each.version !== version) ? 'always' : 'missing';
}

export function growSteps(progress: Progress): Step[] {
  const missing = missingSlots(progress);
  if (missing.length === 0) return [];
  if (!isFetched(progress.view, progress.target)) return [pullStep(progress)];
  if (!progress.isPrepared) return [];
  const due = missing.filter((slot) => progress.view.now >= startDue(progress, slot));
  return due.slice(0, allowance(progress)).map((slot) => ({ do: 'ensure', slot: slotSpec(progress, slot) }));
}

export function missingSlots({ slots, current }: Progress): number[] {
  const taken = new Set(current.map((each) => each.slot));
  return slots.filter((slot) => !taken.has(slot));
}

function slotSpec(progress: Progress, slot: number): SlotSpec {
  const { view, target, desired, verdict, isTrial } = progress;
  const { release, container, resources } = target;
  const sibling = view.instances.find((each) => each.release === release);
  const imageId = sibling?.imageId ?? view.memory.images[`${view.name}@${release}`]?.id;
  const isTolerated = verdict.tolerated.some((each) => each.slot === slot);
  // One that was put up with is put on trial no more, however often it is tried.
  const isNoCandidate = view.instances.some(
    (each) => each.release === release && each.slot === slot && isTrusted(each),
  );
  const made = {
    service: view.name,
    release,
    slot,
    container,
    resources,
    discoverable: isFoundAtOnce(progress),
    restart: isTrial && !isTolerated && !isNoCandidate ? ('no' as const) : desired.service.restart,
    ...(desired.service.contents && release === desired.release && { contents: desired.service.contents }),
    ...(desired.service.dependsOn && { dependsOn: desired.service.dependsOn }),
    revision: view.revision,
  };
  return imageId === undefined ? made : { ...made, imageId };
}
