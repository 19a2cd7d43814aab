import { createHash } from 'node:crypto';
import { changeOf } from './change.ts';
import { jobChange } from './job-change.ts';
import type { DesiredState } from '../desire.ts';
import type { FieldChange } from './fields.ts';
import { decideJobs, type JobDecision } from '../jobs/decide.ts';
import { jobViewsOf } from '../jobs/view.ts';
import { isRouted } from '../rollout/drain.ts';
import type { Memory } from '../rollout/memory.ts';
import type { PruneBudget } from '../model.ts';
import { isUp, type ObservedState } from '../observed.ts';
import type { Demand, Unscheduled } from '../placement.ts';
import type { Problem, Warning } from '../reason.ts';
import { canonicalJson } from '../release.ts';
import { pruneProblem } from './prune.ts';
import { decide, type Decision } from '../rollout/decide.ts';
import { inOrder } from '../rollout/order.ts';
import { routeChanges } from './route-change.ts';
import { placesOf, servicesOfSet, type Route, type RoutingTable } from '../routing.ts';
import { routingTable } from '../rollout/table.ts';
import { viewsOf } from '../rollout/view.ts';

export type Action = 'create' | 'update' | 'replace' | 'swap' | 'scale' | 'remove' | 'route' | 'none';

/** What happens to one Service, LoadBalancer or Job, why, and how. */
export interface Change {
  readonly kind: 'Service' | 'LoadBalancer' | 'Job';
  readonly name: string;
  readonly action: Action;
  readonly strategy?: 'rolling' | 'green-blue' | 'recreate';
  /** In a user's words: `image web:v1 → web:v2`. */
  readonly because: string;
  /** The live state changed by itself; the manifest did not. */
  readonly drift: boolean;
  readonly fields: readonly FieldChange[];
  /** `web@1a2b3c4` */
  readonly from?: string;
  readonly to?: string;
  readonly steps: readonly string[];
  readonly warnings: readonly Pick<Warning, 'code' | 'message'>[];
}

/** Desired against observed: what will be done (for people) and what to do now (for execute). */
export interface Plan {
  readonly changes: readonly Change[];
  readonly unchanged: number;
  readonly unscheduled: readonly Unscheduled[];
  /** Room on the node once all of this runs. */
  readonly free: Demand;
  readonly problems: readonly Problem[];
  readonly decisions: readonly Decision[];
  readonly jobs: readonly JobDecision[];
  readonly table: RoutingTable;
  /** The memory with its clocks brought up to the time of this plan. */
  readonly memory: Memory;
}

/** What may be removed: the host's budget, or everything. */
export interface PrunePermission {
  readonly budget: PruneBudget;
  readonly all: boolean;
}

export function plan(
  desired: DesiredState,
  state: ObservedState,
  memory: Memory,
  now: number,
  prune: PrunePermission,
): Plan {
  const views = viewsOf(desired, state, memory, now);
  const ordered = inOrder({ services: views.services, jobs: jobViewsOf(desired, state, views) });
  const wanted = ordered.services.map((each) => heldBack(decide(each), desired));
  const decided = decideJobs(ordered.jobs);
  const refusal = pruneProblem(desired, wanted, decided, prune);
  const decisions = refusal === undefined ? wanted : wanted.map(spared);
  const jobs = decided.map((each) => jobHeldBack(each, desired, refusal !== undefined));
  const table = routingTable(desired, state, decisions, views.routing, now);
  const routes = refusal === undefined ? table.routes : withKept(table, state.balancer.table, decisions);
  const all = [...decisions.map(changeOf), ...jobs.map(jobChange), ...routeChanges(desired, state)];
  const changes = all.filter((each) => each.action !== 'none');
  return {
    changes,
    unchanged: all.length - changes.length,
    unscheduled: views.placement.unscheduled,
    free: views.placement.free,
    problems: refusal === undefined ? [] : [refusal],
    decisions,
    jobs,
    table: { ...table, routes },
    memory: views.memory,
  };
}

/** What the host does not allow any more goes on as it is: nothing of it is made, changed or stopped. */
function heldBack(decision: Decision, { withheld }: DesiredState): Decision {
  const isHeld = decision.progress !== undefined && withheld.includes(decision.view.name);
  return isHeld ? { ...decision, steps: [] } : decision;
}

/** The same of a job; where services may not be removed, jobs are not either. */
function jobHeldBack(decision: JobDecision, { withheld }: DesiredState, isRefused: boolean): JobDecision {
  const { name, desired } = decision.view;
  const isHeld = desired === undefined ? isRefused : withheld.includes(name);
  return isHeld ? { ...decision, steps: [], steady: true } : decision;
}

/** A service that may not be removed goes on as it is. */
function spared(decision: Decision): Decision {
  if (decision.progress !== undefined) return decision;
  const members = decision.view.instances.filter((each) => isUp(each) && isRouted(decision.view, each));
  return { ...decision, steps: [], serving: { id: decision.view.name, members }, steady: true };
}

/** Routes without a manifest stay together with the services that may not be removed, where nobody else wants them. */
function withKept(
  table: RoutingTable,
  recorded: RoutingTable | undefined,
  decisions: readonly Decision[],
): readonly Route[] {
  const kept = new Set(decisions.filter(({ progress }) => progress === undefined).map(({ view }) => view.name));
  const names = new Set(table.routes.map((each) => each.loadBalancer));
  const claimed = new Set(table.routes.flatMap(placesOf));
  const isKept = (route: Route) =>
    servicesOfSet(route.pools[route.active].set).every((each) => kept.has(each)) &&
    !names.has(route.loadBalancer) &&
    !placesOf(route).some((place) => claimed.has(place));
  return [...table.routes, ...(recorded?.routes ?? []).filter(isKept)];
}

/** `sha256:…` over what the plan does, without anything that depends on when it was made: a warning may say what was measured. */
export function planHash(changes: readonly Change[]): string {
  const deeds = changes.map((each) => ({ ...each, warnings: each.warnings.map(({ code }) => code) }));
  return `sha256:${createHash('sha256').update(canonicalJson(deeds)).digest('hex')}`;
}
