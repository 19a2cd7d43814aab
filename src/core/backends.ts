import { groupBy } from './group.ts';
import type { Backend, LoadBalancer } from './load-balancer.ts';

/** `web`, or `web-v1 90, web-v2 10`. */
export function backendsText(backends: readonly Backend[]): string {
  const [one, ...others] = backends;
  if (one !== undefined && others.length === 0) return one.service;
  return backends.map(({ service, weight }) => `${service} ${weight}`).join(', ');
}

/** By service: the load balancers that lead to it. */
export function byService(loadBalancers: readonly LoadBalancer[]): ReadonlyMap<string, readonly LoadBalancer[]> {
  const leading = loadBalancers.flatMap((to) => to.backends.map(({ service }) => ({ service, to })));
  const groups = groupBy(leading, ({ service }) => service);
  return new Map([...groups].map(([service, all]) => [service, all.map(({ to }) => to)]));
}
