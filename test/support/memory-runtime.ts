import type { FetchedImage } from '../../src/core/housekeeping/images.ts';
import { canonicalResources, excessOf } from '../../src/core/resources.ts';
import { ReasonError } from '../../src/core/reason.ts';
import type { FileEntry, PullPolicy, Resources } from '../../src/core/model.ts';
import {
  isTrusted,
  RESTART_ASKED,
  type Instance,
  type ObservedNode,
  type ObservedRuntime,
  type Run,
} from '../../src/core/observed.ts';
import type { LogLine, LogOptions, PulledImage, Runtime, RuntimeEvent, SlotSpec } from '../../src/core/ports.ts';
import { Channel } from './channel.ts';
import type { MemoryContainer, MemoryImage } from './memory-container.ts';
import type { MemoryEngine } from './memory-engine.ts';

const NODE: ObservedNode = {
  name: 'memory',
  cpu: 4,
  memory: 16 * 1024 ** 3,
  foreign: { cpu: 0, memory: 0 },
  capabilities: [],
  engineVersion: 'memory',
  foreignHostPorts: [],
};

/** A folder that the host does not have. */
const NOWHERE = '/nowhere';

/** One cluster on a MemoryEngine; held to the same contract suite as the real runtime. */
export class MemoryRuntime implements Runtime {
  readonly engine: MemoryEngine;
  private readonly cluster: string;
  private readonly node: ObservedNode;
  /** As in Slots: names of containers that could not be made or started the last time. */
  private readonly failed = new Set<string>();

  constructor(engine: MemoryEngine, cluster = 'demo', node: Partial<ObservedNode> = {}) {
    this.engine = engine;
    this.cluster = cluster;
    this.node = { ...NODE, ...node };
  }

  observe(): Promise<ObservedRuntime> {
    return this.attempt(() => {
      this.engine.observations += 1;
      this.engine.settle();
      const own = this.own();
      const instances = own.filter((each) => !each.isRun).map((each) => each.toInstance());
      const runs = own.filter((each) => each.isRun).map((each) => each.toRun());
      const networks = this.ownNetworks();
      const { clock, startedAt: engineStartedAt } = this.engine;
      const used = new Set(
        [...instances, ...runs].flatMap(({ spec }) => spec?.files ?? []).map(({ digest }) => digest),
      );
      const spareFiles = [...this.engine.contents.keys()].filter((digest) => !used.has(digest));
      const files = spareFiles.length === 0 ? {} : { spareFiles };
      const observedAt = clock.now();
      return { node: this.node, instances, runs, networks, partialNetworks: [], ...files, engineStartedAt, observedAt };
    });
  }

  async ensureNetworks(names: readonly string[]): Promise<void> {
    for (const name of names.filter((wanted) => !this.ownNetworks().includes(wanted))) {
      await this.engine.mutate(`network ${name}`);
      this.engine.networks.add(`${this.cluster}/${name}`);
    }
  }

  async pruneNetworks(keep: readonly string[]): Promise<void> {
    const used = new Set([...this.engine.guests, ...this.own().flatMap((each) => each.slot.container.networks)]);
    const spare = this.ownNetworks().filter((network) => !keep.includes(network));
    for (const name of spare.filter((network) => !used.has(network))) {
      await this.engine.mutate(`remove-network ${name}`);
      this.engine.networks.delete(`${this.cluster}/${name}`);
    }
    const held = spare.find((name) => used.has(name));
    if (held !== undefined)
      throw new ReasonError('start-failed', `Removing network ${held}: there are containers on it.`);
  }

  async pruneFiles(names: readonly string[]): Promise<void> {
    await this.engine.mutate(`remove-files ${names.join()}`);
    for (const name of names) this.engine.contents.delete(name);
  }

  async pruneImages(images: readonly FetchedImage[], signal?: AbortSignal): Promise<readonly string[]> {
    const unused = images.filter(({ id }) => !this.engine.isUsed(id));
    for (const image of unused) {
      await this.engine.mutate(`remove-image ${image.id}`);
      signal?.throwIfAborted();
      this.engine.removeImage(image);
    }
    return unused.map(({ id }) => id);
  }

