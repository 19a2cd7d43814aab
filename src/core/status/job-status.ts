import type { JobDecision } from '../jobs/decide.ts';
import { byEnd, endWords, hasBegun, hasEnded, runState } from '../jobs/run.ts';
import { scheduleText } from '../jobs/schedule.ts';
import { latestRun, outcomeOf, recordOf, type JobView } from '../jobs/view.ts';
import { isUp, type RecordedRun, type Run } from '../observed.ts';
import { hindrancesOf } from './hindrance.ts';
import type { IndexedContext } from './report.ts';
import { withLog } from './service-status.ts';
import type { JobStatus, ProblemStatus, RunStatus } from './status.ts';

/** One job as people see it; missing where it has no manifest. */
export function jobStatus(decision: JobDecision, context: IndexedContext): JobStatus[] {
  const { view, dueAt } = decision;
  const { desired, name } = view;
  if (desired === undefined) return [];
  const { job, release } = desired;
  const problem = jobProblem(decision, context);
  return [
    {
      name,
      state: stateOf(view, problem),
      version: job.container.version,
      release: `${name}@${release}`,
      image: job.container.image,
      ...(job.schedule && { schedule: scheduleText(job.schedule) }),
      ...(job.schedule && dueAt !== undefined && { nextRun: new Date(dueAt).toISOString() }),
      runs: view.runs.filter(hasBegun).map(runStatus).reverse(),
      ...(problem && { problem: withLog(problem, context.logTails[name]) }),
    },
  ];
}

function stateOf(view: JobView, problem: ProblemStatus | undefined): JobStatus['state'] {
  const { desired, runs } = view;
  if (runs.some((each) => runState(each) === 'running')) return 'running';
  if (desired?.job.enabled === false) return 'disabled';
  if (problem?.reason === 'job-failed') return 'failed';
  if (desired?.job.schedule !== undefined) return 'scheduled';
  const outcome = outcomeOf(view);
  return outcome === 'made' ? 'pending' : outcome;
}

function runStatus(run: Run): RunStatus {
  const { slot, id, service, release, startedAt, finishedAt, exitCode, restarts } = run;
  const state = runState(run);
  return {
    run: slot,
    id,
    release: `${service}@${release}`,
    state: state === 'made' ? 'running' : state,
    ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
    ...(hasEnded(run) && finishedAt !== undefined && { finishedAt: new Date(finishedAt).toISOString() }),
    ...(hasEnded(run) && exitCode !== undefined && { exitCode }),
    retries: restarts,
  };
}

/** What keeps a job from its end; looked for once, as others may depend on it. */
export function jobProblem(decision: JobDecision, context: IndexedContext): ProblemStatus | undefined {
  const { name } = decision.view;
  if (!context.problemsSeen.has(name)) context.problemsSeen.set(name, problemOf(decision, context));
  return context.problemsSeen.get(name);
}

function problemOf({ view, obstacle }: JobDecision, context: IndexedContext): ProblemStatus | undefined {
  const { desired, name } = view;
  if (desired?.job.enabled !== true) return undefined;
  const failed = failedRun(view);
  if (failed !== undefined) return failureOf(view, failed);
  if (outcomeOf(view) === 'failed' && desired.job.schedule === undefined) return recordedFailure(view);
  const failure = context.failures.get(`${name}@${desired.release}`)?.[0]?.problem;
  if (failure !== undefined || obstacle === undefined || obstacle === 'runs') return failure;
  if (obstacle !== 'awaits') return roomProblem(view, obstacle);
  const hindrances = hindrancesOf(view, context);
  if (hindrances.length === 0) return undefined;
  const message = `${name} waits for ${hindrances.join(', and for ')}.`;
  return { layer: 'update', reason: 'dependency-not-ready', message };
}

/** The last run that has ended, where it failed and none runs that could do better. */
export function failedRun(view: JobView): Run | undefined {
  const { desired, runs } = view;
  const isOnce = desired?.job.schedule === undefined;
  const last = isOnce ? latestRun(view) : runs.filter(hasEnded).sort(byEnd).at(-1);
  if (last === undefined || runState(last) !== 'failed') return undefined;
  return runs.some((each) => isUp(each) && each.slot > last.slot) ? undefined : last;
}

function failureOf({ name, desired }: JobView, run: Run): ProblemStatus {
  const again = desired?.job.schedule === undefined ? 'with its next release' : 'at its next time';
  const message = `${name}@${run.release}, run ${run.slot}, failed: ${endWords(run, desired?.job.timeout)}. It runs again ${again}, or by fairlead job run ${name}.`;
  return { layer: 'container', reason: 'job-failed', message, evidence: run.name };
}

/** Its container is gone. */
function recordedFailure(view: JobView): ProblemStatus {
  const { name, desired } = view;
  const release = `${name}@${desired?.release ?? ''}`;
  const message = `${release} failed: ${recordedWords(recordOf(view))}. It runs again with its next release, or by fairlead job run ${name}.`;
  return { layer: 'container', reason: 'job-failed', message };
}

function recordedWords(record: RecordedRun | undefined): string {
  if (record?.startedAt !== undefined) return 'its container was removed while it ran, or before its end was seen';
  return `exited with code ${record?.exitCode ?? 'unknown'}`;
}

function roomProblem(
  { name, desired, free }: JobView,
  reason: 'missing-capabilities' | 'not-enough-memory' | 'not-enough-cpu',
): ProblemStatus {
  const needs =
    reason === 'missing-capabilities'
      ? `needs ${desired?.job.requirements.join(', ') ?? ''}`
      : `does not fit beside what runs: ${free.cpu} cores and ${Math.floor(free.memory / 1024 ** 2)} MB are free`;
  return { layer: 'scheduling', reason, message: `${name} ${needs}.` };
}
