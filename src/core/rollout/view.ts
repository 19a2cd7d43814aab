import type { CheckDefinition, DesiredService, DesiredState } from '../desire.ts';
import { groupBy } from '../group.ts';
import { withBeginnings, withoutImages, type Memory } from './memory.ts';
import type { ContainerSpec, Resources } from '../model.ts';
import {
  isTrusted,
  isUp,
  type Instance,
  type ObservedBalancer,
  type ObservedNode,
  type ObservedState,
  type Run,
  type UnderWay,
} from '../observed.ts';
import { place, type Demand, type Placement } from '../placement.ts';
import { excessOf } from '../resources.ts';
import { missingNetworks } from './networks.ts';
import { checksFor, conditionOf, hasStood, remember, STOPPING, type Condition } from './readiness.ts';
import { indexRouting, type RoutingIndex } from './routing-index.ts';

/** All that the decision about one service needs, gathered once. */
export interface ServiceView {
  readonly name: string;
  readonly cluster: string;
  /** Missing: no manifest any more. */
  readonly desired?: DesiredService;
  readonly instances: readonly Instance[];
  /** Candidates whose end has begun: they are none of `instances` any more. */
  readonly discarded: readonly Instance[];
  readonly conditions: ReadonlyMap<string, Condition>;
  /** Instances that the node has room for; where `blocked`, the new release has none. */
  readonly admitted: number;
  readonly blocked: boolean;
  /** Room for a surge. */
  readonly free: Demand;
  readonly balancer: ObservedBalancer;
  /** The table that the balancer works by. */
  readonly routing: RoutingIndex;
  /** The one that is on its way into it. */
  readonly coming: RoutingIndex;
  /** Slots of the service whose containers are being made or started. */
  readonly starting: UnderWay['starting'];
  /** Services and jobs that it depends on and that are not ready: nothing new of it starts. */
  readonly awaits: readonly string[];
  /** Services that leave, too, and depend on it: it leaves after them. */
  readonly neededBy: readonly string[];
  /** Networks that are about to be made. */
  readonly missingNetworks: readonly string[];
  /** Milliseconds that its last replacement left it without anybody ready, where that is known. */
  readonly lastGap?: number;
  readonly memory: Memory;
  readonly revision: string;
  readonly now: number;
}

/** The release that a service is being brought to. */
export interface Target {
  readonly release: string;
  readonly container: ContainerSpec;
  readonly resources: Resources;
  readonly instances: number;
  /** A release that ran before and comes back because the wanted one failed. */
  readonly rollback: boolean;
}

export interface Views {
  readonly services: readonly ServiceView[];
  readonly placement: Placement;
  /** Room on the node beside all that runs or is to run. */
  readonly free: Demand;
  /** Networks that are about to be made. */
  readonly missingNetworks: readonly string[];
  readonly routing: RoutingIndex;
  readonly memory: Memory;
}

/** One view for each service that is wanted or still there; the memory comes back with its clocks brought up to now. */
export function viewsOf(desired: DesiredState, state: ObservedState, memory: Memory, now: number): Views {
  const { instances, runs } = state.runtime;
  const isDiscarded = (each: Instance) => each.restartPolicy === 'discarded';
  const byService = groupBy(
    instances.filter((each) => !isDiscarded(each)),
    (each) => each.service,
  );
  const discarded = groupBy(instances.filter(isDiscarded), (each) => each.service);
  const routing = indexRouting(state.balancer.table);
  const coming = indexRouting(state.underWay?.table);
  const networks = missingNetworks(desired, state.runtime);
  const starting = groupBy(state.underWay?.starting ?? [], (each) => each.service);
  const gaps = new Map(state.gaps?.map(({ service, lasted }) => [service, lasted]));
  const followed = followedChecks(routing);
  const wanted = new Map(desired.services.map((each) => [each.name, withChecks(each, followed.get(each.name))]));
  const conditions = conditionsOf(wanted, state, routing, memory, now);
  const releases = [...desired.services, ...desired.jobs].map(({ name, release }) => `${name}@${release}`);
  const known = withBeginnings(remember(memory, state, conditions, now), runs.filter(isUp));
  const remembered = withoutUnwanted(known, new Set(releases));
  const node = beside(state.runtime.node, runs.filter(isUp));
  const placement = place(desired.services, instances, node);
  const blocked = new Set(placement.blocked);
  const names = [...new Set([...wanted.keys(), ...byService.keys(), ...discarded.keys()])].sort();
  const services = names.map((name): ServiceView => {
    const service = wanted.get(name);
    const lastGap = gaps.get(name);
    return {
      name,
      cluster: desired.cluster,
      ...(service && { desired: service }),
      instances: (byService.get(name) ?? []).map((each) => withExcess(each, service)),
      discarded: discarded.get(name) ?? [],
      conditions,
      admitted: placement.admitted[name] ?? 0,
      blocked: blocked.has(name),
      free: placement.free,
      balancer: state.balancer,
      routing,
      coming,
      starting: starting.get(name) ?? [],
      awaits: [],
      neededBy: [],
      missingNetworks: networks,
      ...(lastGap !== undefined && { lastGap }),
      memory: remembered,
      revision: desired.revision.id,
      now,
    };
  });
  return { services, placement, free: placement.free, missingNetworks: networks, routing, memory: remembered };
}

