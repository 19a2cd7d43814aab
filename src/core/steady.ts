import type { DesiredJob, DesiredService, DesiredState } from './desire.ts';
import { scheduleText } from './jobs/schedule.ts';
import type { Job, Service } from './model.ts';
import type { Instance, ObservedBalancer, ObservedNode, ObservedState, Run } from './observed.ts';
import { place } from './placement.ts';
import { plan } from './plan/plan.ts';
import { canonicalResources, resourcesText } from './resources.ts';
import { NO_MEMORY } from './rollout/memory.ts';
import { EMPTY_TABLE, type RoutingTable } from './routing.ts';

const NO_PRUNING = { budget: { maxFraction: 0, maxCount: 0 }, all: false };
const WELL = { check: 'up', description: 'L7OK' } as const;

/** What would be seen once all of it has long been done on this node: it runs, is routed to, and passes its checks. */
export function steadyState(desired: DesiredState, node: ObservedNode, now: number): ObservedState {
  const runtime = {
    node,
    instances: instancesOf(desired, node),
    runs: desired.jobs.filter(({ job }) => job.enabled).map((each) => steadyRun(desired.cluster, each, now)),
    networks: [...new Set(['default', ...desired.networks])],
    partialNetworks: [],
    observedAt: now,
  };
  const unrouted = { runtime, balancer: balancerWith(EMPTY_TABLE), date: now };
  const { table } = plan(desired, unrouted, NO_MEMORY, now, NO_PRUNING);
  return { ...unrouted, balancer: balancerWith(table) };
}

/** As many of each as may run there. */
function instancesOf({ cluster, services }: DesiredState, node: ObservedNode): Instance[] {
  const { admitted } = place(services, [], node);
  const slots = services.flatMap((each) =>
    Array.from({ length: admitted[each.name] ?? 0 }, (_, index) => ({ ...each, slot: index + 1 })),
  );
  return slots.map((each, index) => ({ ...steadyInstance(cluster, each, each.slot), address: addressOf(index) }));
}

/** An instance that runs as its manifest wants it. */
export function steadyInstance(
  cluster: string,
  { service, release }: Pick<DesiredService, 'service' | 'release'>,
  slot: number,
): Instance {
  const health = service.container.healthCommand === undefined ? 'none' : 'healthy';
  const state = { state: 'running', health, restartPolicy: service.restart, discoverable: true } as const;
  const order = service.dependsOn && { dependsOn: service.dependsOn };
  return { ...made(cluster, service, release, slot), ...state, startedAt: 0, ...order };
}

/** The last run of a release, which has succeeded, or the next one of a schedule. */
function steadyRun(cluster: string, { job, release }: DesiredJob, now: number): Run {
  const over = { state: 'exited', exitCode: 0, startedAt: 0, finishedAt: 0 } as const;
  const next = job.schedule && { state: 'created' as const, schedule: scheduleText(job.schedule) };
  const run = { health: 'none', restartPolicy: 'no', discoverable: false, stopped: false } as const;
  const order = job.dependsOn && { dependsOn: job.dependsOn };
  return { ...made(cluster, job, release, 1), ...run, ...(next ?? over), ...order, ...askedOf(job), madeAt: now };
}

function askedOf({ retries, resources }: Job) {
  return { retries, asked: resourcesText(resources) };
}

function made(cluster: string, { name, container, resources }: Service | Job, release: string, slot: number) {
  return {
    id: `${name}-${release}-${slot}`,
    name: `${cluster}-${name}-${release}-${slot}`,
    service: name,
    release,
    version: container.version,
    slot,
    spec: container,
    oomKilled: false,
    restarts: 0,
    createdAt: 0,
    resources: canonicalResources(resources),
    hostPorts: [],
    imageId: 'sha256:1',
    deviations: [],
  };
}

function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
}

function balancerWith(table: RoutingTable): ObservedBalancer {
  const asked = table.checks.flatMap(({ name, servers }) => servers.map(({ id }) => [`${name}/${id}`, WELL] as const));
  return { state: 'running', table, checks: Object.fromEntries(asked), members: {}, oldWorkers: 0 };
}
