import { createHash } from 'node:crypto';
import type { FetchedImage } from '../../src/core/housekeeping/images.ts';
import type { FileContent } from '../../src/core/model.ts';
import { ReasonError } from '../../src/core/reason.ts';
import type { Clock, RuntimeEvent, SlotSpec } from '../../src/core/ports.ts';
import type { Channel } from './channel.ts';
import { MemoryContainer, type ImageBehaviour, type MemoryImage } from './memory-container.ts';
import { VirtualClock } from './virtual-clock.ts';

const FIRST_EPHEMERAL_PORT = 49_153;

/** An engine in memory that several runtimes (clusters, or one cluster's successive processes) share. */
export class MemoryEngine {
  readonly clock: Clock;
  /** By name. */
  readonly containers = new Map<string, MemoryContainer>();
  /** `cluster/name` */
  readonly networks = new Set<string>();
  /** Networks that containers of somebody else are on. */
  readonly guests = new Set<string>();
  readonly listeners = new Set<{ readonly cluster: string; readonly channel: Channel<RuntimeEvent> }>();
  /** Every mutating call that did something, oldest first: `create demo-web-3f9c1a2-1`. */
  readonly mutations: string[] = [];
  /** Awaited before each mutating call: may throw (a failure, a crash) or wait (a hang). */
  beforeMutation: (mutation: string) => Promise<void> | void = () => undefined;
  /** Of mounted files, by digest. */
  readonly contents = new Map<string, FileContent>();
  /** false: every call fails with engine-unreachable. */
  reachable = true;
  /** When it last started. */
  startedAt: number;
  /** Number of observations. */
  observations = 0;
  private readonly behaviours = new Map<string, ImageBehaviour>();
  private readonly images = new Map<string, MemoryImage>();
  private readonly moved = new Map<string, number>();
  private made = 0;

  constructor(clock: Clock = new VirtualClock()) {
    this.clock = clock;
    this.startedAt = clock.now();
  }

  /** Says what containers of the image do from now on, running ones too. */
  behave(image: string, behaviour: ImageBehaviour): void {
    this.behaviours.set(image, behaviour);
  }

  behaviourOf(image: string): ImageBehaviour {
    return this.behaviours.get(image) ?? {};
  }

  /** Puts a slot's files where its container finds them. */
  keepFiles({ container, contents = [] }: SlotSpec): void {
    for (const each of contents) this.contents.set(each.digest, each);
    const lost = container.files?.find(({ digest }) => !this.contents.has(digest));
    if (lost === undefined) return;
    throw new ReasonError('start-failed', `bind source path does not exist: ${lost.target}`);
  }

  /** Moves the tag in the registry: the next pull brings another image. */
  moveTag(image: string): void {
    this.moved.set(image, (this.moved.get(image) ?? 0) + 1);
  }

  /** What the registry has under the tag now. */
  registryImage(image: string): MemoryImage {
    const id = `sha256:${createHash('sha256')
      .update(`${image} ${this.moved.get(image) ?? 0}`)
      .digest('hex')}`;
    return { id, digest: id };
  }

  localImage(imageOrId: string): MemoryImage | undefined {
    return this.images.get(imageOrId);
  }

  keepImage(name: string, image: MemoryImage): void {
    this.images.set(name, image);
    this.images.set(image.id, image);
  }

  isUsed(imageId: string): boolean {
    return [...this.containers.values()].some((each) => each.image.id === imageId);
  }

  /** Under all names that were fetched; one that somebody else has given it keeps it. */
  removeImage({ id, references }: FetchedImage): void {
    for (const name of references) if (this.images.get(name)?.id === id) this.images.delete(name);
    const names = [...this.images].filter(([name, image]) => name !== id && image.id === id);
    if (names.length === 0) this.images.delete(id);
  }

  /** Somebody removes an image by hand. */
  forgetImage(name: string): void {
    const image = this.images.get(name);
    this.images.delete(name);
    if (image !== undefined) this.images.delete(image.id);
  }

  /** The process of a container ends by itself, as if it crashed. */
  crash(name: string, exitCode = 137): void {
    this.get(name).exit(this.clock.now(), exitCode);
    this.announce(this.get(name), 'die');
  }

  /** Somebody stops the container by hand. */
  stop(name: string): void {
    this.get(name).stop(this.clock.now());
    this.announce(this.get(name), 'die');
  }

  /** Somebody removes the container by hand. */
  remove(name: string): void {
    const container = this.get(name);
    this.containers.delete(name);
    this.announce(container, 'destroy');
  }

  /** Breaks the event streams: watchers see `lost`. */
  breakEvents(): void {
    for (const { channel } of this.listeners) channel.push({ type: 'lost' });
  }

  get(name: string): MemoryContainer {
    const container = this.containers.get(name);
    if (container === undefined) throw new ReasonError('start-failed', `There is no container ${name}.`);
    return container;
  }

  async mutate(mutation: string): Promise<void> {
    this.reach();
    await this.beforeMutation(mutation);
    this.mutations.push(mutation);
  }

  reach(): void {
    if (!this.reachable) throw new ReasonError('engine-unreachable', 'The engine does not answer.');
  }

  settle(): void {
    for (const container of this.containers.values()) container.settle(this.clock.now());
  }

  create(name: string, cluster: string, slot: SlotSpec, image: MemoryImage): MemoryContainer {
    this.made += 1;
    const container = new MemoryContainer({
      id: this.made.toString(16).padStart(64, '0'),
      name,
      cluster,
      slot,
      image,
      address: `10.0.${Math.floor(this.made / 250) % 250}.${(this.made % 250) + 2}`,
      now: this.clock.now(),
      behaviour: () => this.behaviourOf(slot.container.image),
    });
    this.containers.set(name, container);
    this.announce(container, 'create');
    return container;
  }

  /** Starts it, or throws in the engine's words. */
  start(container: MemoryContainer): void {
    const { startError } = this.behaviourOf(container.slot.container.image);
    if (startError !== undefined) {
      container.fail(startError);
      throw new Error(startError);
    }
    container.hostPorts = this.bindPorts(container);
    container.start(this.clock.now());
    this.announce(container, 'start');
  }

  announce(container: MemoryContainer, action: string): void {
    for (const listener of this.listeners)
      if (listener.cluster === container.cluster)
        listener.channel.push({ type: 'container', id: container.id, action });
  }

  private bindPorts(container: MemoryContainer): MemoryContainer['hostPorts'] {
    const taken = new Set([...this.containers.values()].filter((other) => other !== container).flatMap(portsHeld));
    const free = (from: number, protocol: string): number =>
      taken.has(`${from}/${protocol}`) ? free(from + 1, protocol) : from;
    return container.slot.container.ports.flatMap(({ port, protocol, hostPort, publish }) => {
      if (hostPort !== undefined && taken.has(`${hostPort}/${protocol}`))
        throw new Error(`Bind for 0.0.0.0:${hostPort} failed: port is already allocated`);
      const bound = hostPort ?? (publish ? free(FIRST_EPHEMERAL_PORT, protocol) : undefined);
      if (bound === undefined) return [];
      taken.add(`${bound}/${protocol}`);
      return [{ port, protocol, hostPort: bound }];
    });
  }
}

function portsHeld(container: MemoryContainer): string[] {
  return container.alive ? container.hostPorts.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`) : [];
}
