import type { RecordedRun, Run } from '../observed.ts';
import { hasEnded, runState } from './run.ts';

/** Releases that are remembered, of all jobs together, beside those that are wanted or have a container that tells. */
const MOST = 2_000;

/**
 * The record with the runs that have ended since, the last one of each release; runs by a schedule are none of a release.
 * `wanted`: releases, such as `migrate@3f9c1a2`.
 */
export function withEnded(
  recorded: readonly RecordedRun[],
  runs: readonly Run[],
  wanted: ReadonlySet<string>,
): readonly RecordedRun[] {
  const byRelease = new Map(recorded.map((each) => [each.release, each]));
  const ended = runs.filter((each) => each.schedule === undefined && hasEnded(each)).map(recordOf);
  const news = ended.filter((each) => each.finishedAt > (byRelease.get(each.release)?.finishedAt ?? -1));
  if (news.length === 0) return recorded;
  for (const each of news.sort(byEnd)) byRelease.set(each.release, each);
  const all = [...byRelease.values()].sort(byEnd);
  const seen = new Set(ended.map(({ release }) => release));
  const isHeld = ({ release }: RecordedRun) => wanted.has(release) || seen.has(release);
  const latest = new Set(all.filter((each) => !isHeld(each)).slice(-MOST));
  return all.filter((each) => isHeld(each) || latest.has(each));
}

function byEnd(a: RecordedRun, b: RecordedRun): number {
  return a.finishedAt - b.finishedAt;
}

/** What cannot be started has no end of its own. */
function recordOf(run: Run): RecordedRun {
  const { service, release, exitCode = -1, finishedAt, createdAt } = run;
  const succeeded = runState(run) === 'succeeded';
  return { release: `${service}@${release}`, succeeded, exitCode, finishedAt: finishedAt ?? createdAt };
}
