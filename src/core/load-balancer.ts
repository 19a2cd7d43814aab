import type { HttpCheck, Source } from './model.ts';

export interface Timeouts {
  readonly connect: number;
  readonly client: number;
  readonly server: number;
  readonly tunnel: number;
}

type Algorithm = 'roundrobin' | 'leastconn' | 'source';
type Affinity = 'none' | 'cookie' | 'source';

/** Who may come, how many at a time, and how they are spread over the members. */
export interface TrafficPolicy {
  readonly algorithm: Algorithm;
  /** How a client stays with its member. */
  readonly affinity: Affinity;
  /** What members speak; absent: HTTP/1.1. */
  readonly backendProtocol?: 'h2c';
  /** CIDRs, sorted; empty: everybody. */
  readonly allow: readonly string[];
  /** Requests that the members of a pool have at a time, together; absent: any number. */
  readonly maxConnections?: number;
  /** Milliseconds that a member has which leaves; absent: what its service says. */
  readonly drain?: number;
}

/** How often a load balancer asks, and how it judges; times in milliseconds. */
export interface CheckPace {
  readonly interval: number;
  readonly rise: number;
  readonly fall: number;
}

/** A load balancer's own check of its members. */
export interface RouteCheck extends CheckPace {
  readonly port: number;
  /** Absent: a connection has to succeed. */
  readonly http?: Omit<HttpCheck, 'port'>;
  readonly timeout: number;
}

/** A service that a load balancer leads to. */
export interface Backend {
  readonly service: string;
  /** Its share beside those of the others: 0 to 100. */
  readonly weight: number;
}

/** How requests come in: without TLS, by TLS, or the first sent to the second. */
export interface Entry {
  readonly http: boolean;
  readonly https: boolean;
  readonly forceHttps: boolean;
}

/** A file below the host's folder of certificates, or an authority (ACME) that writes to this address. */
export type CertificateSource = { readonly file: string } | { readonly acme: { readonly email: string } };

export interface LoadBalancer {
  readonly kind: 'LoadBalancer';
  readonly name: string;
  readonly description?: string;
  readonly enabled: boolean;
  /** Port of the host on which it takes whatever comes; absent: it takes requests for its host names. */
  readonly listen?: number;
  /** Addresses of the host that it is reached at, sorted; absent: all that the balancer listens on. */
  readonly externalIPs?: readonly string[];
  /** Lower case, without port; empty only beside `listen`. `*.` stands for one label. */
  readonly hostnames: readonly string[];
  /** Starts with `/`, has no `/` at its end unless it is `/`. */
  readonly path: string;
  readonly stripPath: boolean;
  /** By name; never empty. A single one has the weight 100. */
  readonly backends: readonly Backend[];
  readonly port: number;
  readonly traffic: TrafficPolicy;
  /** Absent: that of the service decides. */
  readonly healthCheck?: RouteCheck;
  readonly timeouts: Timeouts;
  readonly entry: Entry;
  /** Where its certificate comes from; absent: it has none. */
  readonly tls?: CertificateSource;
  readonly source: Source;
}
