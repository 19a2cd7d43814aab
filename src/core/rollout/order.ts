import type { DesiredService } from '../desire.ts';
import { isDone, type JobView } from '../jobs/view.ts';
import { isTrusted, isUp } from '../observed.ts';
import { progressOf } from './progress.ts';
import { judge } from './target.ts';
import { isReady, type ServiceView } from './view.ts';

interface Ordered {
  readonly services: readonly ServiceView[];
  readonly jobs: readonly JobView[];
}

/** The views with what each waits for: before it starts what it depends on, before it ends what depends on it. */
export function inOrder({ services, jobs }: Ordered): Ordered {
  const byName = new Map(services.map((each) => [each.name, each]));
  const needs = [...services.map(({ desired }) => desired?.service), ...jobs.map(({ desired }) => desired?.job)];
  const needed = new Set(needs.flatMap((each) => each?.dependsOn ?? []));
  const done = jobs.filter(isDone).map(({ name }) => name);
  const ready = new Set([...done, ...[...needed].filter((name) => stands(byName.get(name)))]);
  return { services: servicesInOrder(services, jobs, ready), jobs: jobs.map((view) => waitingFor(view, ready)) };
}

function waitingFor(view: JobView, ready: ReadonlySet<string>): JobView {
  const awaits = (view.desired?.job.dependsOn ?? []).filter((name) => !ready.has(name));
  return awaits.length === 0 ? view : { ...view, awaits };
}

function servicesInOrder(
  views: readonly ServiceView[],
  jobs: readonly JobView[],
  standing: ReadonlySet<string>,
): readonly ServiceView[] {
  const leaving = leavingDependents([...views.filter(isLeaving), ...jobs.filter(isEnding)]);
  return views.map((view) => {
    const awaits = dependenciesOf(view).filter((name) => !standing.has(name));
    const neededBy = leaving.get(view.name) ?? [];
    if (!isLeaving(view)) return awaits.length === 0 ? view : { ...view, awaits };
    return neededBy.length === 0 ? view : { ...view, neededBy };
  });
}

/** All that is wanted of it is ready, of the release that is wanted. */
function stands(view: ServiceView | undefined): boolean {
  if (view?.desired === undefined || view.desired.instances === 0) return false;
  const { current, target, verdict } = progressOf(view, view.desired, judge(view, view.desired));
  const isTarget = !verdict.quarantined && target.release === view.desired.release;
  const standing = current.filter((each) => isReady(view, each) && isTrusted(each));
  return isTarget && standing.length >= view.desired.instances;
}

/** Nothing of it is wanted, and something is still there. */
function isLeaving({ desired, instances }: ServiceView): boolean {
  return (desired?.instances ?? 0) === 0 && instances.length > 0;
}

/** By service: who leaves, too, and depends on it. Of two that depend on each other, by now or earlier, none waits. */
function leavingDependents(leaving: readonly (ServiceView | JobView)[]): ReadonlyMap<string, readonly string[]> {
  const needs = new Map(leaving.map((each) => [each.name, 'runs' in each ? runNeeds(each) : dependenciesOf(each)]));
  const needsAll = (name: string, seen = new Set<string>()): Set<string> => {
    for (const each of needs.get(name) ?? []) if (!seen.has(each)) needsAll(each, seen.add(each));
    return seen;
  };
  const dependents = new Map<string, string[]>();
  for (const [name, needed] of needs)
    for (const each of needed.filter((other) => needs.has(other) && !needsAll(other).has(name)))
      dependents.set(each, [...(dependents.get(each) ?? []), name]);
  return dependents;
}

/** No run of it is wanted any more, and one still runs. */
function isEnding({ desired, runs }: JobView): boolean {
  return desired === undefined && runs.some(isUp);
}

/** As it was when its runs were made. */
function runNeeds({ runs }: JobView): readonly string[] {
  return [...new Set(runs.flatMap((each) => each.dependsOn ?? []))];
}

/** By its manifest or, where that is gone, as it was when its containers were made. */
function dependenciesOf({ desired, instances }: ServiceView): readonly string[] {
  if (desired !== undefined) return dependsOn(desired);
  return [...new Set(instances.flatMap((each) => each.dependsOn ?? []))];
}

function dependsOn({ service }: DesiredService): readonly string[] {
  return service.dependsOn ?? [];
}
