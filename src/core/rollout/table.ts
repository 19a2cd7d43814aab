import isEqual from 'fast-deep-equal';
import { routeCheck, type CheckDefinition, type DesiredState } from '../desire.ts';
import type { Backend, LoadBalancer } from '../model.ts';
import type { MemberSet } from './members.ts';
import type { Instance, ObservedBalancer, ObservedState } from '../observed.ts';
import { checksFor, serverId } from './readiness.ts';
import type { RoutingIndex } from './routing-index.ts';
import type { Decision } from './decide.ts';
import {
  joinedSet,
  partsOfSet,
  servicesOfSet,
  type CheckedServer,
  type CheckPool,
  type Colour,
  type Member,
  type Pool,
  type Route,
  type RoutingTable,
} from '../routing.ts';
import { memberWeights } from './weights.ts';

interface Context {
  readonly desired: DesiredState;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly sets: ReadonlyMap<string, MemberSet>;
  readonly up: ReadonlySet<string>;
  readonly routing: RoutingIndex;
  readonly checks: ObservedBalancer['checks'];
  readonly now: number;
}

/** What the balancer should do now: the recorded table, moved on by one step. */
export function routingTable(
  desired: DesiredState,
  state: ObservedState,
  decisions: readonly Decision[],
  routing: RoutingIndex,
  now: number,
): RoutingTable {
  const context: Context = {
    desired,
    decisions: new Map(decisions.map((each) => [each.view.name, each])),
    sets: new Map(decisions.flatMap(setsOf).map((set) => [set.id, set])),
    up: new Set(state.runtime.instances.filter(isReachable).map(serverId)),
    routing,
    checks: state.balancer.checks,
    now,
  };
  const routes = desired.loadBalancers.map((each) => route(context, each));
  return { version: 1, checks: checkPools(context, state.runtime.instances, routes), routes };
}

