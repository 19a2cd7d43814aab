import type { DesiredJob } from '../desire.ts';
import type { JobDecision } from '../jobs/decide.ts';
import { hasBegun } from '../jobs/run.ts';
import { scheduleText } from '../jobs/schedule.ts';
import type { JobView } from '../jobs/view.ts';
import { outcomeOf } from '../jobs/view.ts';
import type { Job } from '../model.ts';
import { isUp, type Run } from '../observed.ts';
import { awaitSteps, NONE, type Details } from './details.ts';
import { becauseOf, fieldChanges, resourceFields, specFields } from './fields.ts';
import type { Change } from './plan.ts';

/** The change of one job, for people. */
export function jobChange(decision: JobDecision): Change {
  return { kind: 'Job', name: decision.view.name, warnings: [], ...detailsOf(decision) };
}

function detailsOf(decision: JobDecision): Details {
  const { view, next } = decision;
  const { desired, runs } = view;
  if (desired === undefined) return removal(view);
  if (!desired.job.enabled) return disabling(view);
  const to = `${desired.name}@${desired.release}`;
  const isOver = desired.job.schedule === undefined && outcomeOf(view) !== 'made';
  if (next !== undefined || isOver) return isOver ? NONE : pending(decision, desired, to);
  const steps = [`pull ${desired.job.container.image}`, ...awaitSteps(view), runWords(desired, to)];
  const before = runs.at(-1);
  if (before === undefined)
    return { action: 'create', because: `${desired.name} is new`, drift: false, fields: [], to, steps };
  return renewal(desired, before, { to, steps });
}

/** It is made, and only waits for its time, for room, or for what it depends on. */
function pending({ obstacle, steady }: JobDecision, { job }: DesiredJob, to: string): Details {
  if (steady) return { ...NONE, because: obstacle === undefined ? NONE.because : 'it does not fit on the node' };
  if (job.schedule !== undefined) return NONE;
  return { action: 'update', because: `${to} has not run yet`, drift: false, fields: [], to, steps: [`run ${to}`] };
}

function runWords({ job }: DesiredJob, to: string): string {
  return job.schedule === undefined ? `run ${to} to its end` : `run ${to} at ${scheduleText(job.schedule)}`;
}

/** The next run is made anew, from what has changed since the one before was made. */
function renewal(desired: DesiredJob, before: Run, { to, steps }: Pick<Details, 'steps'> & { to: string }): Details {
  const { job, release } = desired;
  const isNew = before.release !== release;
  const fields = [
    ...(before.spec === undefined ? [] : fieldChanges(specFields(before.spec), specFields(job.container), isNew)),
    ...fieldChanges(termsOf(before, job), wantedTerms(desired), false),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const from = `${desired.name}@${before.release}`;
  if (isNew) {
    const because = becauseOf(fields) ?? `${from} → ${to}`;
    return { action: 'replace', because, drift: false, fields, from, to, steps };
  }
  const because = becauseOf(fields) ?? before.deviations[0] ?? 'its next run is to be made';
  return { action: 'update', because, drift: before.deviations.length > 0, fields, from, to, steps };
}

/** Of one that was ended Docker does not know any more how often it was to be tried. */
function termsOf({ resources, retries, schedule, stopped }: Run, wanted: Job): object {
  return { ...resourceFields(resources), retries: stopped ? wanted.retries : retries, schedule };
}

function wantedTerms({ job: { resources, retries, schedule } }: DesiredJob): object {
  return { ...resourceFields(resources), retries, schedule: schedule && scheduleText(schedule) };
}

function disabling({ runs, name, desired }: JobView): Details {
  const made = runs.filter((each) => !hasBegun(each));
  if (made.length === 0) return NONE;
  const from = `${name}@${desired?.release ?? ''}`;
  const steps = made.map((each) => `remove ${each.name}`);
  return { action: 'update', because: 'enabled: false', drift: false, fields: [], from, steps };
}

function removal({ name, runs }: JobView): Details {
  const last = runs.at(-1);
  if (last === undefined) return { ...NONE, because: 'not wanted, and not there' };
  const from = `${name}@${last.release}`;
  const running = runs.filter(isUp).map((each) => `stop ${each.name}`);
  return {
    action: 'remove',
    because: 'no manifest any more',
    drift: false,
    fields: [],
    from,
    steps: [...running, `remove ${runs.length === 1 ? 'its run' : `its ${runs.length} runs`}`],
    warnings: [{ code: 'removal', message: `${name} is removed with its runs and their logs: its manifest is gone.` }],
  };
}
