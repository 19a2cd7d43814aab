import type Docker from 'dockerode';
import PQueue from 'p-queue';
import type { Instance, ObservedNode, ObservedRuntime } from '../core/observed.ts';
import { found, request } from './errors.ts';
import { inspectImage } from './image.ts';
import type { InspectedContainer, InspectedImage, ListedContainer } from './inspected.ts';
import { LABEL } from './labels.ts';
import { changeMark, hasRestarted, uptimeOf } from './list.ts';
import type { ClusterNetwork } from './network-names.ts';
import type { Networks } from './networks.ts';
import { resourcesOf, toInstance } from './observe.ts';

/** An engine that says nothing for this long is away. */
const PATIENCE = 30_000;
const INFO_LASTS = 60_000;
const INSPECTS_AT_ONCE = 8;

interface Known {
  readonly mark: string;
  readonly uptime: number;
  readonly inspected: InspectedContainer;
  /** Made from `inspected` and the networks of this mark. */
  instance?: { readonly networks: string; readonly value: Instance | undefined };
}

export interface ObserverOptions {
  readonly docker: Docker;
  readonly cluster: string;
  readonly capabilities: readonly string[];
  readonly networks: Networks;
  readonly now: () => number;
}

/** Looks at the engine with few calls: what neither the list nor an event shows to have changed is remembered. */
export class Observer {
  private readonly options: ObserverOptions;
  private readonly inspects = new PQueue({ concurrency: INSPECTS_AT_ONCE });
  private readonly images = new Map<string, InspectedImage | undefined>();
  private readonly stale = new Set<string>();
  private known = new Map<string, Known>();
  private info: { readonly at: number; readonly value: EngineInfo } | undefined;

  constructor(options: ObserverOptions) {
    this.options = options;
  }

  /** The container is inspected anew next time. */
  changed(id: string): void {
    this.stale.add(id);
  }

  /** Nothing that is remembered counts any more: events were missed. */
  forget(): void {
    this.known.clear();
    this.images.clear();
  }

  async observe({ deep = false, signal }: { deep?: boolean; signal?: AbortSignal }): Promise<ObservedRuntime> {
    const patience = AbortSignal.timeout(PATIENCE);
    const limit = signal === undefined ? patience : AbortSignal.any([signal, patience]);
    if (deep) this.forget();
    const observedAt = this.options.now();
    const [listed, networks, info] = await Promise.all([
      this.list(limit),
      this.options.networks.list(limit),
      this.engineInfo(),
    ]);
    const own = listed.filter((each) => each.Labels?.[LABEL.cluster] === this.options.cluster);
    const neighbours = listed.filter((each) => !own.includes(each) && isNeighbour(each));
    await this.look([...own.filter(isInstance), ...neighbours], limit);
    return {
      node: { ...this.nodeOf(info), ...this.foreign(listed, neighbours) },
      instances: await this.instances(own.filter(isInstance), networks),
      networks: networks.filter(({ ready }) => ready).map(({ name }) => name),
      observedAt,
    };
  }

  private async list(abortSignal: AbortSignal): Promise<ListedContainer[]> {
    const answer = this.options.docker.listContainers({ all: true, abortSignal });
    return await request('Listing containers', 'start-failed', answer);
  }

  private async engineInfo(): Promise<EngineInfo> {
    const now = this.options.now();
    if (this.info !== undefined && now - this.info.at < INFO_LASTS) return this.info.value;
    const value = await request<unknown>('Asking the engine about itself', 'start-failed', this.options.docker.info());
    this.info = { at: now, value: value as EngineInfo };
    return this.info.value;
  }

  /** Inspects what is new or changed, and forgets what is gone. */
  private async look(listed: readonly ListedContainer[], signal: AbortSignal): Promise<void> {
    const before = this.known;
    this.known = new Map();
    await this.inspects.addAll(
      listed.map((each) => async () => {
        const known = before.get(each.Id);
        const current = known !== undefined && !this.stale.has(each.Id) && isAsBefore(each, known);
        const next = current ? { ...known, uptime: uptimeOf(each.Status) } : await this.inspect(each, signal);
        if (next !== undefined) this.known.set(each.Id, next);
      }),
    );
  }

  private async inspect(listed: ListedContainer, abortSignal: AbortSignal): Promise<Known | undefined> {
    // Before the call, so that an event during it counts.
    this.stale.delete(listed.Id);
    const answer = this.options.docker.getContainer(listed.Id).inspect({ abortSignal });
    const inspected = (await found('Inspecting a container', answer)) as InspectedContainer | undefined;
    return inspected === undefined
      ? undefined
      : { mark: changeMark(listed), uptime: uptimeOf(listed.Status), inspected };
  }

  private async instances(own: readonly ListedContainer[], networks: readonly ClusterNetwork[]): Promise<Instance[]> {
    const networksMark = networks.map(({ name, id }) => `${name}=${id}`).join();
    const instances: Instance[] = [];
    for (const { Id } of own) {
      const known = this.known.get(Id);
      if (known === undefined) continue;
      if (known.instance?.networks !== networksMark)
        known.instance = { networks: networksMark, value: await this.instanceOf(known.inspected, networks) };
      if (known.instance.value !== undefined) instances.push(known.instance.value);
    }
    return instances;
  }

  private async instanceOf(
    inspected: InspectedContainer,
    networks: readonly ClusterNetwork[],
  ): Promise<Instance | undefined> {
    const id = inspected.Image;
    if (!this.images.has(id)) this.images.set(id, await inspectImage(this.options.docker, id));
    const image = this.images.get(id);
    return toInstance(inspected, {
      cluster: this.options.cluster,
      networks,
      ...(image === undefined ? {} : { image }),
    });
  }

  private nodeOf(info: EngineInfo): Omit<ObservedNode, 'foreign' | 'foreignHostPorts'> {
    return {
      name: info.Name,
      cpu: info.NCPU,
      memory: info.MemTotal,
      capabilities: this.options.capabilities,
      engineVersion: info.ServerVersion,
    };
  }

  private foreign(
    listed: readonly ListedContainer[],
    neighbours: readonly ListedContainer[],
  ): Pick<ObservedNode, 'foreign' | 'foreignHostPorts'> {
    const reserved = neighbours.flatMap(({ Id }) => {
      const known = this.known.get(Id);
      return known === undefined ? [] : [resourcesOf(known.inspected.HostConfig)];
    });
    const strangers = listed.filter((each) => each.Labels?.[LABEL.cluster] !== this.options.cluster);
    const ports = strangers.flatMap(({ Ports }) => (Ports ?? []).map(({ PublicPort }) => PublicPort));
    return {
      foreign: {
        cpu: reserved.reduce((sum, { cpu }) => sum + cpu, 0),
        memory: reserved.reduce((sum, { memory }) => sum + memory, 0),
      },
      foreignHostPorts: [...new Set(ports.filter((port) => typeof port === 'number'))].sort((a, b) => a - b),
    };
  }
}

interface EngineInfo {
  readonly Name: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly ServerVersion: string;
}

function isInstance(listed: ListedContainer): boolean {
  return listed.Labels?.[LABEL.role] === 'service';
}

/** A running container of another cluster on the same engine. */
function isNeighbour(listed: ListedContainer): boolean {
  return listed.Labels?.[LABEL.cluster] !== undefined && ['running', 'paused', 'restarting'].includes(listed.State);
}

function isAsBefore(listed: ListedContainer, known: Known): boolean {
  return known.mark === changeMark(listed) && !hasRestarted(known.uptime, uptimeOf(listed.Status));
}
