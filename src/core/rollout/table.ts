import isEqual from 'fast-deep-equal';
import type { Certificate, FoundCertificate } from '../certificate.ts';
import type { DesiredState } from '../desire.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import type { ObservedState } from '../observed.ts';
import {
  joinedSet,
  partsOfSet,
  servicesOfSet,
  type Colour,
  type Pool,
  type Route,
  type RoutingTable,
} from '../routing.ts';
import { checkPools } from './check-pools.ts';
import type { Decision } from './decide.ts';
import type { MemberSet } from './members.ts';
import { isAnswering, isReachable, poolOf, type TableContext } from './pool.ts';
import { serverId } from './readiness.ts';
import type { RoutingIndex } from './routing-index.ts';
import { leadsTo } from './weights.ts';

/** What the balancer should do now: the recorded table, moved on by one step. */
export function routingTable(
  desired: DesiredState,
  state: ObservedState,
  decisions: readonly Decision[],
  routing: RoutingIndex,
  now: number,
): RoutingTable {
  const context: TableContext = {
    desired,
    decisions: new Map(decisions.map((each) => [each.view.name, each])),
    sets: new Map(decisions.flatMap(setsOf).map((set) => [set.id, set])),
    up: new Set(state.runtime.instances.filter(isReachable).map(serverId)),
    routing,
    checks: state.balancer.checks,
    certificates: state.certificates ?? {},
    now,
  };
  const routes = desired.loadBalancers.map((each) => route(context, each));
  return { version: 1, checks: checkPools(context, state.runtime.instances, routes), routes };
}

/** Load balancers that still lead to other services than the wanted ones, or with other shares, as those are not ready. */
export function detours(desired: DesiredState, { routes }: RoutingTable): string[] {
  const wanted = new Map(desired.loadBalancers.map((each) => [each.name, each]));
  return routes.flatMap(({ loadBalancer, pools, active }) => {
    const { set } = pools[active];
    const goal = wanted.get(loadBalancer);
    const isThere = set === '' || goal === undefined || leadsTo(pools[active], goal.backends);
    return isThere ? [] : [loadBalancer];
  });
}

function servicesOf({ backends }: LoadBalancer): readonly string[] {
  return backends.map(({ service }) => service);
}

export function sameTable(a: RoutingTable, b: RoutingTable): boolean {
  return isEqual(a, b);
}

function setsOf({ serving, standby }: Decision): MemberSet[] {
  return standby === undefined ? [serving] : [serving, standby];
}

function route(context: TableContext, loadBalancer: LoadBalancer): Route {
  const { name, listen, externalIPs, hostnames, path, stripPath, entry, traffic, healthCheck, timeouts } = loadBalancer;
  return {
    loadBalancer: name,
    ...(listen !== undefined && { listen }),
    ...(externalIPs && { externalIPs }),
    hostnames,
    path,
    stripPath,
    entry,
    ...certified(context, loadBalancer),
    traffic,
    ...(healthCheck && { healthCheck }),
    timeouts,
    previews: previewsOf(context, loadBalancer),
    ...pools(context, loadBalancer),
  };
}

/** The certificate that was found, or the one that it has: to lose one is no reason to turn clients away. */
export function servedCertificate(
  { tls, entry }: LoadBalancer,
  found: FoundCertificate | undefined,
  recorded: Route | undefined,
): Certificate | undefined {
  return tls === undefined || !entry.https ? undefined : (found?.certificate ?? recorded?.certificate);
}

function certified(
  { routing, certificates }: TableContext,
  loadBalancer: LoadBalancer,
): Pick<Route, 'certificate' | 'challenge'> {
  if (loadBalancer.tls === undefined) return {};
  const certificate = servedCertificate(
    loadBalancer,
    certificates[loadBalancer.name],
    routing.routes.get(loadBalancer.name),
  );
  const { challenge } = certificates[loadBalancer.name] ?? {};
  return { ...(certificate && { certificate }), ...(challenge !== undefined && { challenge }) };
}

/** A host name for the other set of a service that has the route for itself. */
function previewsOf({ decisions }: TableContext, { listen, backends }: LoadBalancer): readonly string[] {
  const [only] = backends;
  const preview = decisions.get(only?.service ?? '')?.view.desired?.service.update.preview;
  return preview === undefined || backends.length > 1 || listen !== undefined ? [] : [preview];
}

