import type { FoundCertificate } from './certificate.ts';
import type { FetchedImage } from './housekeeping/images.ts';
import type { LoadBalancer } from './load-balancer.ts';
import type { ContainerSpec, FileContent, FileEntry, PullPolicy, Resources, RestartPolicy, Revision } from './model.ts';
import type { Instance, ObservedBalancer, ObservedRuntime, Run } from './observed.ts';
import type { HandledRequest, Wanted } from './requests.ts';
import type { Route, RoutingTable } from './routing.ts';

/** The adapters as the core's types; every method takes an AbortSignal where it may wait. */

/** One slot of a service's release, as `ensure` makes it, or one run of a job, as `prepare` does. */
export interface SlotSpec {
  /** Default: `service`. */
  readonly role?: 'service' | 'job';
  readonly service: string;
  readonly release: string;
  readonly slot: number;
  readonly container: ContainerSpec;
  readonly resources: Resources;
  /** It has its service's name from its start, unless its image has a health check that has to pass first. */
  readonly discoverable: boolean;
  /** `no` while it is a candidate beside an older release. */
  readonly restart: RestartPolicy | 'no';
  /** Of a run: how often Docker starts it again after an error; absent: as `restart` says. */
  readonly retries?: number;
  /** Of a run: see Run. */
  readonly schedule?: string;
  readonly madeAt?: number;
  /** The image that the release runs already: a tag that moved since is not taken. */
  readonly imageId?: string;
  /** Of the container's files; absent: it has none, or they are where they were put for an instance of before. */
  readonly contents?: readonly FileContent[];
  /** What its service depends on, for the label; absent: nothing. */
  readonly dependsOn?: readonly string[];
  /** Commit that made it, for the label. */
  readonly revision: string;
}

export interface PulledImage {
  readonly id: string;
  readonly digest?: string;
  /** The engine did not have it before under this name. */
  readonly isNew?: true;
  /** It was fetched, and is one that the engine had already under another name, or under none. */
  readonly wasThere?: true;
}

export interface LogOptions {
  /** Lines from the end of each stream. */
  readonly tail: number;
  readonly follow: boolean;
  /** Aborted, the lines just end. */
  readonly signal?: AbortSignal;
}

