import type Docker from 'dockerode';
import type { PullPolicy, Resources, RestartPolicy } from '../core/model.ts';
import type { Instance, ObservedRuntime } from '../core/observed.ts';
import type { LogLine, LogOptions, PulledImage, Runtime, RuntimeEvent, SlotSpec } from '../core/ports.ts';
import { request, settle } from './errors.ts';
import { watchEvents } from './events.ts';
import { inspectImage, pullImage } from './image.ts';
import { readLogs } from './logs.ts';
import { Networks } from './networks.ts';
import { Observer } from './observer.ts';
import { credentialsFor } from './registry-auth.ts';
import { restartOptions } from './options.ts';
import { Slots } from './slots.ts';

export interface EngineOptions {
  readonly docker: Docker;
  readonly cluster: string;
  /** What this host can do, from the host's own configuration. */
  readonly capabilities: readonly string[];
  /** Folder of docker's own config.json. */
  readonly dockerConfig: string;
  readonly now: () => number;
}

/** One Docker Engine. Only objects that carry the cluster's label are ever changed. */
export class EngineRuntime implements Runtime {
  private readonly docker: Docker;
  private readonly cluster: string;
  private readonly dockerConfig: string;
  private readonly networks: Networks;
  private readonly slots: Slots;
  private readonly observer: Observer;

  constructor(options: EngineOptions) {
    this.docker = options.docker;
    this.cluster = options.cluster;
    this.dockerConfig = options.dockerConfig;
    this.networks = new Networks(options.docker, options.cluster);
    this.slots = new Slots({ ...options, networks: this.networks });
    this.observer = new Observer({ ...options, networks: this.networks });
  }

  observe(options: { deep?: boolean; signal?: AbortSignal } = {}): Promise<ObservedRuntime> {
    return this.observer.observe(options);
  }

  ensureNetworks(names: readonly string[]): Promise<void> {
    return this.networks.ensure(names);
  }

  pruneNetworks(keep: readonly string[]): Promise<void> {
    return this.networks.prune(keep);
  }

  pull(image: string, policy: PullPolicy, signal?: AbortSignal): Promise<PulledImage> {
    const credentials = (name: string) => credentialsFor(name, this.dockerConfig);
    return pullImage({ docker: this.docker, credentials }, image, policy, signal);
  }

  async hasImage(image: string): Promise<boolean> {
    return (await inspectImage(this.docker, image)) !== undefined;
  }

  async ensure(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    const touched = await this.slots.ensure(slot, signal);
    for (const id of touched) this.observer.changed(id);
  }

  async start(instance: Instance): Promise<void> {
    await this.slots.start(instance.id, instance.name);
    this.observer.changed(instance.id);
  }

  async unpause(instance: Instance): Promise<void> {
    const { id, name } = instance;
    await settle(`Unpausing ${name}`, [/is not paused/], this.docker.getContainer(id).unpause());
    this.observer.changed(id);
  }

  async stop(instance: Instance, { mark, signal }: { mark: boolean; signal?: AbortSignal }): Promise<void> {
    const { id, name } = instance;
    if (mark)
      await settle(
        `Marking ${name}`,
        [404],
        this.docker.getContainer(id).update({ RestartPolicy: restartOptions('no') }),
      );
    const abort = signal === undefined ? {} : { abortSignal: signal };
    await settle(`Stopping ${name}`, [304, 404], this.docker.getContainer(id).stop(abort));
    this.observer.changed(id);
  }

  async restart({ id, name }: Instance, signal?: AbortSignal): Promise<void> {
    const abort = signal === undefined ? {} : { abortSignal: signal };
    await request(`Restarting ${name}`, 'start-failed', this.docker.getContainer(id).restart(abort));
    this.observer.changed(id);
  }

  async remove({ id, name, address }: Instance): Promise<void> {
    await this.slots.remove(id, name);
    if (address !== undefined) this.slots.addresses.free(address);
  }

  async update(instance: Instance, change: { resources?: Resources; restart?: RestartPolicy | 'no' }): Promise<void> {
    await this.slots.update(instance.id, instance.name, change);
    this.observer.changed(instance.id);
  }

  async setDiscoverable(instance: Instance, discoverable: boolean): Promise<void> {
    const names = instance.spec?.networks ?? [];
    if (discoverable) await this.networks.name(instance.id, instance.service, names);
    else await this.networks.unname(instance.id, names);
    this.observer.changed(instance.id);
  }

  logs(instance: Instance, options: LogOptions): AsyncIterable<LogLine> {
    return readLogs(this.docker, instance.id, options);
  }

  async *watch(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    for await (const event of watchEvents(this.docker, this.cluster, signal)) {
      if (event.type === 'lost') this.observer.forget();
      else this.observer.changed(event.id);
      yield event;
    }
  }
}
