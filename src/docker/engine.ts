import type Docker from 'dockerode';
import type { FileEntry, PullPolicy, Resources, RestartPolicy } from '../core/model.ts';
import { isTrusted, RESTART_ASKED, type Instance, type ObservedRuntime, type Run } from '../core/observed.ts';
import type { FetchedImage } from '../core/housekeeping/images.ts';
import type { LogLine, LogOptions, PulledImage, Runtime, RuntimeEvent, SlotSpec } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import { Addresses } from './networks/addresses.ts';
import { Attachments } from './networks/attachments.ts';
import { Containers } from './containers.ts';
import { watchEvents } from './events.ts';
import type { EngineDisk } from './disk.ts';
import type { EngineIdentity } from './engine-info.ts';
import { Files } from './files.ts';
import { pullImage } from './image.ts';
import { pruneImages } from './images.ts';
import type { LogLimits } from './log-rotation.ts';
import { readLogs } from './logs.ts';
import { Networks } from './networks/networks.ts';
import { Observer } from './observer.ts';
import { restartingName, stoppedName } from './options.ts';
import { credentialsFor } from './registry-auth.ts';
import { Slots } from './slots.ts';

export interface EngineOptions {
  readonly docker: Docker;
  readonly cluster: string;
  /** What this host can do, from the host's own configuration. */
  readonly capabilities: readonly string[];
  /** Folder of docker's own config.json. */
  readonly dockerConfig: string;
  readonly now: () => number;
  /** Absent: as the engine has it. */
  readonly logs?: LogLimits;
  readonly engine: EngineIdentity;
  readonly disk: EngineDisk;
  /** Told of each own container that is paused, while somebody watches. */
  readonly onPause?: (container: string) => void;
}

/** One Docker Engine. Only objects that carry the cluster's label are ever changed. */
export class EngineRuntime implements Runtime {
  private readonly docker: Docker;
  private readonly cluster: string;
  private readonly dockerConfig: string;
  private readonly disk: EngineDisk;
  private readonly onPause: EngineOptions['onPause'];
  private readonly networks: Networks;
  private readonly addresses: Addresses;
  private readonly containers: Containers;
  private readonly attachments: Attachments;
  private readonly mounted: Files;
  private readonly slots: Slots;
  private readonly observer: Observer;

  constructor(options: EngineOptions) {
    this.docker = options.docker;
    this.cluster = options.cluster;
    this.dockerConfig = options.dockerConfig;
    this.disk = options.disk;
    this.onPause = options.onPause;
    this.networks = new Networks(options.docker, options.cluster);
    this.addresses = new Addresses(options.now);
    const observer = new Observer({ ...options, networks: this.networks, addresses: this.addresses });
    this.observer = observer;
    this.containers = new Containers(options.docker, observer);
    const { networks, containers, addresses } = this;
    this.attachments = new Attachments({ ...options, networks, containers, addresses });
    this.mounted = new Files(options.docker, options.cluster);
    this.slots = new Slots({ ...options, networks, containers, attachments: this.attachments, files: this.mounted });
  }

  async observe(options: { deep?: boolean; signal?: AbortSignal } = {}): Promise<ObservedRuntime> {
    const observed = await this.observer.observe(options);
    const spareFiles = await this.mounted.spare([...observed.instances, ...observed.runs], options.deep);
    return spareFiles.length === 0 ? observed : { ...observed, spareFiles };
  }

  ensureNetworks(names: readonly string[]): Promise<void> {
    return this.networks.ensure(names);
  }

  pruneNetworks(keep: readonly string[]): Promise<void> {
    return this.networks.prune(keep);
  }

  pruneFiles(names: readonly string[]): Promise<void> {
    return this.mounted.prune(names);
  }

  pruneImages(images: readonly FetchedImage[], signal?: AbortSignal): Promise<readonly string[]> {
    return pruneImages(this.docker, images, signal);
  }

  pull(image: string, policy: PullPolicy, signal?: AbortSignal): Promise<PulledImage> {
    const credentials = (name: string) => credentialsFor(name, this.dockerConfig);
    return pullImage({ docker: this.docker, credentials, disk: this.disk }, image, policy, signal);
  }

  ensure(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    return this.slots.ensure(slot, signal);
  }

  prepare(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    return this.slots.prepare(slot, signal);
  }

  /** What is remembered of it may be old: a run that has ended would begin once more. */
  async start(run: Run): Promise<void> {
    const there = await this.containers.find(run.id);
    if (there === undefined) throw new ReasonError('start-failed', `${run.name} is gone: somebody has removed it.`);
    if (there.State.Status === 'created') await this.containers.start(run);
  }

  /** Its name tells: under any policy that could, Docker would start it again with the engine. */
  async end(run: Run, signal?: AbortSignal): Promise<void> {
    if (!run.stopped) await this.containers.mark(run, stoppedName(this.cluster, run));
    await this.containers.setRestart(run, 'no');
    await this.containers.stop(run, signal);
  }

  unpause(instance: Instance): Promise<void> {
    return this.containers.unpause(instance);
  }

  async stop(instance: Instance, { mark, signal }: { mark: boolean; signal?: AbortSignal }): Promise<void> {
    const restart = restartWhenStopped(instance, mark);
    if (instance.restartPolicy !== restart) await this.containers.setRestart(instance, restart);
    await this.containers.stop(instance, signal);
    if (restart === 'discarded') await this.remove(instance);
  }

  async askForRestart(instance: Instance): Promise<void> {
    if (instance.deviations.includes(RESTART_ASKED)) return;
    await this.containers.rename(instance, restartingName(this.cluster, instance));
  }

  restart(instance: Instance, signal?: AbortSignal): Promise<void> {
    return this.containers.restart(instance, signal);
  }

  async remove(instance: Instance): Promise<void> {
    await this.containers.remove(instance);
    if (instance.address !== undefined) this.addresses.rest(instance.address);
  }

  update(instance: Instance, change: { resources?: Resources; restart?: RestartPolicy | 'no' }): Promise<void> {
    return this.containers.update(instance, change);
  }

  async setDiscoverable(instance: Instance, discoverable: boolean): Promise<void> {
    this.observer.begins(instance.id);
    try {
      await this.attachments.setNamed(instance, discoverable);
    } finally {
      this.observer.ended(instance.id);
    }
  }

  files(instance: Instance, target: string): Promise<readonly FileEntry[] | undefined> {
    return this.mounted.read(instance.id, target);
  }

  logs(instance: Instance, options: LogOptions): AsyncIterable<LogLine> {
    return readLogs(this.docker, instance.id, options);
  }

  async *watch(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    for await (const event of watchEvents(this.docker, this.cluster, signal)) {
      if (event.type === 'lost') this.observer.forget();
      if (event.type !== 'container') this.networks.changed();
      if (event.type === 'container') this.observer.changed(event.id);
      if (event.type === 'container' && event.action === 'pause') this.onPause?.(event.id);
      yield event;
    }
  }
}

/**
 * Whatever this process comes to, a stopped container says what it was: a failed release's mark, a candidate that nobody
 * wants any more, or one that served; `always` would start that one again with the engine.
 */
function restartWhenStopped(instance: Instance, mark: boolean): Instance['restartPolicy'] {
  if (mark) return 'no';
  return isTrusted(instance) ? 'unless-stopped' : 'discarded';
}
