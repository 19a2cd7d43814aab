import { NO_IMAGES, withFetched, withNeeds, withoutFetched, type ImageRecord } from './housekeeping/images.ts';
import { withEnded } from './jobs/record.ts';
import type { DesiredState } from './desire.ts';
import type { ObservedState, RecordedGap, RecordedRun } from './observed.ts';
import type { Decision } from './rollout/decide.ts';
import { gapsOf, withGaps } from './rollout/gap.ts';
import type { Result } from './rollout/lessons.ts';
import type { Memory } from './rollout/memory.ts';

/** What outlives a process beside what the engine and the repository tell. */
export interface Records {
  /** How the runs of releases ended: their containers may be gone since, by the job's history or somebody who cleans up. */
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
  /** Steps that have ended since the last time. */
  readonly ended: readonly Result[];
}

/** The records with what a pass has seen; the same ones where there is nothing new. */
export function recordsAfter(records: Records, news: News): Records {
  const runs = withEnded(records.runs, news.state.runtime.runs);
  const images = imagesAfter(records.images, news);
  return runs === records.runs && images === records.images ? records : { ...records, runs, images };
}

/** The records with gaps that are over. */
export function withGapsOf(records: Records, decisions: readonly Decision[]): Records {
  const gaps = withGaps(records.gaps, gapsOf(decisions));
  return gaps === records.gaps ? records : { ...records, gaps };
}

function imagesAfter(record: ImageRecord, { desired, state, memory, ended }: News): ImageRecord {
  const done = ended.filter((each) => each.status === 'done');
  const fetched = done.reduce((known, { step, image }) => {
    return step.do === 'pull' && image?.isNew ? withFetched(known, image.id, step.image) : known;
  }, record);
  const removed = done.flatMap(({ step }) => (step.do === 'prune-images' ? step.images.map(({ id }) => id) : []));
  return withNeeds(withoutFetched(fetched, removed), {
    runtime: state.runtime,
    wanted: [...desired.services.map(({ service }) => service), ...desired.jobs.map(({ job }) => job)].map(imageOf),
    pulled: Object.values(memory.images).map(({ id }) => id),
    date: state.date,
  });
}

function imageOf({ name, container }: { readonly name: string; readonly container: { readonly image: string } }) {
  return { name, image: container.image };
}
