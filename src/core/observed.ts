import type { FoundCertificate } from './certificate.ts';
import type { Disk } from './disk.ts';
import type { ContainerSpec, RestartPolicy, Resources } from './model.ts';
import type { RoutingTable } from './routing.ts';

/** What really is there; made by the adapters, read by plan and report. */

export type InstanceState = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead';

/** One container of a service of this cluster. */
export interface Instance {
  /** Docker's container id. */
  readonly id: string;
  /** `demo-web-3f9c1a2-1` */
  readonly name: string;
  readonly service: string;
  /** Seven hex digits. */
  readonly release: string;
  readonly version: string;
  /** Counts from 1. */
  readonly slot: number;
  /** The normalised spec it was made from, out of its label; missing where the label is not ours to read. */
  readonly spec?: ContainerSpec;
  readonly state: InstanceState;
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  /** Docker's own words where it could not start. */
  readonly error?: string;
  readonly restarts: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /**
   * `no`: a candidate that has not been settled, or, once stopped, the mark of a failed release (quarantine); `discarded`:
   * it was one, and its end has begun.
   */
  readonly restartPolicy: RestartPolicy | 'no' | 'discarded';
  /** The fixed IPv4 address, known also while it is stopped. */
  readonly address?: string;
  /** What its service depended on when it was made; absent: nothing. */
  readonly dependsOn?: readonly string[];
  /** Whether its service's name resolves to it; undefined while it is not on all networks on which it finds others. */
  readonly discoverable: boolean | undefined;
  readonly resources: Resources;
  readonly hostPorts: readonly { readonly port: number; readonly protocol: string; readonly hostPort: number }[];
  readonly imageId: string;
  /** `sha256:…` of the registry's manifest, where the image came from one. */
  readonly digest?: string;
  /** Ways in which inspect differs from `spec`, in a user's words: `environment.A is 2, not 1`. Empty: as made. */
  readonly deviations: readonly string[];
}

/** One container of a job: a run of it, with its retries. Its slot is its number. */
export interface Run extends Instance {
  /** How often Docker starts it again. */
  readonly retries: number;
  /** It was ended before it came to its own end: it has failed, whatever its process makes of that. */
  readonly stopped: boolean;
  /** By the clock of who made it. */
  readonly madeAt: number;
  /** What it was made to have, as `resourcesText`. */
  readonly asked: string;
  /** What its job's schedule was when it was made, as `0 3 * * * UTC`; absent: it had none. */
  readonly schedule?: string;
}

/** How a run ended, or that it began, as it was seen then: its container may be gone since. */
export interface RecordedRun {
  /** `migrate@3f9c1a2` */
  readonly release: string;
  readonly succeeded: boolean;
  /** -1: of none that was seen. */
  readonly exitCode: number;
  /** Only where its end was not seen: when it began. */
  readonly startedAt?: number;
  /** Where its end was not seen: the same. */
  readonly finishedAt: number;
}

/** How long nobody of a service was ready while a release took the place of another that could not stand beside it. */
export interface RecordedGap {
  readonly service: string;
  /** Container id of what was stopped for it. */
  readonly replaced: string;
  /** Milliseconds. */
  readonly lasted: number;
}

/** Exit codes that the engine gives to a command that it cannot run at all. */
export const CANNOT_RUN: readonly number[] = [126, 127];

/** A deviation that a person has brought about, so that the instance is replaced. */
export const RESTART_ASKED = 'a restart was asked for';

/** It runs, or Docker is about to start it again: its slot, its place and its host ports are taken. */
export function isUp({ state }: Pick<Instance, 'state'>): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

/** For sorting: of two in one slot the one that came last is the first. */
export function bySlot(a: Instance, b: Instance): number {
  return a.slot - b.slot || b.createdAt - a.createdAt;
}

/** It has served, or was let serve: no candidate. */
export function isTrusted({ restartPolicy }: Pick<Instance, 'restartPolicy'>): boolean {
  return restartPolicy !== 'no' && restartPolicy !== 'discarded';
}

export interface ObservedNode {
  readonly name: string;
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Reserved by containers of other clusters on the same engine. */
  readonly foreign: { readonly cpu: number; readonly memory: number };
  readonly capabilities: readonly string[];
  readonly engineVersion: string;
  /** That of the engine; absent: it cannot be seen. */
  readonly disk?: Disk;
  /** Fixed host ports taken by containers that are not this cluster's: `5353/udp`. */
  readonly foreignHostPorts: readonly string[];
}

