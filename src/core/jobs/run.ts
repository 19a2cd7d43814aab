import { isUp, type Run } from '../observed.ts';
import { stoppedWords } from '../rollout/readiness.ts';

/** `made`: it has not begun. */
export type RunState = 'made' | 'running' | 'succeeded' | 'failed';

/** Exit codes that the engine gives to a command that it cannot run at all. */
const CANNOT_RUN = [126, 127];

export function runState(run: Run): RunState {
  if (isUp(run)) return 'running';
  if (run.state === 'created') return CANNOT_RUN.includes(run.exitCode ?? 0) ? 'failed' : 'made';
  return run.exitCode === 0 ? 'succeeded' : 'failed';
}

export function hasBegun(run: Run): boolean {
  return runState(run) !== 'made';
}

export function hasEnded(run: Run): boolean {
  return hasBegun(run) && !isUp(run);
}

/** Docker tells the start of the last retry only; a container is made a moment before its first start, or long before. */
export function beganAt(run: Run): number {
  return run.restarts === 0 ? (run.startedAt ?? run.createdAt) : run.createdAt;
}

/** How it ended, in a user's words. */
export function endWords(run: Run, timeout: number | undefined): string {
  const took = (run.finishedAt ?? 0) - beganAt(run);
  const wasLate = timeout !== undefined && took >= timeout && !run.oomKilled;
  const words = wasLate ? `was stopped after its timeout of ${timeout / 1000} s` : stoppedWords(run);
  return run.restarts === 0
    ? words
    : `${words}, ${run.restarts === 1 ? 'tried again once' : `tried again ${run.restarts} times`}`;
}
