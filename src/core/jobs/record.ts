import type { RecordedRun, Run } from '../observed.ts';
import { hasEnded, runState } from './run.ts';

/** Releases that are remembered, of all jobs together. */
const MOST = 2_000;

/** The record with the runs that have ended since, the last one of each release; runs by a schedule are none of a release. */
export function withEnded(recorded: readonly RecordedRun[], runs: readonly Run[]): readonly RecordedRun[] {
  const byRelease = new Map(recorded.map((each) => [each.release, each]));
  const ended = runs.filter((each) => each.schedule === undefined && hasEnded(each)).map(recordOf);
  const news = ended.filter((each) => each.finishedAt > (byRelease.get(each.release)?.finishedAt ?? -1));
  if (news.length === 0) return recorded;
  for (const each of news.sort(byEnd)) byRelease.set(each.release, each);
  return [...byRelease.values()].sort(byEnd).slice(-MOST);
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
