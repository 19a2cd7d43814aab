import type { Backend } from '../load-balancer.ts';
import type { Layer, Problem, Reason, Warning } from '../reason.ts';
import type { Unscheduled } from '../placement.ts';

/** The status report, version 1; `schemas/status.schema.json` is its description. */

export type ServiceState =
  | 'steady'
  | 'rolling-out'
  | 'rolled-back'
  | 'degraded'
  | 'unscheduled'
  | 'failed'
  | 'disabled'
  | 'suspended'
  | 'unknown';

export interface StatusReport {
  readonly version: 1;
  readonly cluster: string;
  readonly runtime: 'engine';
  readonly revision: RevisionStatus;
  /** All services are steady, no job has failed and nothing is wrong. */
  readonly ready: boolean;
  readonly services: readonly ServiceStatus[];
  readonly jobs: readonly JobStatus[];
  readonly loadBalancers: readonly LoadBalancerStatus[];
  readonly nodes: readonly NodeStatus[];
  readonly unscheduled: readonly Unscheduled[];
  readonly quarantined: readonly QuarantineStatus[];
  readonly problems: readonly Problem[];
  readonly events: readonly EventStatus[];
  /** RFC 3339, UTC. */
  readonly observedAt: string;
}

export interface RevisionStatus {
  /** Newest commit that was read, whether it was taken or not. */
  readonly tried: string;
  /** Commit that the cluster was last brought to in full; empty: none yet. */
  readonly applied: string;
  /** Commit that the cluster is kept equal to. */
  readonly lastGood: string;
  readonly message: string;
  readonly author: string;
  readonly at: string;
}

export interface ServiceStatus {
  readonly name: string;
  readonly state: ServiceState;
  readonly version: string;
  readonly release: string;
  readonly image: string;
  readonly digest?: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  /** Addresses that lead to it, as `http://web.example.com/`. */
  readonly url: readonly string[];
  readonly instances: readonly InstanceStatus[];
  readonly rollout?: RolloutStatus;
  readonly problem?: ProblemStatus;
  /** Missing: none. */
  readonly warnings?: readonly Pick<Warning, 'code' | 'message'>[];
}

export interface RolloutStatus {
  readonly from: string;
  readonly to: string;
  readonly strategy: string;
  readonly step: string;
  readonly ready: number;
  readonly total: number;
}

export interface ProblemStatus {
  readonly layer: Layer;
  readonly reason: Reason;
  readonly message: string;
  /** The stopped container that shows it. */
  readonly evidence?: string;
  /** Its last lines, oldest first. */
  readonly logTail?: readonly string[];
}

export interface InstanceStatus {
  readonly id: string;
  readonly node: string;
  readonly slot: number;
  readonly release: string;
  readonly address?: string;
  readonly ports: readonly { readonly port: number; readonly protocol: string; readonly hostPort: number }[];
  readonly state: string;
  readonly desiredState: 'running' | 'stopped';
  readonly health: string;
  readonly created: string;
  readonly since?: string;
  readonly restarts: number;
  readonly error?: string;
  /** What it runs: memory in MB. */
  readonly definition: { readonly image: string; readonly memory: number; readonly ports: readonly number[] };
}

export interface JobStatus {
  readonly name: string;
  /** `scheduled`: it runs again and again, and its last run has not failed; `pending`: it has not run for its release yet. */
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'scheduled' | 'disabled';
  readonly version: string;
  readonly release: string;
  readonly image: string;
  /** As `0 3 * * * Europe/Berlin`. */
  readonly schedule?: string;
  readonly nextRun?: string;
  /** The latest first. */
  readonly runs: readonly RunStatus[];
  readonly problem?: ProblemStatus;
}

export interface RunStatus {
  /** Counts from 1. */
  readonly run: number;
  readonly id: string;
  readonly release: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly exitCode?: number;
  /** How often Docker has started it again. */
  readonly retries: number;
}

export interface LoadBalancerStatus {
  readonly name: string;
  /** `refused`: the host does not have what it needs to be reached. */
  readonly state: 'serving' | 'no-members' | 'target-not-ready' | 'pending' | 'refused';
  /** What it is to lead to. */
  readonly backends: readonly Backend[];
  readonly urls: readonly string[];
  /** Requests that wait for any member. */
  readonly queue: number;
  readonly members: readonly MemberStatus[];
  /** The one that it serves with; missing: none. */
  readonly certificate?: CertificateStatus;
  readonly problem?: ProblemStatus;
  /** Missing: none. */
  readonly warnings?: readonly Pick<Warning, 'code' | 'message'>[];
}

export interface CertificateStatus {
  readonly names: readonly string[];
  readonly issuer: string;
  /** RFC 3339, UTC. */
  readonly expires: string;
}

export interface MemberStatus {
  readonly service: string;
  readonly release: string;
  readonly instance: number;
  readonly address: string;
  readonly state: 'starting' | 'healthy' | 'unhealthy' | 'draining';
  /** In the balancer's own words. */
  readonly description: string;
  /** Share of its service; 0: it gets no new requests. */
  readonly weight: number;
  /** Requests and connections under way, had, failed, and waiting for it alone. */
  readonly sessions: number;
  readonly requests: number;
  readonly errors: number;
  readonly queue: number;
}

export interface NodeStatus {
  readonly name: string;
  readonly availability: 'active';
  readonly state: 'ready';
  readonly capabilities: readonly string[];
  readonly engineVersion: string;
  /** Cores. */
  readonly cpu: Capacity;
  /** MB. */
  readonly memory: Capacity;
  /** MB, of the disk that the engine keeps its data on; missing: it cannot be seen. */
  readonly disk?: DiskStatus;
  /** Missing: none. */
  readonly warnings?: readonly Pick<Warning, 'code' | 'message'>[];
}

export interface DiskStatus {
  readonly total: number;
  readonly used: number;
  readonly free: number;
}

export interface Capacity {
  readonly total: number;
  readonly reserved: number;
  readonly free: number;
}

export interface QuarantineStatus {
  readonly service: string;
  readonly release: string;
  readonly revision: string;
  readonly reason: string;
}

export interface EventStatus {
  readonly at: string;
  readonly type: string;
  readonly object: string;
  readonly message: string;
}
