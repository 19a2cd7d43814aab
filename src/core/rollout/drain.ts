import type { Instance } from '../observed.ts';
import { serverId } from './readiness.ts';
import type { Membership } from './routing-index.ts';
import type { Route } from '../routing.ts';
import type { ServiceView } from './view.ts';

/** Milliseconds of a service that no manifest tells of any more. */
export const DRAIN = 30_000;

/** Whether clients reach it now, by its name or through a route. */
export function isServing(view: ServiceView, instance: Instance): boolean {
  return instance.discoverable || isRouted(view, instance);
}

/** Whether a route of the balancer leads to it now. */
export function isRouted(view: ServiceView, instance: Instance): boolean {
  const memberships = membershipsOf(view, instance);
  return memberships.some(({ route, colour, member }) => colour === route.active && member.state === 'active');
}

/** Whether routes led to it, and it only ends what it has begun; as long as it does, its name may lead to it. */
export function isDraining(view: ServiceView, instance: Instance): boolean {
  return !isRouted(view, instance) && membershipsOf(view, instance).some(({ member }) => member.state === 'draining');
}

/**
 * Whether stopping it can cut no request: no route leads to it, and its sessions are over, or had their time. Those in an
 * earlier worker of the balancer, which may still know it, are not counted but given their time.
 */
export function canStop(view: ServiceView, instance: Instance): boolean {
  const { balancer, now } = view;
  if (balancer.state === 'unreachable' || isComing(view, instance)) return false;
  const memberships = membershipsOf(view, instance);
  const expired = memberships.every(
    ({ route, member }) => member.state === 'draining' && now - member.since >= drainOf(view, route),
  );
  if (memberships.length > 0 && expired) return true;
  if (balancer.oldWorkers > 0 && wasMember(view, instance)) {
    // No route has led to it since the reload at the latest; tunnels of others may keep an old worker for hours.
    const routes = (view.desired?.routedBy ?? []).map((name) => view.routing.routes.get(name));
    const longest = Math.max(drainOf(view), ...routes.map((route) => drainOf(view, route)));
    return memberships.length === 0 && (balancer.reloadedAgo ?? 0) >= longest;
  }
  return memberships.every((each) => isDrained(view, each));
}

/** Milliseconds that requests have which the route has led there; the route's own word counts before the service's. */
function drainOf({ desired }: ServiceView, route?: Route): number {
  return route?.traffic.drain ?? desired?.service.update.drain ?? DRAIN;
}

/** The balancer is being told to lead to it: it will, whatever has been decided since. */
function isComing({ coming }: ServiceView, instance: Instance): boolean {
  const memberships = coming.memberships.get(serverId(instance)) ?? [];
  return memberships.some(({ member }) => member.state === 'active');
}

function isDrained(view: ServiceView, { route, colour, member }: Membership): boolean {
  if (member.state === 'active') return false;
  const health = view.balancer.members[`${route.loadBalancer}/${colour}/${member.id}`];
  return health === undefined || health.sessions === 0;
}

/** A candidate that never served was in no worker's pool; one that did may be known to an old worker. */
function wasMember(view: ServiceView, instance: Instance): boolean {
  return instance.restartPolicy !== 'no' || membershipsOf(view, instance).length > 0;
}

function membershipsOf({ routing }: ServiceView, instance: Instance): readonly Membership[] {
  return routing.memberships.get(serverId(instance)) ?? [];
}