  async pull(image: string, policy: PullPolicy, signal?: AbortSignal): Promise<PulledImage> {
    signal?.throwIfAborted();
    const there = this.engine.localImage(image);
    if (there !== undefined && policy !== 'always') return there;
    if (policy === 'never') throw new ReasonError('image-not-found', `The engine has no image ${image}.`);
    await this.engine.mutate(`pull ${image}`);
    const { pullError } = this.engine.behaviourOf(image);
    if (pullError !== undefined) throw new ReasonError(pullError.reason, pullError.message);
    const pulled = this.engine.registryImage(image);
    const wasThere = this.engine.localImage(pulled.id) !== undefined;
    this.engine.keepImage(image, pulled);
    return { ...pulled, ...(pulled.id !== there?.id && { isNew: true }), ...(wasThere && { wasThere }) };
  }

  async ensure(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.engine.settle();
    const name = `${this.cluster}-${slot.service}-${slot.release}-${slot.slot}`;
    const there = this.engine.containers.get(name);
    if (there?.alive === true) return;
    if (there !== undefined && !isSound(there, slot)) await this.remove(there.toInstance());
    const stopped = this.engine.containers.get(name);
    if (stopped !== undefined) {
      await this.restore(stopped, slot);
      return this.startAgain(stopped);
    }
    await this.makeAndStart(name, slot);
  }

  async prepare(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const name = `${this.cluster}-${slot.service}-${slot.release}-${slot.slot}`;
    if (!this.engine.containers.has(name)) await this.create(name, slot, false);
  }

  async start(run: Run): Promise<void> {
    this.engine.settle();
    const container = this.engine.get(run.name);
    if (container.state === 'created') await this.startAgain(container);
  }

  private async startAgain(container: MemoryContainer): Promise<void> {
    await this.engine.mutate(`start ${container.name}`);
    try {
      this.engine.start(container);
    } catch (cause) {
      throw startFailed(container.name, cause);
    }
  }

  private async makeAndStart(name: string, slot: SlotSpec): Promise<void> {
    const isLast = this.failed.has(name) && slot.restart === 'no';
    try {
      const container = await this.create(name, slot, isLast);
      await this.engine.mutate(`start ${name}`);
      this.startNew(container, isLast);
      this.failed.delete(name);
    } catch (error) {
      if (isLast) this.failed.delete(name);
      else if (error instanceof ReasonError && error.reason === 'start-failed') this.failed.add(name);
      throw error;
    }
  }

  async unpause(instance: Instance): Promise<void> {
    await this.engine.mutate(`unpause ${instance.name}`);
    this.engine.get(instance.name).state = 'running';
  }

  async stop(instance: Instance, options: { mark: boolean; signal?: AbortSignal }): Promise<void> {
    options.signal?.throwIfAborted();
    const container = this.engine.containers.get(instance.name);
    if (container === undefined) return;
    const candidate = isTrusted(instance) ? 'unless-stopped' : 'discarded';
    const restart = options.mark ? 'no' : candidate;
    if (instance.restartPolicy !== restart) {
      await this.engine.mutate(`update ${instance.name}`);
      container.restartPolicy = restart;
    }
    if (container.alive) await this.stopNow(container);
    if (restart === 'discarded') await this.remove(instance);
  }

  private async stopNow(container: MemoryContainer): Promise<void> {
    await this.engine.mutate(`stop ${container.name}`);
    container.stop(this.engine.clock.now());
    this.engine.announce(container, 'die');
  }

  async askForRestart(instance: Instance): Promise<void> {
    const container = this.engine.containers.get(instance.name);
    if (container?.id !== instance.id || container.deviations.includes(RESTART_ASKED)) return;
    await this.engine.mutate(`rename ${instance.name}`);
    container.deviations.push(RESTART_ASKED);
    this.engine.announce(container, 'rename');
  }

  async end(run: Run, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const container = this.engine.get(run.name);
    container.wasEnded = true;
    container.restartPolicy = 'no';
    if (container.alive) await this.stopNow(container);
  }

  async restart(instance: Instance, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.engine.mutate(`restart ${instance.name}`);
    const container = this.engine.get(instance.name);
    container.stop(this.engine.clock.now());
    this.engine.start(container);
  }

  async remove(instance: Instance): Promise<void> {
    const container = this.engine.containers.get(instance.name);
    if (container?.id !== instance.id) return;
    await this.engine.mutate(`remove ${instance.name}`);
    this.engine.containers.delete(instance.name);
    this.engine.announce(container, 'destroy');
  }