export interface LogLine {
  readonly at: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export type RuntimeEvent =
  | { readonly type: 'container'; readonly id: string; readonly action: string }
  | { readonly type: 'network'; readonly name: string; readonly action: string }
  | { readonly type: 'lost' };

/** A Docker Engine (or memory, for scale). Every method is safe to repeat; errors are ReasonError. */
export interface Runtime {
  /** One list call when nothing changed; `deep` inspects everything anew. */
  observe(options?: { deep?: boolean; signal?: AbortSignal }): Promise<ObservedRuntime>;
  /** Makes the named networks where they are missing (`default` is the cluster's own). */
  ensureNetworks(names: readonly string[]): Promise<void>;
  /** Removes own networks that are not in `keep`. Errors: start-failed, after all others, for one that something is on. */
  pruneNetworks(keep: readonly string[]): Promise<void>;
  /** Removes files that no container has, by their names in `ObservedRuntime.spareFiles`. */
  pruneFiles(names: readonly string[]): Promise<void>;
  /**
   * Removes the names of these images that still lead to them, and what has no name left. One of which somebody has made a
   * container stays as it is. Gives the ids of those that are gone. Errors: start-failed, after all others, where none is.
   */
  pruneImages(images: readonly FetchedImage[], signal?: AbortSignal): Promise<readonly string[]>;
  /** Fetches the image by policy; `missing` asks the engine first. Errors: pull-failed, image-not-found, registry-unauthorized. */
  pull(image: string, policy: PullPolicy, signal?: AbortSignal): Promise<PulledImage>;
  /**
   * Makes and starts the slot's container; starts it where it is there but stopped; replaces a broken half-made one. Of a
   * candidate that cannot be made or started twice running a container stays that never ran: the mark of its release.
   */
  ensure(slot: SlotSpec, signal?: AbortSignal): Promise<void>;
  /** Makes a run's container without starting it; one that is there stays. */
  prepare(slot: SlotSpec, signal?: AbortSignal): Promise<void>;
  /** Starts a run that has not begun; one that has is left alone. Errors: start-failed. */
  start(run: Run): Promise<void>;
  /** Stops a run for good: from now on it counts as failed, whatever its process makes of it. */
  end(run: Run, signal?: AbortSignal): Promise<void>;
  /** Unpauses. */
  unpause(instance: Instance): Promise<void>;
  /**
   * Stops with the container's own signal and grace. With `mark` it stays with restart policy `no`; without, a candidate
   * (which has that policy) is removed too, so that it is not taken for a mark, and others stay, to be started again.
   */
  stop(instance: Instance, options: { mark: boolean; signal?: AbortSignal }): Promise<void>;
  /**
   * From now on the instance deviates from its spec, by RESTART_ASKED: it is replaced, whoever makes the next pass. One that
   * is gone, or has come for one that was asked for and is still there, is left alone.
   */
  askForRestart(instance: Instance): Promise<void>;
  /** Restarts a running container with its grace. */
  restart(instance: Instance, signal?: AbortSignal): Promise<void>;
  /** Removes the container, never its volumes. */
  remove(instance: Instance): Promise<void>;
  /** Changes limits and restart policy in place. */
  update(instance: Instance, change: { resources?: Resources; restart?: RestartPolicy | 'no' }): Promise<void>;
  /** Joins or leaves the names networks. */
  setDiscoverable(instance: Instance, discoverable: boolean): Promise<void>;
  /** What a mounted file or folder of the instance holds, as in `FileContent`; undefined: it is not there. */
  files(instance: Instance, target: string): Promise<readonly FileEntry[] | undefined>;
  logs(instance: Instance, options: LogOptions): AsyncIterable<LogLine>;
  /** Events of own containers and networks, until aborted; `lost` when the stream broke and was opened again. */
  watch(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

/** A process in a container with somebody at it. */
export interface Session {
  readonly command: readonly string[];
  /** Given where it is to have a terminal: `follow` calls back with its size, now and whenever that changes, until it is left. */
  readonly terminal?: {
    follow(onSize: (size: { readonly columns: number; readonly rows: number }) => void): () => void;
  };
  /** What it reads; absent: nothing. */
  readonly input?: NodeJS.ReadableStream;
  /** What it prints; with a terminal all of it goes to `out`. */
  readonly out: (chunk: Uint8Array) => void;
  readonly err: (chunk: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/** What a person does in containers by hand. */
export interface Hands {
  /** The exit code of the process. Errors: start-failed, where it cannot be begun. */
  exec(container: string, session: Session): Promise<number>;
  /** What there is at an absolute path of a container, which need not run; undefined: nothing. */
  look(container: string, path: string, signal: AbortSignal): Promise<PathFound | undefined>;
  /** A tar archive of a file or folder, which is its first member, under its base name; links stay links. */
  read(container: string, path: string, signal: AbortSignal): Promise<NodeJS.ReadableStream>;
  /** Unpacks a tar archive into a folder. Errors: start-failed, where there is none or it is read-only. */
  write(container: string, folder: string, archive: NodeJS.ReadableStream, signal: AbortSignal): Promise<void>;
}

/** `special`: a device, a socket or a pipe. */
export type PathFound =
  | { readonly type: 'folder' | 'file' | 'special' }
  /** With where it leads in the end, which may be nowhere. */
  | { readonly type: 'link'; readonly to: string };

/** The load balancer. */
export interface Balancer {
  observe(): Promise<ObservedBalancer>;
  /** Makes the balancer do what the table says: checked before use, recorded, hitless. Errors: config-rejected, reload-failed, balancer-unreachable. */
  apply(table: RoutingTable): Promise<void>;
  /** The last `tail` requests of its log that are `wanted`, oldest first, and with `follow` those to come. */
  requests(options: RequestOptions): AsyncIterable<HandledRequest>;
  /** Takes the balancer away, with all that it made. */
  remove(): Promise<void>;
  close(): void;
}

/** The certificates that load balancers are to have. */
export interface Certificates {
  /** What there is for each of these that wants one, by its name. */
  look(loadBalancers: readonly LoadBalancer[]): Promise<Readonly<Record<string, FoundCertificate>>>;
  /** As `look`; beside it an authority is asked for what is missing, where the balancer answers it, which `answered` tells by load balancer. */
  observe(
    loadBalancers: readonly LoadBalancer[],
    answered: ReadonlyMap<string, Pick<Route, 'hostnames' | 'challenge'>>,
  ): Promise<Readonly<Record<string, FoundCertificate>>>;
  /** Chain and key of one that was observed, in PEM. */
  pem(id: string): string | undefined;
  close(): void;
}

export interface RequestOptions {
  readonly tail: number;
  readonly follow: boolean;
  readonly wanted: Wanted;
  /** Aborted, they just end. */
  readonly signal: AbortSignal;
}

/** The repository that is followed. */
export interface Repository {
  /** Newest revision and its files; the same object as before where the remote did not move. */
  pull(signal?: AbortSignal): Promise<Snapshot>;
  /** Commits the files to the status branch where they differ. Errors: push-conflict, unreachable, auth-failed. */
  publish(files: Readonly<Record<string, string>>, message: string, signal?: AbortSignal): Promise<void>;
}

export interface Snapshot {
  readonly revision: Revision;
  /** Absolute path of a folder that holds exactly the revision's files. */
  readonly directory: string;
}

export interface Clock {
  /** Milliseconds since 1970, to measure time by: goes on evenly when the machine's clock is put forward or back. */
  now(): number;
  /** What the machine's clock says, for people. */
  date(): Date;
}
