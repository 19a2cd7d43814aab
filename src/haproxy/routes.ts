import type { Route, RoutingTable } from '../core/routing.ts';
import { affinityEntries } from './affinity.ts';
import { backendName, idleColour } from './names.ts';
import type { Slots } from './slots.ts';

/** The map by which a request finds its backend, host and path, closed by a slash, to the backend's name; and by which it finds its member. */
export type RouteMap = ReadonlyMap<string, string>;

/**
 * HAProxy looks up host, path and one more slash, and takes the longest key that this begins with. As each key ends in
 * a slash too, `host/api/` meets `/api` and `/api/x` but not `/apix`.
 */
export function routeMap(table: RoutingTable, slots: Slots): RouteMap {
  const previews = table.routes.flatMap((route) =>
    route.previews.map((host) => [key(host, route.path), backendName(route.loadBalancer, idleColour(route))] as const),
  );
  const hosts = table.routes.flatMap((route) =>
    route.hostnames.map((host) => [key(host, route.path), backendName(route.loadBalancer, route.active)] as const),
  );
  return new Map([...previews, ...hosts, ...affinityEntries(table, slots)]);
}

function key(host: string, path: string): string {
  return `${host}${path === '/' ? '' : path}/`;
}

/** The table with the active colours that the map really leads to, and without hostnames that it does not have. */
export function routedTable(table: RoutingTable, map: RouteMap): RoutingTable {
  return { ...table, routes: table.routes.map((route) => routedRoute(route, map)) };
}

function routedRoute(route: Route, map: RouteMap): Route {
  const targets = new Map(route.hostnames.map((host) => [host, map.get(key(host, route.path))]));
  const idle = backendName(route.loadBalancer, idleColour(route));
  const active = [...targets.values()].includes(idle) ? idleColour(route) : route.active;
  return { ...route, active, hostnames: route.hostnames.filter((host) => targets.get(host) !== undefined) };
}

/** As a map file, or as the payload of `add map`. */
export function mapLines(map: RouteMap): readonly string[] {
  return [...map].map(([from, to]) => `${from} ${to}`);
}

export function sameMap(one: RouteMap, other: RouteMap): boolean {
  return one.size === other.size && [...one].every(([from, to]) => other.get(from) === to);
}