  async update(instance: Instance, change: Parameters<Runtime['update']>[1]): Promise<void> {
    const container = this.engine.get(instance.name);
    await this.engine.mutate(`update ${instance.name}`);
    container.restartPolicy = change.restart ?? container.restartPolicy;
    if (change.resources !== undefined) container.resources = updated(container.resources, change.resources);
    this.engine.announce(container, 'update');
  }

  async setDiscoverable(instance: Instance, discoverable: boolean): Promise<void> {
    const container = this.engine.get(instance.name);
    if (container.discoverable === discoverable) return;
    await this.engine.mutate(`${discoverable ? 'discover' : 'hide'} ${instance.name}`);
    container.discoverable = discoverable;
  }

  async files(instance: Instance, target: string): Promise<readonly FileEntry[] | undefined> {
    const mounted = instance.spec?.files?.find((each) => each.target === target);
    return await this.attempt(() => this.engine.contents.get(mounted?.digest ?? '')?.entries);
  }

  async *logs(instance: Instance, options: LogOptions): AsyncIterable<LogLine> {
    await this.attempt(() => undefined);
    const { logs } = this.engine.get(instance.name);
    yield* logs.slice(Math.max(0, logs.length - options.tail));
  }

  async *watch(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const listener = { cluster: this.cluster, channel: new Channel<RuntimeEvent>(signal) };
    this.engine.listeners.add(listener);
    try {
      yield* listener.channel;
    } finally {
      this.engine.listeners.delete(listener);
    }
  }

  private own(): MemoryContainer[] {
    return [...this.engine.containers.values()].filter((container) => container.cluster === this.cluster);
  }

  private ownNetworks(): string[] {
    const prefix = `${this.cluster}/`;
    return [...this.engine.networks].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  private async create(name: string, slot: SlotSpec, isLast: boolean): Promise<MemoryContainer> {
    const image = this.imageOf(slot);
    await this.engine.mutate(`create ${name}`);
    const missing = slot.container.mounts.find((mount) => mount.type === 'bind' && mount.source.startsWith(NOWHERE));
    if (missing !== undefined) {
      const failure = startFailed(name, new Error(`bind source path does not exist: ${NOWHERE}`));
      if (isLast) this.engine.create(name, this.cluster, slot, image).fail(failure.message);
      throw failure;
    }
    this.engine.keepFiles(slot);
    const made = { ...slot, resources: canonicalResources(slot.resources) };
    return this.engine.create(name, this.cluster, made, image);
  }

  private imageOf(slot: SlotSpec): MemoryImage {
    const image = this.engine.localImage(slot.imageId ?? slot.container.image);
    if (image === undefined)
      throw new ReasonError(
        'image-not-found',
        `The engine has no image ${slot.container.image}; it has to be pulled first.`,
      );
    return image;
  }

  private async restore(container: MemoryContainer, slot: SlotSpec): Promise<void> {
    const resources = canonicalResources(slot.resources);
    const same = JSON.stringify(container.resources) === JSON.stringify(resources);
    if (same && container.restartPolicy === slot.restart) return;
    await this.update(container.toInstance(), { restart: slot.restart, resources });
  }

  /** What cannot run at all stays as evidence; what lacks only a host port is taken away again, but for the last try. */
  private startNew(container: MemoryContainer, isLast: boolean): void {
    try {
      this.engine.start(container);
    } catch (cause) {
      const failure = startFailed(container.name, cause);
      if (isLast && container.error === undefined) container.fail(failure.message);
      if (container.error === undefined) this.engine.containers.delete(container.name);
      else container.restartPolicy = 'no';
      throw failure;
    }
  }

  // oxlint-disable-next-line typescript/require-await -- a throw becomes a rejection
  private async attempt<T>(answer: () => T): Promise<T> {
    this.engine.reach();
    return answer();
  }
}

/** As Docker does it: nothing that is there is taken away. */
function updated(before: Resources, change: Resources): Resources {
  const { cpu, memory, limits } = canonicalResources(change);
  return { cpu: cpu || before.cpu, memory: memory || before.memory, limits: { ...before.limits, ...limits } };
}

function isSound(container: MemoryContainer, { resources }: SlotSpec): boolean {
  const isChangeable = excessOf(container.resources, resources).length === 0;
  return container.state !== 'dead' && container.deviations.length === 0 && isChangeable;
}

function startFailed(name: string, cause: unknown): ReasonError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new ReasonError('start-failed', `${name} could not be started: ${words}`, { cause });
}
