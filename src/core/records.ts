import {
  NO_IMAGES,
  withFetched,
  withKept,
  withMoved,
  withNeeds,
  withoutFetched,
  withoutSpare,
  type ImagePolicy,
  type ImageRecord,
} from './housekeeping/images.ts';
import { withRuns } from './jobs/record.ts';
import type { DesiredState } from './desire.ts';
import type { ObservedState, RecordedGap, RecordedRun } from './observed.ts';
import type { PulledImage } from './ports.ts';
import type { Decision } from './rollout/decide.ts';
import { gapsOf, withGaps } from './rollout/gap.ts';
import type { Result } from './rollout/lessons.ts';
import type { Memory } from './rollout/memory.ts';

/** What outlives a process beside what the engine and the repository tell. */
export interface Records {
  /** How the runs of releases ended, or that they began: their containers may be gone since, by the job's history or somebody who cleans up. */
  readonly runs: readonly RecordedRun[];
  /** How long the last replacement of a service left it without anybody ready. */
  readonly gaps: readonly RecordedGap[];
  readonly images: ImageRecord;
}

export const NO_RECORDS: Records = { runs: [], gaps: [], images: NO_IMAGES };

/** What of it is a part of what is observed. */
export type Past = Required<Pick<ObservedState, 'recorded' | 'gaps'>>;

export function pastOf({ runs, gaps }: Records): Past {
  return { recorded: runs, gaps };
}

export interface News {
  readonly desired: DesiredState;
  readonly state: ObservedState;
  readonly memory: Memory;
  readonly policy: ImagePolicy;
}

/** The records with what a pass has seen; the same ones where there is nothing new. */
export function recordsAfter(records: Records, { desired, state, memory, policy }: News): Records {
  const releases = new Set(desired.jobs.map(({ name, release }) => `${name}@${release}`));
  const runs = withRuns(records.runs, state.runtime.runs, releases);
  const needs = withNeeds(records.images, {
    runtime: state.runtime,
    wanted: [...desired.services.map(({ service }) => service), ...desired.jobs.map(({ job }) => job)].map(imageOf),
    pulled: Object.values(memory.images).map(({ id }) => id),
    date: state.date,
  });
  const images = withoutSpare(needs, policy, state.date);
  return runs === records.runs && images === records.images ? records : { ...records, runs, images };
}

/** The records with what these steps have come to. */
export function withResults(records: Records, ended: readonly Result[], date: number): Records {
  const images = ended.reduce((known, result) => imagesAfter(known, result, date), records.images);
  return images === records.images ? records : { ...records, images };
}

function imagesAfter(record: ImageRecord, result: Result, date: number): ImageRecord {
  const { step } = result;
  if (result.status === 'failed') return record;
  if (step.do === 'pull' && result.image !== undefined) return imagesWith(record, result.image, step.image);
  if (step.do !== 'prune-images') return record;
  const { removed = [] } = result;
  const left = step.images.map(({ id }) => id).filter((id) => !removed.includes(id));
  return withKept(withoutFetched(record, removed), left, date);
}

/** What somebody else has brought stays theirs, also where it is fetched once more under another name. */
function imagesWith(record: ImageRecord, { id, isNew, wasThere }: PulledImage, reference: string): ImageRecord {
  const isOurs = isNew === true && (wasThere !== true || record.images.some((each) => each.id === id));
  return isOurs ? withFetched(record, id, reference) : withMoved(record, id, reference);
}

/** The records with gaps that are over. */
export function withGapsOf(records: Records, decisions: readonly Decision[]): Records {
  const gaps = withGaps(records.gaps, gapsOf(decisions));
  return gaps === records.gaps ? records : { ...records, gaps };
}

function imageOf({ name, container }: { readonly name: string; readonly container: { readonly image: string } }) {
  return { name, image: container.image };
}
