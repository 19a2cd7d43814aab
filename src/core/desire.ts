import { groupBy } from './group.ts';
import type { ContainerSpec, LoadBalancer, Manifest, Revision, Service, Strategy } from './model.ts';
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

export interface DesiredState {
  readonly cluster: string;
  readonly revision: Revision;
  readonly services: readonly DesiredService[];
  /** Enabled ones only. */
  readonly loadBalancers: readonly LoadBalancer[];
  /** Names as in manifests, of services that run. */
  readonly networks: readonly string[];
}

/** What should be, from validated manifests. */
export function desire(manifests: readonly Manifest[], context: { cluster: string; revision: Revision }): DesiredState {
  const loadBalancers = manifests.filter((each) => each.kind === 'LoadBalancer').filter((each) => each.enabled);
  const routes = groupBy(loadBalancers, (each) => each.service);
  const services = manifests
    .filter((each) => each.kind === 'Service')
    .map((service) => desiredService(service, routes.get(service.name) ?? []))
    .sort(byName);
  const running = services.filter((each) => each.instances > 0);
  const networks = [...new Set(running.flatMap((each) => each.service.container.networks))].sort();
  return { ...context, services, loadBalancers: loadBalancers.sort(byName), networks };
}

function desiredService(service: Service, routes: readonly LoadBalancer[]): DesiredService {
  return {
    name: service.name,
    service,
    release: releaseOf(service.container, service.resources),
    strategy: strategyOf(service),
    instances: service.enabled ? service.instances : 0,
    checks: checksOf(
      service,
      [...new Set(routes.map((route) => route.port))].sort((a, b) => a - b),
    ),
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
  return service.container.mounts.some((mount) => mount.type !== 'tmpfs' && !mount.readOnly);
}

function checksOf(service: Service, routedPorts: readonly number[]): CheckDefinition[] {
  const http = service.healthCheck?.http;
  const timeout = Math.min(service.healthCheck?.timeout ?? 1000, 1000);
  if (http !== undefined) return [checkDefinition(service.name, { type: 'http', ...http }, timeout)];
  return routedPorts.map((port) => checkDefinition(service.name, { type: 'tcp', port }, timeout));
}

function checkDefinition(service: string, check: CheckPool['check'], timeout: number): CheckDefinition {
  return { name: `${service}.${check.type}.${check.port}.${shortHash({ check, timeout })}`, service, check, timeout };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
