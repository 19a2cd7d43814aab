import type { DesiredState } from '../desire.ts';
import type { PrunePermission } from './plan.ts';
import type { JobDecision } from '../jobs/decide.ts';
import type { Problem } from '../reason.ts';
import type { Decision } from '../rollout/decide.ts';

const TRAILER = /^Fairlead-Prune:\s*(\d+)\s*$/im;

/**
 * Why services and jobs may not be removed, where they are too many at once: an empty or broken repository must not end
 * everything. A commit trailer that names the number, or `--prune-all`, allows it.
 */
export function pruneProblem(
  desired: DesiredState,
  decisions: readonly Decision[],
  jobs: readonly JobDecision[],
  permission: PrunePermission,
): Problem | undefined {
  const present = decisions.filter((each) => each.view.instances.length > 0);
  const services = present.filter((each) => each.progress === undefined).map((each) => each.view.name);
  const known = jobs.filter((each) => each.view.runs.length > 0);
  const endingJobs = known.filter((each) => each.view.desired === undefined).map((each) => each.view.name);
  const ending = [...services, ...endingJobs];
  if (ending.length === 0 || permission.all || ending.length <= trailerOf(desired)) return undefined;
  const limit = Math.max(
    permission.budget.maxCount,
    Math.floor(permission.budget.maxFraction * (present.length + known.length)),
  );
  const isEmpty = desired.services.length + desired.jobs.length === 0;
  if (ending.length <= limit && !isEmpty) return undefined;
  const [one, many] = wordsFor(services, endingJobs);
  const why = isEmpty ? `the repository has no ${many} at all` : `more than ${limit} at once`;
  const message =
    `${ending.length} ${ending.length === 1 ? one : many} would be removed (${ending.slice(0, 10).join(', ')}${ending.length > 10 ? ', …' : ''}): ${why}. ` +
    `They go on running. If it is meant, add the line "Fairlead-Prune: ${ending.length}" to the commit message, or run fairlead apply --prune-all.`;
  return { layer: 'update', reason: 'prune-refused', message };
}

function wordsFor(services: readonly string[], jobs: readonly string[]): readonly [one: string, many: string] {
  if (jobs.length === 0) return ['service', 'services'];
  return services.length === 0 ? ['job', 'jobs'] : ['', 'services and jobs'];
}

function trailerOf(desired: DesiredState): number {
  return Number(TRAILER.exec(desired.revision.message)?.[1] ?? 0);
}
