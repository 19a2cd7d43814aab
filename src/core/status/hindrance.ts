import type { IndexedContext } from './report.ts';
import { jobProblem } from './job-status.ts';
import { problemIn } from './service-status.ts';

/** Of what it waits for, that which does not get ready by itself, each with why; manifests have no cycles. */
export function hindrancesOf({ awaits }: { readonly awaits: readonly string[] }, context: IndexedContext): string[] {
  return awaits.flatMap((name) => hindranceOf(name, context) ?? []);
}

function hindranceOf(name: string, context: IndexedContext): string | undefined {
  const job = context.jobs.get(name);
  if (job?.view.desired !== undefined) {
    if (!job.view.desired.job.enabled) return `${name}, which is disabled`;
    const problem = jobProblem(job, context);
    return problem && `${name} (${problem.reason})`;
  }
  const decision = context.decisions.get(name);
  if (decision?.view.desired === undefined) return `${name}, which has no manifest`;
  if (decision.progress === undefined)
    return `${name}, which ${decision.view.desired.service.enabled ? 'is to have no instances' : 'is disabled'}`;
  const problem = problemIn(decision.progress, context);
  return problem === undefined ? undefined : `${name} (${problem.reason})`;
}
