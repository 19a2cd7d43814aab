import type Docker from 'dockerode';
import PQueue from 'p-queue';
import type { Disk } from '../core/disk.ts';
import type { Instance, ObservedNode, ObservedRuntime } from '../core/observed.ts';
import type { Addresses } from './networks/addresses.ts';
import type { EngineDisk } from './disk.ts';
import type { EngineIdentity, EngineInfo } from './engine-info.ts';
import { inspectImage } from './image.ts';
import type { InspectedContainer, InspectedImage, ListedContainer } from './inspected.ts';
import { Inspector } from './inspector.ts';
import { LABEL } from './labels.ts';
import { inTime } from './limit.ts';
import { addressesOf, changeMark, hasRestarted, listAll, uptimeOf } from './list.ts';
import type { ClusterNetwork } from './networks/names.ts';
import type { Networks } from './networks/networks.ts';
import { resourcesOf, toInstance, toRun, type Surroundings } from './observe.ts';

/** An engine that says nothing for this long is away. */
const PATIENCE = 30_000;
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
  readonly engine: EngineIdentity;
  readonly disk: Pick<EngineDisk, 'look'>;
  readonly cluster: string;
  readonly capabilities: readonly string[];
  readonly networks: Networks;
  /** Told which ones are taken. */
  readonly addresses: Pick<Addresses, 'see'>;
  readonly now: () => number;
  /** Milliseconds in which one container has to be inspected. */
  readonly patience?: number;
}

