import isEqual from 'fast-deep-equal';
import type { DesiredJob } from '../desire.ts';
import type { PullPolicy } from '../model.ts';
import type { Run } from '../observed.ts';
import type { SlotSpec } from '../ports.ts';
import { canonicalResources, resourcesText } from '../resources.ts';
import { objectOf, type Step } from '../rollout/steps.ts';
import { hasBegun } from './run.ts';
import { scheduleText } from './schedule.ts';
import type { JobView } from './view.ts';

/** So long a run that was made is left alone: somebody may be about to begin it, and the engine may need a moment. */
const PATIENCE = 60_000;
/** So long one that is made only half: whoever made it is at it, or has ended. */
const MAKING = 15_000;

/** The run to come: its image is fetched and its container made, so that it can begin in a moment. */
export function makeSteps(view: JobView, desired: DesiredJob): Step[] {
  const { job, release, name } = desired;
  const { image, networks } = job.container;
  const isNew = (each: Run) => !hasBegun(each) && isMeant(desired, each) && view.now < patienceEnds(each, view.now);
  if (view.isMaking || view.runs.some(isNew)) return [];
  const slot = runSlot(view, desired);
  const imageId = view.memory.images[`${name}@${release}`]?.id ?? knownImage(view, slot);
  if (imageId === undefined)
    return [{ do: 'pull', service: name, release, image, policy: fetchPolicy(view.runs, desired) }];
  if (networks.some((each) => view.missingNetworks.includes(each))) return [];
  return [{ do: 'prepare', slot: { ...slot, imageId } }];
}

/** That of the last run of the release, unless the engine has shown that somebody has taken it away. */
function knownImage({ runs, memory }: JobView, slot: SlotSpec): string | undefined {
  const failure = memory.failures[objectOf({ do: 'prepare', slot })];
  return failure?.problem.reason === 'image-not-found' ? undefined : imageOfRelease(runs, slot.release);
}

/** The image that the release was fetched as; undefined where it has no run. */
export function imageOfRelease(runs: readonly Run[], release: string): string | undefined {
  return runs.findLast((each) => each.release === release)?.imageId;
}

/** A new version of the same image reference is fetched anew, unless that is forbidden. */
export function fetchPolicy(runs: readonly Run[], { job: { pullPolicy, container } }: DesiredJob): PullPolicy {
  const isMoved = ({ spec, version }: Run) => spec?.image === container.image && version !== container.version;
  return pullPolicy === 'missing' && runs.some(isMoved) ? 'always' : pullPolicy;
}

/** The run that comes after all that there are. */
export function runSlot(
  { runs, revision, now }: Pick<JobView, 'runs' | 'revision' | 'now'>,
  { job, release }: DesiredJob,
): SlotSpec {
  const schedule = job.schedule && scheduleText(job.schedule);
  // Another one in its place is due when it would have been.
  const before =
    schedule === undefined ? undefined : runs.find((each) => !hasBegun(each) && each.schedule === schedule);
  return {
    role: 'job',
    service: job.name,
    release,
    slot: Math.max(0, ...runs.map((each) => each.slot)) + 1,
    container: job.container,
    resources: job.resources,
    discoverable: false,
    restart: 'no',
    retries: job.retries,
    ...(schedule !== undefined && { schedule }),
    madeAt: Math.min(before?.madeAt ?? now, now),
    ...(job.contents && { contents: job.contents }),
    ...(job.dependsOn && { dependsOn: job.dependsOn }),
    revision,
  };
}

/** What was made for another release, another schedule or with other limits, or only half, is made anew. */
export function isAsWanted(desired: DesiredJob, run: Run): boolean {
  return isMeant(desired, run) && isWhole(run) && isEqual(run.resources, canonicalResources(desired.job.resources));
}

function isWhole({ state, deviations, discoverable }: Run): boolean {
  return state !== 'dead' && deviations.length === 0 && discoverable !== undefined;
}

/** It may begin when it is due; one that was made by a clock that was wrong would not be for long. */
export function isNext({ now }: JobView, desired: DesiredJob, run: Run): boolean {
  const isAhead = run.schedule !== undefined && run.madeAt > now + PATIENCE;
  return !hasBegun(run) && isAsWanted(desired, run) && !isAhead;
}

/** It was made of the same manifest, whatever the engine has made of it. */
export function isMeant({ job, release }: DesiredJob, run: Run): boolean {
  const schedule = job.schedule && scheduleText(job.schedule);
  const isSame = run.asked === resourcesText(job.resources) && run.retries === job.retries;
  return run.release === release && run.schedule === schedule && isSame;
}

/** One that takes the place of another has its time, and is as new as it is. Times far ahead are of a clock that was wrong. */
export function patienceEnds(run: Run, now: number): number {
  const since = [run.madeAt, run.createdAt].filter((at) => at <= now + PATIENCE);
  return Math.max(0, ...since) + (isWhole(run) ? PATIENCE : MAKING);
}
