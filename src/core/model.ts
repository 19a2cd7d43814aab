/**
 * The nouns of Fairlead as plain, readonly data. Sizes are bytes, durations and times are milliseconds (times since the
 * epoch), cpu is cores. `manifest/` produces Service, LoadBalancer and Job from YAML with every default filled in.
 */

import type { LoadBalancer } from './load-balancer.ts';

export type Strategy = 'rolling' | 'green-blue' | 'recreate';
export type PullPolicy = 'missing' | 'always' | 'never';
export type RestartPolicy = 'unless-stopped' | 'always' | 'on-failure';

/** Where a document was read: `line` and `column` count from 1. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Port {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Fixed port on the host. */
  readonly hostPort?: number;
  /** An ephemeral port on the host, chosen by Docker. */
  readonly publish: boolean;
}

export type Mount =
  | { readonly type: 'volume'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly size?: number };

/** A file or folder from the repository that a container sees, and cannot write to. */
export interface MountedFile {
  readonly target: string;
  /** Of what is in it, with modes and owners; see `FileContent`. */
  readonly digest: string;
}

/** What a mounted file or folder holds. */
export interface FileContent {
  readonly digest: string;
  /** One with an empty path for a file; for a folder all that is below it, ordered by path. */
  readonly entries: readonly FileEntry[];
}

export interface FileEntry {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Base64. */
  readonly content: string;
}

export interface HttpCheck {
  readonly path: string;
  readonly port: number;
  /** HAProxy's spelling of accepted codes: `200-399` or `200,204,300-399`. */
  readonly status: string;
}

export interface HealthCheck {
  readonly http?: HttpCheck;
  /** As Docker takes it: `['CMD', ...]` or `['CMD-SHELL', line]`. */
  readonly command?: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly startPeriod: number;
  /** Whether an instance whose http check keeps failing is restarted. */
  readonly restart: boolean;
}

export interface UpdatePolicy {
  /** Absent: chosen by what the service can do, see `strategyOf` in desire. */
  readonly strategy?: Strategy;
  readonly order: 'start-first' | 'stop-first';
  readonly parallelism: number;
  readonly delay: number;
  readonly monitor: number;
  readonly timeout: number;
  readonly failureAction: 'rollback' | 'pause' | 'continue';
  readonly maxFailureRatio: number;
  readonly drain: number;
  readonly keepOld: number;
  readonly preview?: string;
}

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export interface Device {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
}

/** What is reserved (cpu, memory; 0: nothing) and what is enforced (limits). Changed without a restart. */
export interface Resources {
  readonly cpu: number;
  readonly memory: number;
  readonly limits: { readonly cpu?: number; readonly memory?: number };
}

/** The fields that make a container what it is; their hash is the release's id (see `release.ts`). */
export interface ContainerSpec {
  readonly image: string;
  readonly version: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly contextRoot?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly Port[];
  readonly mounts: readonly Mount[];
  /** Files and folders from the repository, ordered by target; absent: none. */
  readonly files?: readonly MountedFile[];
  readonly networks: readonly string[];
  readonly extraHosts: Readonly<Record<string, string>>;
  readonly dns: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly devices: readonly Device[];
  /** Number of GPUs, or all of them. */
  readonly gpus?: number | 'all';
  readonly ulimits: readonly Ulimit[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly securityOpt: readonly string[];
  readonly privileged: boolean;
  readonly readOnly: boolean;
  readonly init: boolean;
  readonly shmSize?: number;
  readonly stopSignal?: string;
  readonly stopGracePeriod?: number;
  /** Docker's own health check; the http check is the balancer's and not part of the container. */
  readonly healthCommand?: Omit<HealthCheck, 'http' | 'restart'> & { readonly command: readonly string[] };
}

export interface Service {
  readonly kind: 'Service';
  readonly name: string;
  readonly description?: string;
  readonly enabled: boolean;
  readonly instances: number;
  readonly pullPolicy: PullPolicy;
  readonly requirements: readonly string[];
  readonly maxPerNode?: number;
  readonly conflictsWith: readonly string[];
  /** Services and jobs that are ready before this one starts; absent: none. */
  readonly dependsOn?: readonly string[];
  readonly restart: RestartPolicy;
  readonly resources: Resources;
  readonly healthCheck?: HealthCheck;
  readonly update: UpdatePolicy;
  readonly container: ContainerSpec;
  /** Of the container's files; absent: it has none. */
  readonly contents?: readonly FileContent[];
  readonly source: Source;
}

/** When a job runs: five fields of cron, or one of their nicknames, in a time zone by its IANA name. */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
}

/** Runs to its end: once for each release or, with a schedule, again and again. */
export interface Job {
  readonly kind: 'Job';
  readonly name: string;
  readonly description?: string;
  readonly enabled: boolean;
  readonly pullPolicy: PullPolicy;
  readonly requirements: readonly string[];
  /** Services and jobs that are ready before a run begins; absent: none. */
  readonly dependsOn?: readonly string[];
  readonly schedule?: Schedule;
  readonly concurrency: 'forbid' | 'replace' | 'allow';
  /** Of a run with its retries; absent: no limit. */
  readonly timeout?: number;
  readonly retries: number;
  /** Runs that are kept once they have ended. */
  readonly history: number;
  readonly resources: Resources;
  readonly container: ContainerSpec;
  /** Of the container's files; absent: it has none. */
  readonly contents?: readonly FileContent[];
  readonly source: Source;
}

export type Manifest = Service | LoadBalancer | Job;

/** What a manifest may ask of the host; from the host's own configuration only. */
export interface Policy {
  readonly images: readonly string[];
  readonly bindMounts: readonly string[];
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  readonly capabilities: readonly string[];
  readonly devices: readonly string[];
  readonly hostPorts: PortRange;
  /** CIDRs of addresses that load balancers may take for themselves. */
  readonly externalIPs: readonly string[];
}

/** Inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface PruneBudget {
  readonly maxFraction: number;
  readonly maxCount: number;
}

/** A commit, or a working tree where `id` is `worktree`. */
export interface Revision {
  readonly id: string;
  readonly message: string;
  readonly author: string;
  readonly at: number;
}
