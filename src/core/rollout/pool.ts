import { routeCheck, type CheckDefinition, type DesiredState } from '../desire.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import type { Instance, ObservedBalancer, ObservedState } from '../observed.ts';
import type { Member, Pool } from '../routing.ts';
import type { Decision } from './decide.ts';
import { DRAIN } from './drain.ts';
import type { MemberSet } from './members.ts';
import { checksFor, serverId } from './readiness.ts';
import type { RoutingIndex } from './routing-index.ts';
import { weighted } from './weights.ts';

/** What the routing table is made from. */
export interface TableContext {
  readonly desired: DesiredState;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly sets: ReadonlyMap<string, MemberSet>;
  readonly up: ReadonlySet<string>;
  readonly routing: RoutingIndex;
  readonly checks: ObservedBalancer['checks'];
  readonly certificates: NonNullable<ObservedState['certificates']>;
  readonly now: number;
}

/** What a pool was, and the set that it is to hold. */
interface Filling {
  readonly recorded: Pool | undefined;
  /** No request was led to it. */
  readonly wasIdle: boolean;
  readonly set: MemberSet | undefined;
}

/** Wanted members are active; others that are still up drain; those that are gone are dropped. */
export function poolOf(context: TableContext, loadBalancer: LoadBalancer, { recorded, wasIdle, set }: Filling): Pool {
  const known = recorded?.members ?? [];
  const instances = set?.members ?? [];
  const answering = instances.filter((each) => isAnswering(context, each, loadBalancer));
  const wanted = instances.flatMap((instance): Member[] => {
    const before = known.find((each) => each.id === serverId(instance));
    const since = before?.state === 'active' ? Math.min(before.since, context.now) : context.now;
    const member = memberOf(context, instance, loadBalancer, { before, othersAnswer: answering.length > 0 });
    return member === undefined ? [] : [{ ...member, state: 'active', since }];
  });
  const draining = known
    .filter(({ id }) => context.up.has(id) && !wanted.some((each) => each.id === id))
    .map((each): Member => {
      const since = each.state === 'draining' ? Math.min(each.since, context.now) : context.now;
      return { ...each, state: 'draining', since };
    })
    // Of a service that runs on without this route nothing stays behind.
    .filter((each) => !wasIdle || context.now - each.since < drainOf(context, loadBalancer, each));
  const members = [...wanted, ...draining].sort(byId);
  const id = set?.id ?? (draining.length > 0 ? (recorded?.set ?? '') : '');
  const sharing = new Set(answering.map(({ service }) => service));
  return weighted({ set: id, members }, loadBalancer.backends, { recorded, answering: sharing });
}

function drainOf({ decisions }: TableContext, { traffic }: LoadBalancer, { service }: Member): number {
  return traffic.drain ?? decisions.get(service)?.view.desired?.service.update.drain ?? DRAIN;
}

interface Known {
  readonly before: Member | undefined;
  /** Somebody has passed the check that is wanted now. */
  readonly othersAnswer: boolean;
}

function memberOf(
  context: TableContext,
  instance: Instance,
  loadBalancer: LoadBalancer,
  known: Known,
): Omit<Member, 'state' | 'since'> | undefined {
  const { address, service, release, slot, name } = instance;
  const target = targetOf(context, instance, loadBalancer, known);
  if (address === undefined || target === undefined) return undefined;
  return { id: serverId(instance), instance: name, service, release, slot, address, ...target };
}

/**
 * Who serves goes on as it does until it has passed the check that is wanted now: a server that nobody asked is down. One
 * that fails it while others pass goes by it too.
 */
function targetOf(
  context: TableContext,
  instance: Instance,
  loadBalancer: LoadBalancer,
  { before, othersAnswer }: Known,
): Pick<Member, 'port' | 'protocol' | 'check'> | undefined {
  const wanted = checkOf(context, instance, loadBalancer, before);
  const result = resultOf(context, instance, wanted);
  const isJudged = result === 'up' || (result === 'down' && othersAnswer);
  const target = (port: number, check: string, protocol: Member['protocol']) => ({
    ...{ port, check },
    ...(protocol && { protocol }),
  });
  if (before !== undefined && before.check !== wanted?.name && !isJudged)
    return target(before.port, before.check, before.protocol);
  return wanted && target(loadBalancer.port, wanted.name, loadBalancer.traffic.backendProtocol);
}

/** The check that a member follows: the load balancer's own, as it is or was, or that of the service for this port. */
function checkOf(
  { decisions, routing }: TableContext,
  instance: Instance,
  loadBalancer: LoadBalancer,
  before?: Member,
): CheckDefinition | undefined {
  const asked = checksFor(instance, decisions.get(instance.service)?.view.desired, routing);
  const own = routeCheck(instance.service, loadBalancer);
  const ofRoute =
    own && (asked.find(({ name }) => name === own.name) ?? asked.find(({ name }) => name === before?.check));
  if (ofRoute !== undefined) return ofRoute;
  const ofService = asked.filter(({ pace }) => pace === undefined);
  return ofService.find(({ check }) => check.type === 'http' || check.port === loadBalancer.port) ?? ofService[0];
}

/** Whether an instance has passed the check by which this load balancer goes. */
export function isAnswering(context: TableContext, instance: Instance, loadBalancer: LoadBalancer): boolean {
  return resultOf(context, instance, checkOf(context, instance, loadBalancer)) === 'up';
}

function resultOf({ checks }: TableContext, instance: Instance, check: CheckDefinition | undefined) {
  return check && checks[`${check.name}/${serverId(instance)}`]?.check;
}

export function isReachable(instance: Instance): boolean {
  return (instance.state === 'running' || instance.state === 'restarting') && instance.address !== undefined;
}

export function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
