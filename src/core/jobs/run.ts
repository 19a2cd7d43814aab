import { CANNOT_RUN, isUp, type Run } from '../observed.ts';
import { stoppedWords } from '../rollout/readiness.ts';

/** `made`: it has not begun. */
export type RunState = 'made' | 'running' | 'succeeded' | 'failed';

export function runState(run: Run): RunState {
  if (isUp(run)) return 'running';
  if (isUnbegun(run)) return CANNOT_RUN.includes(run.exitCode ?? 0) ? 'failed' : 'made';
  return run.exitCode === 0 && !run.stopped ? 'succeeded' : 'failed';
}

/** Also where somebody is just removing it. */
function isUnbegun({ state, startedAt }: Run): boolean {
  return state === 'created' || (state === 'dead' && startedAt === undefined);
}

export function hasBegun(run: Run): boolean {
  return runState(run) !== 'made';
}

export function hasEnded(run: Run): boolean {
  return hasBegun(run) && !isUp(run);
}

/** For sorting those that have ended: a long run may end after many that came later. */
export function byEnd(a: Run, b: Run): number {
  return endedAt(a) - endedAt(b) || a.slot - b.slot;
}

/** What cannot be started has no end of its own. */
function endedAt({ finishedAt, createdAt }: Run): number {
  return finishedAt ?? createdAt;
}

/** How it ended, in a user's words; of one that was stopped its time limit may be why. */
export function endWords(run: Run, timeout?: number): string {
  const limit = timeout === undefined ? '' : `; its timeout is ${timeout / 1000} s`;
  const words = run.stopped ? `was stopped before its end${limit}` : stoppedWords(run);
  if (run.restarts === 0) return words;
  return `${words}, ${run.restarts === 1 ? 'tried again once' : `tried again ${run.restarts} times`}`;
}