/** A limit that somebody has set where there should be none is gone only with its container. */
function withExcess(instance: Instance, desired: DesiredService | undefined): Instance {
  if (desired?.release !== instance.release) return instance;
  const excess = excessOf(instance.resources, desired.service.resources);
  if (excess.length === 0) return instance;
  return { ...instance, deviations: [...instance.deviations, ...excess.map((field) => `${field} should not be set`)] };
}

/** The node with less room: jobs take theirs as they run. */
function beside(node: ObservedNode, running: readonly Run[]): ObservedNode {
  if (running.length === 0) return node;
  const taken = running.map(({ resources }) => resources);
  const cpu = taken.reduce((sum, each) => sum + each.cpu, node.foreign.cpu);
  const memory = taken.reduce((sum, each) => sum + each.memory, node.foreign.memory);
  return { ...node, foreign: { cpu, memory } };
}

/** Images of releases that are not wanted any more may be taken away by anybody: they are asked for anew. */
function withoutUnwanted(memory: Memory, wanted: ReadonlySet<string>): Memory {
  return withoutImages(memory, new Set(Object.keys(memory.images).filter((each) => !wanted.has(each))));
}

/** The checks that members of routes follow, by service. */
function followedChecks({ checks, memberships }: RoutingIndex): ReadonlyMap<string, readonly CheckDefinition[]> {
  const names = new Set([...memberships.values()].flat().map(({ member }) => member.check));
  const followed = [...names].flatMap((name) => checks.get(name) ?? []);
  return groupBy(followed, ({ service }) => service);
}

/** A load balancer that is on its way to another service still asks the one that it leads to. */
function withChecks(service: DesiredService, followed: readonly CheckDefinition[] | undefined): DesiredService {
  return service.checks.length > 0 || followed === undefined ? service : { ...service, checks: followed };
}

function conditionsOf(
  wanted: ReadonlyMap<string, DesiredService>,
  state: ObservedState,
  routing: RoutingIndex,
  memory: Memory,
  now: number,
): ReadonlyMap<string, Condition> {
  const { balancer, runtime } = state;
  const stopping = new Set(state.underWay?.stopping);
  return new Map(
    runtime.instances.map((instance) => {
      if (stopping.has(instance.id)) return [instance.id, STOPPING];
      const checks = checksFor(instance, wanted.get(instance.service), routing);
      return [instance.id, conditionOf(instance, checks, balancer, hasStood(memory, instance, now))];
    }),
  );
}

/** Nothing of the release has been begun, and what it depends on is not ready. */
export function isHeldUp({ awaits, instances }: ServiceView, release: string): boolean {
  const isBegun = (each: Instance) => each.release === release && (isUp(each) || isTrusted(each));
  return awaits.length > 0 && !instances.some(isBegun);
}

export function isReady(view: ServiceView, instance: Instance): boolean {
  return view.conditions.get(instance.id)?.state === 'ready';
}

/** Of several releases the one with the most ready instances, else the one that was made last. */
export function bestRelease(view: ServiceView, instances: readonly Instance[]): readonly Instance[] | undefined {
  const releases = [...groupBy(instances, (each) => each.release).values()];
  const ready = (release: readonly Instance[]) => release.filter((each) => isReady(view, each)).length;
  const newest = (release: readonly Instance[]) => Math.max(...release.map((each) => each.createdAt));
  return releases.sort((a, b) => ready(b) - ready(a) || newest(b) - newest(a))[0];
}

/** It runs, and nobody knows yet whether it stands. */
export function hasJustStarted(view: ServiceView, instance: Instance): boolean {
  return view.conditions.get(instance.id)?.state === 'starting';
}

/** It runs, and the balancer cannot be asked about it. */
export function isUnknown(view: ServiceView, instance: Instance): boolean {
  return view.conditions.get(instance.id)?.state === 'unknown';
}

/** It is up, and its end has begun. */
export function isStopping(view: ServiceView, instance: Instance): boolean {
  return view.conditions.get(instance.id) === STOPPING;
}

/** It is up, and known not to serve. */
export function isFailing(view: ServiceView, instance: Instance): boolean {
  return view.conditions.get(instance.id)?.state === 'unhealthy' && !isRefused(view, instance);
}

/** It is up and well, but not what a load balancer looks for. */
export function isRefused(view: ServiceView, instance: Instance): boolean {
  return view.conditions.get(instance.id)?.byRoute === true;
}

/**
 * A stopped container with restart policy `no` marks its release as failed, unless it fell with the engine: then
 * nobody knows whether the release is any good.
 */
export function isMark(view: ServiceView, instance: Instance): boolean {
  if (instance.restartPolicy !== 'no' || isUp(instance) || isStarting(view, instance)) return false;
  if (instance.state === 'created') return instance.error !== undefined;
  return view.memory.fellWithEngine[instance.id] === undefined;
}

/** There is something to go back to: it is up, or was before it was stopped. One that was made only never served anybody. */
export function isFallback(view: ServiceView, instance: Instance): boolean {
  if (isUp(instance)) return true;
  const wasOnlyMade = instance.state === 'created' && instance.restartPolicy === 'no';
  return !wasOnlyMade && !isMark(view, instance);
}

/** How that ends is not known yet. */
function isStarting({ starting }: ServiceView, { release, slot }: Instance): boolean {
  return starting.some((each) => each.release === release && each.slot === slot);
}