export interface ObservedRuntime {
  readonly node: ObservedNode;
  readonly instances: readonly Instance[];
  readonly runs: readonly Run[];
  /** Names as in manifests (`default` is the cluster's own); both halves, traffic and names, exist. */
  readonly networks: readonly string[];
  /** Names of those that somebody began to make, or to remove, and did not come to an end with. */
  readonly partialNetworks: readonly string[];
  /** Names of what holds files that no container has any more; absent: none. */
  readonly spareFiles?: readonly string[];
  /** When the engine last started, by its own clock, which was when no container ran; undefined: it does not tell. */
  readonly engineStartedAt?: number;
  readonly observedAt: number;
}

/** What a check of the balancer says of a server. */
export interface CheckResult {
  /** `starting`: not checked yet by the current worker. */
  readonly check: 'up' | 'down' | 'starting';
  /** HAProxy's own words, such as `L7STS/503`. */
  readonly description: string;
}

export interface MemberHealth extends CheckResult {
  /** Requests and connections under way. */
  readonly sessions: number;
  /** Requests and connections that it has had since the current worker began. */
  readonly requests: number;
  /** Failed connections, broken answers and answers from 500 on, since then. */
  readonly errors: number;
  /** Requests that wait for it alone, as it has all that it may have. */
  readonly queue: number;
}

/** A listener or a certificate that a load balancer cannot have for now. */
export interface Refusal {
  readonly loadBalancer: string;
  readonly reason: 'host-port-conflict' | 'address-not-allowed' | 'no-certificate';
  readonly message: string;
  /** Nobody reaches it at all. */
  readonly isDeaf: boolean;
  /** When that was last looked at. */
  readonly at: number;
}

export interface ObservedBalancer {
  readonly state: 'absent' | 'stopped' | 'running' | 'unreachable';
  /** The table it works by, as recorded beside its config. */
  readonly table?: RoutingTable;
  /** Result of the check, by check pool and server: `checks['web:http:8080'].servers['3f9c1a2-1-…']` flattened to `pool/server`. */
  readonly checks: Readonly<Record<string, CheckResult>>;
  /** Requests that wait for any member, by load balancer. */
  readonly queues?: Readonly<Record<string, number>>;
  /** Sessions and errors by `loadBalancer/colour/server`. */
  readonly members: Readonly<Record<string, MemberHealth>>;
  /** Workers of earlier reloads that still hold connections: while one is there no member may be stopped. */
  readonly oldWorkers: number;
  /** Milliseconds since the newest worker took over from them; missing where there are none. */
  readonly reloadedAgo?: number;
  /** What somebody else did to it, in a user's words: `its file routes.map is not as Fairlead left it`. */
  readonly deviation?: string;
  /** What of the table it goes without, as this host does not have it; absent: nothing. */
  readonly refusals?: readonly Refusal[];
  /** Why the last table was not taken, until one is. */
  readonly problem?: {
    readonly reason: 'config-rejected' | 'reload-failed' | 'balancer-unreachable';
    readonly message: string;
  };
}

/** What this process has begun and does not know the end of; it may come true at any moment. */
export interface UnderWay {
  /** Ids of instances that are being stopped. */
  readonly stopping: readonly string[];
  /** Slots and runs whose containers are being made or started. */
  readonly starting: readonly { readonly service: string; readonly release: string; readonly slot: number }[];
  /** The table that the balancer is being given. */
  readonly table?: RoutingTable;
}

export interface ObservedState {
  readonly runtime: ObservedRuntime;
  readonly balancer: ObservedBalancer;
  readonly underWay?: UnderWay;
  /** How runs of jobs ended whose containers may be gone; absent: none did. */
  readonly recorded?: readonly RecordedRun[];
  /** By load balancer, of those that want one; absent: nobody has looked. */
  readonly certificates?: Readonly<Record<string, FoundCertificate>>;
  /** The last one of each service; absent: none is known. */
  readonly gaps?: readonly RecordedGap[];
  /** What the machine's clock says, by which schedules go. */
  readonly date: number;
}
