import { servicesOfSet, type Route, type RoutingTable } from './routing.ts';

/** A request that the load balancer is done with, as its log has it. */
export interface HandledRequest {
  /** When it was over: RFC 3339 with milliseconds. */
  readonly at: string;
  /** Address of who asked. */
  readonly client: string;
  /** Signs that do not belong into a URL are `%XX` here and in host and path; absent: it was no HTTP, or cut short. */
  readonly method?: string;
  readonly host?: string;
  /** Without the query, which may hold secrets. */
  readonly path?: string;
  /** Absent: it ended before there was an answer. */
  readonly status?: number;
  /** Sent to the client, headers too. */
  readonly bytes: number;
  /** Milliseconds from its first byte to its end. */
  readonly duration: number;
  /** Milliseconds from its first byte to the first one of a member's answer. */
  readonly firstByte?: number;
  /** Absent: none has this host and path. */
  readonly loadBalancer?: string;
  /** Who answered, or was to; absent: none was asked. */
  readonly member?: { readonly service: string; readonly release: string; readonly slot: number };
  /** How it ended, in HAProxy's two letters: `--` as it should. */
  readonly termination: string;
  readonly retries: number;
}

export type Wanted = (request: HandledRequest) => boolean;

/** Those of a load balancer, of a service's instances, and those that were to reach such a one and did not. */
export function requestsOf(name: string, table: RoutingTable | undefined): Wanted {
  const leading = (table?.routes ?? []).filter(({ active, pools }) => servicesOfSet(pools[active].set).includes(name));
  const names = new Set(leading.map(({ loadBalancer }) => loadBalancer));
  return ({ loadBalancer, member }) =>
    loadBalancer === name || (member === undefined ? names.has(loadBalancer ?? '') : member.service === name);
}

/** What requests can be asked for by: load balancers, and the services that they lead to. */
export function namesOf({ routes }: RoutingTable): readonly string[] {
  const services = routes.flatMap(servicesOf);
  const names = new Set([...routes.map(({ loadBalancer }) => loadBalancer), ...services]);
  return [...names].sort();
}

/** Whether a load balancer and a service are called so and not all of their requests are those of both. */
export function areTwo(name: string, { routes }: RoutingTable): boolean {
  const named = routes.map((route) => ({
    balancer: route.loadBalancer === name,
    service: servicesOf(route).includes(name),
  }));
  const isEach = named.some(({ balancer }) => balancer) && named.some(({ service }) => service);
  return isEach && named.some(({ balancer, service }) => balancer !== service);
}

function servicesOf({ pools }: Route): readonly string[] {
  return [pools.a.set, pools.b.set].flatMap(servicesOfSet);
}