/** Which set is in which colour, and which colour serves. */
function pools(context: TableContext, loadBalancer: LoadBalancer): Pick<Route, 'active' | 'switchedAt' | 'pools'> {
  const recorded = context.routing.routes.get(loadBalancer.name);
  const { serving, standby } = setsOfAll(context, servicesOf(loadBalancer));
  const active = recorded?.active ?? 'a';
  const idle: Colour = active === 'a' ? 'b' : 'a';
  const fill = (colour: Colour, set: MemberSet | undefined, to = loadBalancer) =>
    poolOf(context, to, { recorded: recorded?.pools[colour], wasIdle: colour === idle, set });
  const previous = setOf(context, recorded?.pools[active].set ?? '');
  // Of a process whose clock was ahead: nobody waits until it is that late.
  const switchedAt = Math.min(recorded?.switchedAt ?? 0, context.now);
  if (previous === undefined || previous.id === serving.id) {
    return { active, switchedAt, pools: paint(active, fill(active, serving), fill(idle, standby)) };
  }
  const weights = recorded?.pools[active].weights;
  for (const goal of [loadBalancer, ...whoStays(loadBalancer, previous, weights)]) {
    const { serving: next } = setsOfAll(context, servicesOf(goal));
    if (next.id === previous.id || !isReadyToSwitch(context, goal, previous, weights)) continue;
    return {
      active: idle,
      switchedAt: context.now,
      pools: paint(idle, fill(idle, next, goal), fill(active, previous)),
    };
  }
  return { active, switchedAt, pools: paint(active, fill(active, previous), fill(idle, serving)) };
}

/** Those that it leads to now alone, where they all stay: they go on to new sets of their own while others are awaited. */
function whoStays(loadBalancer: LoadBalancer, previous: MemberSet, weights: Pool['weights']): readonly LoadBalancer[] {
  const services = servicesOfSet(previous.id);
  if (!services.every((each) => servicesOf(loadBalancer).includes(each))) return [];
  return [{ ...loadBalancer, backends: services.map((service) => ({ service, weight: weights?.[service] ?? 100 })) }];
}

/** What services serve by together, and by what they would after a switch; those that are not wanted have nobody. */
function setsOfAll(context: TableContext, services: readonly string[]): Pick<Decision, 'serving' | 'standby'> {
  const own = services.map((service) => {
    const { serving, standby } = context.decisions.get(service) ?? { serving: { id: service, members: [] } };
    return { serving, standby };
  });
  const isOne = own.every(({ standby }) => standby === undefined);
  const standby = joined(own.map((each) => each.standby ?? each.serving));
  return { serving: joined(own.map((each) => each.serving)), ...(!isOne && { standby }) };
}

function joined(sets: readonly MemberSet[]): MemberSet {
  return { id: joinedSet(sets.map(({ id }) => id)), members: sets.flatMap(({ members }) => members) };
}

/** What a recorded set is now: a service whose strategy has changed calls its sets by other names. */
function setOf({ sets, decisions }: TableContext, set: string): MemberSet | undefined {
  if (set === '') return undefined;
  const parts = partsOfSet(set).map((id) => {
    const [service = ''] = servicesOfSet(id);
    return sets.get(id) ?? decisions.get(service)?.serving ?? { id, members: [] };
  });
  return joined(parts);
}

function paint(first: Colour, one: Pool, other: Pool): Route['pools'] {
  return first === 'a' ? { a: one, b: other } : { a: other, b: one };
}

/**
 * A route leaves a set that serves only for one that is ready as a whole, and one that will never serve at once; `weights`:
 * the shares of what it leaves.
 */
function isReadyToSwitch(
  context: TableContext,
  loadBalancer: LoadBalancer,
  previous: MemberSet,
  weights: Pool['weights'],
): boolean {
  const wanted = loadBalancer.backends.filter(({ weight }) => weight > 0);
  const isShared = (service: string) => weights?.[service] !== 0;
  // Who gets more as another one leaves has to be there as a whole, as who is new.
  const isOneLeaving = servicesOfSet(previous.id).some(
    (each) => isShared(each) && !wanted.some(({ service }) => service === each),
  );
  const coming = wanted.flatMap(({ service }) => {
    const decision = context.decisions.get(service);
    const isThere = decision !== undefined && partsOfSet(previous.id).includes(decision.serving.id);
    return isThere && !isOneLeaving ? [] : [decision];
  });
  if (previous.members.some(({ service }) => isShared(service))) {
    const passed = wanted.some(({ service }) => hasOneReady(context, loadBalancer, context.decisions.get(service)));
    return passed && coming.every((each) => isReadyAsWhole(context, loadBalancer, each));
  }
  const isOver = servicesOfSet(previous.id).every((each) => context.decisions.get(each)?.progress === undefined);
  return isOver || coming.length === 0 || coming.some((each) => (each?.serving.members ?? []).length > 0);
}

function hasOneReady(context: TableContext, loadBalancer: LoadBalancer, decision: Decision | undefined): boolean {
  return (decision?.serving.members ?? []).some((each) => isAnswering(context, each, loadBalancer));
}

function isReadyAsWhole(context: TableContext, loadBalancer: LoadBalancer, decision: Decision | undefined): boolean {
  const target = decision?.progress?.target;
  // A release that is on its way out is nothing to go over to.
  const staying = (decision?.serving.members ?? []).filter((each) => each.release === target?.release);
  // Who serves by another way may never have been asked for this route: until then the balancer takes it for down.
  const ready = staying.filter((each) => isAnswering(context, each, loadBalancer)).length;
  return ready > 0 && ready >= (target?.instances ?? 0);
}
