import type { Route, RoutingTable } from '../core/routing.ts';
import { affinityEntries } from './affinity.ts';
import { backendName, challengeKey, idleColour, listenerKey } from './names.ts';
import type { Slots } from './slots.ts';

/** The map by which a request finds its backend, host and path, closed by a slash, to the backend's name; and by which it finds its member. */
export type RouteMap = ReadonlyMap<string, string>;

/**
 * HAProxy looks up host, path and one more slash, and takes the longest key that this begins with. As each key ends in
 * a slash too, `host/api/` meets `/api` and `/api/x` but not `/apix`.
 */
export function routeMap(table: RoutingTable, slots: Slots): RouteMap {
  const previews = table.routes.flatMap((route) =>
    route.listen !== undefined
      ? []
      : route.previews.map(
          (host) => [key(host, route.path), backendName(route.loadBalancer, idleColour(route))] as const,
        ),
  );
  const places = table.routes.flatMap((route) =>
    keysOf(route).map((each) => [each, backendName(route.loadBalancer, route.active)] as const),
  );
  const challenges = table.routes.flatMap(({ challenge, hostnames }) =>
    challenge === undefined ? [] : hostnames.map((host) => [challengeKey(host), challenge] as const),
  );
  return new Map([...previews, ...places, ...challenges, ...affinityEntries(table, slots)]);
}

function keysOf({ listen, externalIPs, hostnames, path }: Route): readonly string[] {
  if (listen === undefined) return hostnames.map((host) => key(host, path));
  return [listenerKey({ listen, ...(externalIPs && { externalIPs }) })];
}

function key(host: string, path: string): string {
  return `${host}${path === '/' ? '' : path}/`;
}

/** The table with the active colours that the map really leads to, and without hostnames and ports that it does not have. */
export function routedTable(table: RoutingTable, map: RouteMap): RoutingTable {
  return { ...table, routes: table.routes.map((route) => routedRoute(route, map)) };
}

function routedRoute(recorded: Route, map: RouteMap): Route {
  const { listen, challenge, ...others } = recorded;
  const keys = keysOf(recorded);
  const isAnswered = challenge !== undefined && others.hostnames.every((host) => map.has(challengeKey(host)));
  const route: Route = {
    ...others,
    ...(listen !== undefined && keys.every((each) => map.has(each)) && { listen }),
    ...(isAnswered && { challenge }),
  };
  const idle = backendName(route.loadBalancer, idleColour(route));
  const active = keys.some((each) => map.get(each) === idle) ? idleColour(route) : route.active;
  return { ...route, active, hostnames: route.hostnames.filter((host) => map.has(key(host, route.path))) };
}

/** As a map file, or as the payload of `add map`. */
export function mapLines(map: RouteMap): readonly string[] {
  return [...map].map(([from, to]) => `${from} ${to}`);
}

export function sameMap(one: RouteMap, other: RouteMap): boolean {
  return one.size === other.size && [...one].every(([from, to]) => other.get(from) === to);
}
