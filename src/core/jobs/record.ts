import { isUp, type RecordedRun, type Run } from '../observed.ts';
import { hasEnded, runState } from './run.ts';

/** Releases that are remembered, of all jobs together, beside those that are wanted or have a container that tells. */
const MOST = 2_000;

/**
 * The record with the runs that have begun or ended since, the last one of each release; runs by a schedule are none of a
 * release. `wanted`: releases, such as `migrate@3f9c1a2`.
 */
export function withRuns(
  recorded: readonly RecordedRun[],
  runs: readonly Run[],
  wanted: ReadonlySet<string>,
): readonly RecordedRun[] {
  const byRelease = new Map(recorded.map((each) => [each.release, each]));
  const telling = runs.filter((each) => each.schedule === undefined && (isUp(each) || hasEnded(each)));
  const news = telling.filter((each) => isNews(each, byRelease.get(releaseOf(each)))).map(recordOf);
  if (news.length === 0) return recorded;
  for (const each of news.sort(byEnd)) byRelease.set(each.release, each);
  const all = [...byRelease.values()].sort(byEnd);
  const seen = new Set(telling.map(releaseOf));
  const isHeld = ({ release }: RecordedRun) => wanted.has(release) || seen.has(release);
  const latest = new Set(all.filter((each) => !isHeld(each)).slice(-MOST));
  return all.filter((each) => isHeld(each) || latest.has(each));
}

/** One that is up has begun once, however often it was tried again since. */
function isNews(run: Run, known: RecordedRun | undefined): boolean {
  if (known === undefined) return true;
  const isOpen = known.startedAt !== undefined;
  const { finishedAt } = recordOf(run);
  if (isUp(run)) return (isOpen ? run.createdAt : finishedAt) > known.finishedAt;
  return isOpen ? finishedAt >= known.finishedAt : finishedAt > known.finishedAt;
}

function byEnd(a: RecordedRun, b: RecordedRun): number {
  return a.finishedAt - b.finishedAt;
}

function releaseOf({ service, release }: Run): string {
  return `${service}@${release}`;
}

/** What cannot be started has no end of its own, and what is up has none yet. */
function recordOf(run: Run): RecordedRun {
  const { exitCode = -1, startedAt, finishedAt, createdAt } = run;
  const release = releaseOf(run);
  const beganAt = startedAt ?? createdAt;
  if (isUp(run)) return { release, succeeded: false, exitCode: -1, startedAt: beganAt, finishedAt: beganAt };
  return { release, succeeded: runState(run) === 'succeeded', exitCode, finishedAt: finishedAt ?? createdAt };
}
