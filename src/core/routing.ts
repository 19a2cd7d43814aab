import type { Certificate } from './certificate.ts';
import type { CheckPace, Entry, RouteCheck, Timeouts, TrafficPolicy } from './load-balancer.ts';
import type { HttpCheck } from './model.ts';

/**
 * What the load balancer should do. Checks stand apart from routes: a pool of checks asks each instance of a service,
 * routed or not; the members of routes follow (track) the check of their instance. Each route has two pools, so that
 * a switch to another set of members is one change of a map.
 */
export interface RoutingTable {
  readonly version: 1;
  readonly checks: readonly CheckPool[];
  readonly routes: readonly Route[];
}

export interface CheckPool {
  /** Unique and stable for service and check: `web.http.8080.1a2b3c4`. Only [a-z0-9.-]. */
  readonly name: string;
  readonly service: string;
  readonly check: ({ readonly type: 'http' } & HttpCheck) | { readonly type: 'tcp'; readonly port: number };
  /** Milliseconds for one answer. */
  readonly timeout: number;
  /** Of load balancers that check for themselves: it decides about routes alone. Absent: it is the service's. */
  readonly pace?: CheckPace;
  readonly servers: readonly CheckedServer[];
}

export interface CheckedServer {
  /** Server name in HAProxy: release, slot and address, so that a new address has a new name. */
  readonly id: string;
  readonly address: string;
}

export type Colour = 'a' | 'b';

export interface Route {
  readonly loadBalancer: string;
  /** Port of the host on which it takes whatever comes; absent: it takes requests. */
  readonly listen?: number;
  /** Addresses of the host that it is reached at; absent: all that the balancer listens on. */
  readonly externalIPs?: readonly string[];
  readonly hostnames: readonly string[];
  readonly path: string;
  readonly stripPath: boolean;
  readonly entry: Entry;
  /** Absent: it has none yet, and takes no requests by TLS. */
  readonly certificate?: Certificate;
  /** What an authority is answered that asks for its host names. */
  readonly challenge?: string;
  readonly traffic: TrafficPolicy;
  /** Absent: the check of the service decides. */
  readonly healthCheck?: RouteCheck;
  readonly timeouts: Timeouts;
  /** Colour that gets the traffic. */
  readonly active: Colour;
  /** When `active` last changed; 0 where it never did. */
  readonly switchedAt: number;
  readonly pools: Readonly<Record<Colour, Pool>>;
  /** Hostnames that lead to the idle pool. */
  readonly previews: readonly string[];
}

export interface Pool {
  /**
   * Which set of members it holds: a service (`web`), one release of it (`web@3f9c1a2`), or those of several services
   * (`api+web@3f9c1a2`); empty: none.
   */
  readonly set: string;
  /** Shares of the services by name, where there are several. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly members: readonly Member[];
}

export interface Member {
  /** As in CheckedServer. */
  readonly id: string;
  /** Container's name, for people. */
  readonly instance: string;
  readonly service: string;
  readonly release: string;
  readonly slot: number;
  readonly address: string;
  readonly port: number;
  /** What it speaks; absent: HTTP/1.1. */
  readonly protocol?: 'h2c';
  /** Name of the check pool whose server of the same id it follows. */
  readonly check: string;
  /** Of its server beside the others, 0 to 256; absent: all have the same. */
  readonly weight?: number;
  readonly state: 'active' | 'draining';
  /** When it came into this state. */
  readonly since: number;
}

/** What no two routes may have: host names with a path, or a port at an address. */
export function placesOf({
  listen,
  externalIPs,
  hostnames,
  path,
}: Pick<Route, 'listen' | 'externalIPs' | 'hostnames' | 'path'>): readonly string[] {
  if (listen === undefined) return hostnames.map((hostname) => `${hostname}${path}`);
  return externalIPs?.map((address) => `tcp port ${listen} at ${address}`) ?? [`tcp port ${listen}`];
}

/** The sets that a set is made of. */
export function partsOfSet(set: string): readonly string[] {
  return set === '' ? [] : set.split('+');
}

export function joinedSet(parts: readonly string[]): string {
  return parts.join('+');
}

/** Names of the services whose members a set holds. */
export function servicesOfSet(set: string): readonly string[] {
  return partsOfSet(set).map((part) => part.split('@')[0] ?? '');
}

export const EMPTY_TABLE: RoutingTable = { version: 1, checks: [], routes: [] };

/** Of a load balancer that says nothing of it. */
export const PLAIN_TRAFFIC: TrafficPolicy = { algorithm: 'roundrobin', affinity: 'none', allow: [] };

/** Of one that says nothing of TLS. */
export const PLAIN_ENTRY: Entry = { http: true, https: false, forceHttps: false };
