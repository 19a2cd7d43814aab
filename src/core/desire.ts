import { byService } from './backends.ts';
import type { CheckPace, LoadBalancer } from './load-balancer.ts';
import type { ContainerSpec, Job, Manifest, Revision, Service, Strategy } from './model.ts';
import { isWritable } from './mounts.ts';
import { releaseOf, shortHash } from './release.ts';
import type { CheckPool } from './routing.ts';

/** A check of the balancer without the servers that it asks. */
export type CheckDefinition = Omit<CheckPool, 'servers'>;

export interface DesiredService {
  readonly name: string;
  readonly service: Service;
  readonly release: string;
  readonly strategy: Strategy;
  /** 0 where it is disabled. */
  readonly instances: number;
  /** What the balancer asks of each instance; the first of them that fits the port decides for a member. */
  readonly checks: readonly CheckDefinition[];
  /** Names of the load balancers that route to it. */
  readonly routedBy: readonly string[];
}

export interface DesiredJob {
  readonly name: string;
  readonly job: Job;
  readonly release: string;
}

export interface DesiredState {
  readonly cluster: string;
  readonly revision: Revision;
  readonly services: readonly DesiredService[];
  readonly jobs: readonly DesiredJob[];
  /** Enabled ones only. */
  readonly loadBalancers: readonly LoadBalancer[];
  /** Names of the other ones. */
  readonly disabledLoadBalancers: readonly string[];
  /** Names as in manifests, of services and jobs that run. */
  readonly networks: readonly string[];
  /** Services and jobs that the host does not allow any more: what runs of them goes on, and nothing of them is made. */
  readonly withheld: readonly string[];
}

/** A connection of a check that takes longer than this many milliseconds has failed; no answer is waited for. */
const CONNECT_TIMEOUT = 1000;

/** What should be, from validated manifests. */
export function desire(
  manifests: readonly Manifest[],
  context: Pick<DesiredState, 'cluster' | 'revision'> & Partial<Pick<DesiredState, 'withheld'>>,
): DesiredState {
  const declared = manifests.filter((each) => each.kind === 'LoadBalancer');
  const loadBalancers = declared.filter((each) => each.enabled).sort(byName);
  const disabledLoadBalancers = declared.filter((each) => !each.enabled).map((each) => each.name);
  const routes = byService(loadBalancers);
  const services = manifests
    .filter((each) => each.kind === 'Service')
    .map((service) => desiredService(service, routes.get(service.name) ?? []))
    .sort(byName);
  const jobs = manifests
    .filter((each) => each.kind === 'Job')
    .map((job) => ({ name: job.name, job, release: releaseOf(job.container, job.resources) }))
    .sort(byName);
  const running = [
    ...services.filter((each) => each.instances > 0).map((each) => each.service),
    ...jobs.filter((each) => each.job.enabled).map((each) => each.job),
  ];
  const networks = [...new Set(running.flatMap((each) => each.container.networks))].sort();
  return { withheld: [], ...context, services, jobs, loadBalancers, disabledLoadBalancers, networks };
}

function desiredService(service: Service, routes: readonly LoadBalancer[]): DesiredService {
  return {
    name: service.name,
    service,
    release: releaseOf(service.container, service.resources),
    strategy: strategyOf(service),
    instances: service.enabled ? service.instances : 0,
    checks: [
      ...checksOf(
        service,
        [...new Set(routes.map((route) => route.port))].sort((a, b) => a - b),
      ),
      ...routeChecks(service.name, routes),
    ],
    routedBy: routes.map((route) => route.name),
  };
}

/** Two containers cannot share a host port, and should not share what both write to. */
function strategyOf(service: Service): Strategy {
  if (hasHostPort(service.container)) return 'recreate';
  return service.update.strategy ?? (hasWritableMount(service) ? 'recreate' : 'rolling');
}

export function hasHostPort(container: ContainerSpec): boolean {
  return container.ports.some((port) => port.hostPort !== undefined);
}

function hasWritableMount(service: Service): boolean {
  return service.container.mounts.some(isWritable);
}

function checksOf(service: Service, routedPorts: readonly number[]): CheckDefinition[] {
  const { healthCheck, name } = service;
  if (healthCheck?.http !== undefined)
    return [checkDefinition(name, { type: 'http', ...healthCheck.http }, healthCheck.timeout)];
  return routedPorts.map((port) => checkDefinition(name, { type: 'tcp', port }, CONNECT_TIMEOUT));
}

/** Load balancers that ask the same are told by one check. */
function routeChecks(service: string, routes: readonly LoadBalancer[]): CheckDefinition[] {
  const own = routes.flatMap((route) => routeCheck(service, route) ?? []);
  return [...new Map(own.map((each) => [each.name, each])).values()].sort(byName);
}

/** What a load balancer asks the instances of a service by itself; undefined: nothing. */
export function routeCheck(service: string, { healthCheck }: LoadBalancer): CheckDefinition | undefined {
  if (healthCheck === undefined) return undefined;
  const { port, http, timeout, interval, rise, fall } = healthCheck;
  const check = http === undefined ? { type: 'tcp' as const, port } : { type: 'http' as const, ...http, port };
  return checkDefinition(service, check, timeout, { interval, rise, fall });
}

function checkDefinition(
  service: string,
  check: CheckPool['check'],
  timeout: number,
  pace?: CheckPace,
): CheckDefinition {
  const asked = { check, timeout, ...(pace && { pace }) };
  return { name: `${service}.${check.type}.${check.port}.${shortHash(asked)}`, service, ...asked };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