/** Looks at the engine with few calls: what neither the list nor an event shows to have changed is remembered. */
export class Observer {
  private readonly options: ObserverOptions;
  private readonly inspects = new PQueue({ concurrency: INSPECTS_AT_ONCE });
  private readonly images = new Map<string, InspectedImage | undefined>();
  private readonly stale = new Set<string>();
  /** Something is being done to them, and the engine lets nobody look at them meanwhile. */
  private readonly busy = new Set<string>();
  private readonly inspector: Inspector;
  private known = new Map<string, Known>();
  /** How often all was to be forgotten, and how often it had been when `known` was seen. */
  private forgotten = 0;
  private forgottenThen = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: ObserverOptions) {
    this.options = options;
    this.inspector = new Inspector(options);
  }

  /** Nobody waits for the end of what is done to it: until then it is as it was. */
  begins(id: string): void {
    this.busy.add(id);
  }

  ended(id: string): void {
    this.busy.delete(id);
    this.changed(id);
  }

  /** The container is inspected anew next time. */
  changed(id: string): void {
    this.stale.add(id);
    this.inspector.changed(id);
  }

  /** Nothing that is remembered counts any more: events were missed. */
  forget(): void {
    this.forgotten += 1;
    this.images.clear();
  }

  /** One at a time, so that none overwrites what another has learnt since. */
  async observe(options: { deep?: boolean; signal?: AbortSignal }): Promise<ObservedRuntime> {
    const look = () => inTime(PATIENCE, options.signal, (limit) => this.observeNow(options.deep ?? false, limit));
    const observed = this.turn.catch(() => undefined).then(look);
    this.turn = observed;
    return observed;
  }

  private async observeNow(deep: boolean, limit: AbortSignal): Promise<ObservedRuntime> {
    if (deep) this.forget();
    const observedAt = this.options.now();
    const [listed, { networks, whole, partial, engineStartedAt }, info, disk] = await Promise.all([
      listAll(this.options.docker, limit),
      this.options.networks.look(limit),
      this.options.engine.info(limit),
      this.options.disk.look(),
    ]);
    const isOwn = (each: ListedContainer) => each.Labels?.[LABEL.cluster] === this.options.cluster;
    const own = listed.filter((each) => isOwn(each) && (hasRole('service')(each) || hasRole('job')(each)));
    const foreign = listed.filter((each) => !isOwn(each));
    const neighbours = foreign.filter(isNeighbour);
    this.options.addresses.see(addressesOf(listed));
    const known = await this.look([...own, ...neighbours], limit);
    return {
      node: {
        ...this.nodeOf(info, disk),
        foreign: reservedBy(neighbours, known),
        foreignHostPorts: hostPortsOf(foreign),
      },
      instances: await this.each(own.filter(hasRole('service')), networks, known, toInstance),
      runs: await this.each(own.filter(hasRole('job')), networks, known, toRun),
      networks: whole,
      partialNetworks: partial,
      ...(engineStartedAt !== undefined && { engineStartedAt }),
      observedAt,
    };
  }

  /** Inspects what is new or changed, and remembers that in place of what was known before. */
  private async look(listed: readonly ListedContainer[], signal: AbortSignal): Promise<Map<string, Known>> {
    const { known: before, forgotten } = this;
    const isForgotten = forgotten !== this.forgottenThen;
    const now = new Map<string, Known>();
    await this.inspects.addAll(
      listed.map((each) => async () => {
        const known = before.get(each.Id);
        const current = known !== undefined && !isForgotten && !this.stale.has(each.Id) && isAsBefore(each, known);
        const next = current ? { ...known, uptime: uptimeOf(each.Status) } : await this.inspect(each, known, signal);
        if (next !== undefined) now.set(each.Id, next);
      }),
    );
    this.known = now;
    this.forgottenThen = forgotten;
    for (const id of this.stale) if (!now.has(id)) this.stale.delete(id);
    return now;
  }

  /** One that cannot be inspected is as it was; a new one may be left out that never ran, or is of another cluster. */
  private async inspect(
    listed: ListedContainer,
    known: Known | undefined,
    signal: AbortSignal,
  ): Promise<Known | undefined> {
    const { Id, State, Status } = listed;
    const isForeign = listed.Labels?.[LABEL.cluster] !== this.options.cluster;
    const canWait = known !== undefined || State === 'created' || isForeign;
    if (canWait && this.busy.has(Id)) return known;
    // Before the call, so that an event during it counts.
    this.stale.delete(Id);
    const inspected = await (canWait
      ? this.inspector.tryToInspect(listed, signal)
      : this.inspector.inspect(listed, signal));
    if (inspected === undefined) return undefined;
    if (inspected !== 'silent') return { mark: changeMark(listed), uptime: uptimeOf(Status), inspected };
    this.stale.add(Id);
    return known;
  }

  /** As what they are of ours, which is made anew where the container or the networks have changed. */
  private async each<Ours extends Instance>(
    own: readonly ListedContainer[],
    networks: readonly ClusterNetwork[],
    known: ReadonlyMap<string, Known>,
    toOurs: (inspected: InspectedContainer, around: Surroundings) => Ours | undefined,
  ): Promise<Ours[]> {
    const networksMark = networks.map(({ name, id }) => `${name}=${id}`).join();
    const found: Ours[] = [];
    for (const { Id } of own) {
      const one = known.get(Id);
      if (one === undefined) continue;
      if (one.instance?.networks !== networksMark) {
        const around = await this.surroundings(one.inspected, networks);
        one.instance = { networks: networksMark, value: toOurs(one.inspected, around) };
      }
      // A container never changes its role.
      if (one.instance.value !== undefined) found.push(one.instance.value as Ours);
    }
    return found;
  }

  private async surroundings(
    { Image: id }: InspectedContainer,
    networks: readonly ClusterNetwork[],
  ): Promise<Surroundings> {
    if (!this.images.has(id)) this.images.set(id, await inspectImage(this.options.docker, id));
    const image = this.images.get(id);
    return { cluster: this.options.cluster, networks, ...(image === undefined ? {} : { image }) };
  }

  private nodeOf(info: EngineInfo, disk: Disk | undefined): Omit<ObservedNode, 'foreign' | 'foreignHostPorts'> {
    return {
      name: info.Name,
      cpu: info.NCPU,
      memory: info.MemTotal,
      capabilities: this.options.capabilities,
      engineVersion: info.ServerVersion,
      ...(disk && { disk }),
    };
  }
}

function hasRole(role: 'service' | 'job'): (listed: ListedContainer) => boolean {
  return (listed) => listed.Labels?.[LABEL.role] === role;
}

function reservedBy(
  neighbours: readonly ListedContainer[],
  known: ReadonlyMap<string, Known>,
): ObservedNode['foreign'] {
  const hosts = neighbours.flatMap(({ Id }) => known.get(Id)?.inspected.HostConfig ?? []);
  const reserved = hosts.map(resourcesOf);
  return {
    cpu: reserved.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: reserved.reduce((sum, { memory }) => sum + memory, 0),
  };
}

/** `5353/udp` */
function hostPortsOf(containers: readonly ListedContainer[]): string[] {
  const bound = containers.flatMap(({ Ports }) => (Ports ?? []).filter(({ PublicPort }) => (PublicPort ?? 0) > 0));
  return [...new Set(bound.map(({ PublicPort, Type }) => `${PublicPort ?? 0}/${Type}`))].sort();
}

/** A running container of another cluster on the same engine. */
function isNeighbour(listed: ListedContainer): boolean {
  return listed.Labels?.[LABEL.cluster] !== undefined && ['running', 'paused', 'restarting'].includes(listed.State);
}

function isAsBefore(listed: ListedContainer, known: Known): boolean {
  return known.mark === changeMark(listed) && !hasRestarted(known.uptime, uptimeOf(listed.Status));
}