/** Load balancers that still lead to other services than the wanted ones, which are not ready. */
export function detours(desired: DesiredState, { routes }: RoutingTable): string[] {
  const wanted = new Map(desired.loadBalancers.map((each) => [each.name, servicesOf(each)]));
  return routes.flatMap(({ loadBalancer, pools, active }) => {
    const services = servicesOfSet(pools[active].set);
    const isThere = services.length === 0 || isEqual(wanted.get(loadBalancer) ?? services, services);
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

function isReachable(instance: Instance): boolean {
  return (instance.state === 'running' || instance.state === 'restarting') && instance.address !== undefined;
}

function route(context: Context, loadBalancer: LoadBalancer): Route {
  const { name, listen, hostnames, path, stripPath, traffic, healthCheck, timeouts } = loadBalancer;
  const decisions = servicesOf(loadBalancer).map((service) => context.decisions.get(service));
  const previews = decisions.flatMap((decision) => decision?.view.desired?.service.update.preview ?? []);
  return {
    loadBalancer: name,
    ...(listen !== undefined && { listen }),
    hostnames,
    path,
    stripPath,
    traffic,
    ...(healthCheck && { healthCheck }),
    timeouts,
    previews,
    ...pools(context, loadBalancer),
  };
}

/** Which set is in which colour, and which colour serves. */
function pools(context: Context, loadBalancer: LoadBalancer): Pick<Route, 'active' | 'switchedAt' | 'pools'> {
  const recorded = context.routing.routes.get(loadBalancer.name);
  const { serving, standby } = setsOfAll(context, servicesOf(loadBalancer));
  const active = recorded?.active ?? 'a';
  const idle: Colour = active === 'a' ? 'b' : 'a';
  const fill = (colour: Colour, set: MemberSet | undefined) =>
    pool(context, loadBalancer, recorded?.pools[colour], set);
  const previous = setOf(context, recorded?.pools[active].set ?? '');
  // Of a process whose clock was ahead: nobody waits until it is that late.
  const switchedAt = Math.min(recorded?.switchedAt ?? 0, context.now);
  if (previous === undefined || previous.id === serving.id) {
    return { active, switchedAt, pools: paint(active, fill(active, serving), fill(idle, standby)) };
  }
  if (isReadyToSwitch(context, loadBalancer, previous)) {
    return { active: idle, switchedAt: context.now, pools: paint(idle, fill(idle, serving), fill(active, previous)) };
  }
  return { active, switchedAt, pools: paint(active, fill(active, previous), fill(idle, serving)) };
}

/** What services serve by together, and by what they would after a switch; those that are not wanted have nobody. */
function setsOfAll(context: Context, services: readonly string[]): Pick<Decision, 'serving' | 'standby'> {
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
function setOf({ sets, decisions }: Context, set: string): MemberSet | undefined {
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

/** A route leaves a set that serves only for one that is ready as a whole, and one that will never serve at once. */
function isReadyToSwitch(context: Context, loadBalancer: LoadBalancer, previous: MemberSet): boolean {
  const coming = loadBalancer.backends.flatMap(({ service, weight }) => {
    const decision = context.decisions.get(service);
    const isThere = decision !== undefined && partsOfSet(previous.id).includes(decision.serving.id);
    return isThere || (weight === 0 && loadBalancer.backends.length > 1) ? [] : [decision];
  });
  if (previous.members.length > 0) return coming.every((each) => isReadyAsWhole(context, loadBalancer, each));
  const isOver = servicesOfSet(previous.id).every((each) => context.decisions.get(each)?.progress === undefined);
  return isOver || coming.length === 0 || coming.some((each) => (each?.serving.members ?? []).length > 0);
}

function isReadyAsWhole(context: Context, loadBalancer: LoadBalancer, decision: Decision | undefined): boolean {
  const target = decision?.progress?.target;
  // A release that is on its way out is nothing to go over to.
  const staying = (decision?.serving.members ?? []).filter((each) => each.release === target?.release);
  // Who serves by another way may never have been asked for this route: until then the balancer takes it for down.
  const ready = staying.filter((each) => hasPassed(context, each, checkOf(context, each, loadBalancer))).length;
  return ready > 0 && ready >= (target?.instances ?? 0);
}

/** Wanted members are active; others that are still up drain; those that are gone are dropped. */
function pool(
  context: Context,
  loadBalancer: LoadBalancer,
  recorded: Pool | undefined,
  set: MemberSet | undefined,
): Pool {
  const known = recorded?.members ?? [];
  const wanted = (set?.members ?? []).flatMap((instance): Member[] => {
    const id = serverId(instance);
    const before = known.find((each) => each.id === id);
    const since = before?.state === 'active' ? Math.min(before.since, context.now) : context.now;
    const member = memberOf(context, instance, loadBalancer, before);
    return member === undefined ? [] : [{ ...member, state: 'active', since }];
  });
  const draining = known
    .filter(({ id }) => context.up.has(id) && !wanted.some((each) => each.id === id))
    .map((each): Member => {
      const since = each.state === 'draining' ? Math.min(each.since, context.now) : context.now;
      return { ...each, state: 'draining', since };
    });
  const id = set?.id ?? (draining.length > 0 ? (recorded?.set ?? '') : '');
  return weighted({ set: id, members: [...wanted, ...draining].sort(byId) }, loadBalancer.backends, recorded);
}

/** With the shares of several services; a set that is on its way out keeps those that it had. */
function weighted(pool: Pool, backends: readonly Backend[], recorded: Pool | undefined): Pool {
  const services = servicesOfSet(pool.set);
  if (services.length < 2) return pool;
  const wanted = new Map(backends.map(({ service, weight }) => [service, weight]));
  const weights = Object.fromEntries(
    services.map((each) => [each, wanted.get(each) ?? recorded?.weights?.[each] ?? 0]),
  );
  const own = memberWeights(pool.members, weights);
  const members = pool.members.map((each) => ({ ...each, weight: own.get(each.service) ?? 0 }));
  return { ...pool, weights, members };
}

function memberOf(
  context: Context,
  instance: Instance,
  loadBalancer: LoadBalancer,
  before: Member | undefined,
): Omit<Member, 'state' | 'since'> | undefined {
  const { address, service, release, slot, name } = instance;
  const target = targetOf(context, instance, loadBalancer, before);
  if (address === undefined || target === undefined) return undefined;
  return { id: serverId(instance), instance: name, service, release, slot, address, ...target };
}

/** Who serves goes on as it does until it has passed the check that is wanted now: a server that nobody asked is down. */
function targetOf(
  context: Context,
  instance: Instance,
  loadBalancer: LoadBalancer,
  before: Member | undefined,
): Pick<Member, 'port' | 'check'> | undefined {
  const wanted = checkOf(context, instance, loadBalancer);
  if (before !== undefined && before.check !== wanted?.name && !hasPassed(context, instance, wanted))
    return { port: before.port, check: before.check };
  return wanted && { port: loadBalancer.port, check: wanted.name };
}

/** The check that a member follows: the load balancer's own, or that of the service for this port. */
function checkOf(
  { decisions, routing }: Context,
  instance: Instance,
  loadBalancer: LoadBalancer,
): CheckDefinition | undefined {
  const asked = checksFor(instance, decisions.get(instance.service)?.view.desired, routing);
  const own = routeCheck(instance.service, loadBalancer);
  const ofRoute = own && asked.find(({ name }) => name === own.name);
  if (ofRoute !== undefined) return ofRoute;
  const ofService = asked.filter(({ pace }) => pace === undefined);
  return ofService.find(({ check }) => check.type === 'http' || check.port === loadBalancer.port) ?? ofService[0];
}

function hasPassed({ checks }: Context, instance: Instance, check: CheckDefinition | undefined): boolean {
  return check !== undefined && checks[`${check.name}/${serverId(instance)}`]?.check === 'up';
}

/** Every instance that is up is checked, routed or not; a check that a member follows stays as long as the member. */
function checkPools(context: Context, instances: readonly Instance[], routes: readonly Route[]): CheckPool[] {
  const pools = new Map<string, { definition: CheckDefinition; servers: Map<string, CheckedServer> }>();
  const add = (definition: CheckDefinition, server: CheckedServer) => {
    const entry = pools.get(definition.name) ?? { definition, servers: new Map<string, CheckedServer>() };
    pools.set(definition.name, entry);
    entry.servers.set(server.id, server);
  };
  for (const instance of instances.filter(isReachable)) {
    const desired = context.decisions.get(instance.service)?.view.desired;
    const server = { id: serverId(instance), address: instance.address ?? '' };
    for (const definition of checksFor(instance, desired, context.routing)) add(definition, server);
  }
  for (const { check, id, address } of routes.flatMap(membersOf)) {
    const definition = context.routing.checks.get(check);
    if (definition !== undefined) add(definition, { id, address });
  }
  return [...pools.values()].map(toPool).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function membersOf(each: Route): Member[] {
  return [...each.pools.a.members, ...each.pools.b.members];
}

function toPool({
  definition,
  servers,
}: {
  definition: CheckDefinition;
  servers: Map<string, CheckedServer>;
}): CheckPool {
  return { ...definition, servers: [...servers.values()].sort(byId) };
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
