import type Docker from 'dockerode';
import { canonicalResources, excessOf } from '../core/resources.ts';
import { volumeName } from '../core/mounts.ts';
import { CANNOT_RUN } from '../core/observed.ts';
import { ReasonError } from '../core/reason.ts';
import type { SlotSpec } from '../core/ports.ts';
import type { EngineIdentity } from './engine-info.ts';
import type { Files } from './files.ts';
import type { Attachments } from './networks/attachments.ts';
import type { Containers, Named } from './containers.ts';
import { creationError, request, statusOf } from './errors.ts';
import { inspectImage } from './image.ts';
import type { InspectedContainer } from './inspected.ts';
import { LABEL, ownLabels, slotOf } from './labels.ts';
import { logOptions, type LogLimits } from './log-rotation.ts';
import type { Networks } from './networks/networks.ts';
import { resourcesOf, toInstance } from './observe.ts';
import { containerName, createOptions, markOptions, restartPolicyOf, type Place } from './options.ts';

/** Makes and starts the containers of slots. */
export class Slots {
  private readonly docker: Docker;
  private readonly cluster: string;
  private readonly networks: Networks;
  private readonly containers: Containers;
  private readonly attachments: Attachments;
  private readonly files: Files;
  private readonly logs: LogLimits | undefined;
  private readonly engine: EngineIdentity;
  /** Names of containers that could not be made or started the last time. */
  private readonly failed = new Set<string>();

  constructor(options: {
    docker: Docker;
    cluster: string;
    networks: Networks;
    containers: Containers;
    attachments: Attachments;
    files: Files;
    logs?: LogLimits;
    engine: EngineIdentity;
  }) {
    this.docker = options.docker;
    this.cluster = options.cluster;
    this.networks = options.networks;
    this.containers = options.containers;
    this.attachments = options.attachments;
    this.files = options.files;
    this.logs = options.logs;
    this.engine = options.engine;
  }

  /** See `Runtime.ensure`. */
  async ensure(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    const name = containerName(this.cluster, slot);
    const there = await this.containers.find(name);
    if (there === undefined) return this.makeAndStart(slot, signal);
    this.refuseStranger(there, slot);
    if (['running', 'restarting', 'paused'].includes(there.State.Status)) return;
    if (await this.isSound(there, slot)) {
      await this.restore(there, slot);
      return this.containers.start({ id: there.Id, name });
    }
    // Errors come before anything is taken away.
    await this.networks.attached(slot.container.networks);
    await this.containers.remove({ id: there.Id, name });
    return this.makeAndStart(slot, signal);
  }

  /** See `Runtime.prepare`. */
  async prepare(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    const name = containerName(this.cluster, slot);
    const there = await this.containers.find(name);
    if (there !== undefined) {
      this.refuseStranger(there, slot);
      return;
    }
    await this.make(slot, false, signal).catch(async (error: unknown) => {
      const half = await this.containers.find(name).catch(() => undefined);
      if (half?.State.Status === 'created') await this.containers.remove({ id: half.Id, name });
      throw error;
    });
  }

  private refuseStranger(there: InspectedContainer, slot: SlotSpec): void {
    const labels = there.Config.Labels ?? {};
    const found = slotOf(labels);
    const ours = labels[LABEL.cluster] === this.cluster && labels[LABEL.role] === (slot.role ?? 'service');
    if (ours && found?.service === slot.service && found.release === slot.release && found.slot === slot.slot) return;
    throw new ReasonError(
      'start-failed',
      `There is a container ${there.Name.slice(1)} that Fairlead did not make; remove it or give it another name.`,
    );
  }

  /** It is what its label says, and can be given the resources that the slot has now. */
  private async isSound(there: InspectedContainer, { resources }: SlotSpec): Promise<boolean> {
    if (there.State.Status !== 'created' && there.State.Status !== 'exited') return false;
    if (excessOf(resourcesOf(there.HostConfig), resources).length > 0) return false;
    const image = await inspectImage(this.docker, there.Image);
    const networks = await this.networks.list();
    const around = { cluster: this.cluster, networks, ...(image === undefined ? {} : { image }) };
    return toInstance(there, around)?.deviations.length === 0;
  }

  /** A stopped container gets the policy and the resources that the slot has now. */
  private async restore(there: InspectedContainer, slot: SlotSpec): Promise<void> {
    const name = containerName(this.cluster, slot);
    const resources = canonicalResources(slot.resources);
    const sameResources = JSON.stringify(resourcesOf(there.HostConfig)) === JSON.stringify(resources);
    const sameRestart = restartPolicyOf(there.HostConfig) === slot.restart;
    if (sameResources && sameRestart) return;
    await this.containers.update(
      { id: there.Id, name },
      { ...(sameResources ? {} : { resources }), restart: slot.restart },
    );
  }

  private async makeAndStart(slot: SlotSpec, signal?: AbortSignal): Promise<void> {
    const name = containerName(this.cluster, slot);
    const isLast = this.failed.has(name) && slot.restart === 'no';
    try {
      const container = { id: await this.make(slot, isLast, signal), name };
      await this.startNew(container, isLast);
      this.failed.delete(name);
    } catch (error) {
      // Its mark says so from now on; who takes that away wants it to be tried as often again.
      if (isLast) this.failed.delete(name);
      else if (error instanceof ReasonError && error.reason === 'start-failed') this.failed.add(name);
      throw error;
    }
  }

  private async startNew(container: Named, isLast: boolean): Promise<void> {
    try {
      await this.containers.start(container);
    } catch (error) {
      await this.cleanUp(container, isLast).catch(() => undefined);
      throw error;
    }
  }

  /**
   * A command that cannot be run is the release's own fault: its container stays, as evidence and so that it is not tried
   * for ever. What the host lacked (a port, a device) may be there the next time: the container goes, unless it was the
   * last try. What started all the same, while the engine's answer was lost, stays as it is.
   */
  private async cleanUp(container: Named, isLast: boolean): Promise<void> {
    const failed = await this.containers.find(container.id);
    if (failed?.State.Status !== 'created') return;
    if (isLast || CANNOT_RUN.includes(failed.State.ExitCode)) await this.containers.setRestart(container, 'no');
    else await this.containers.remove(container);
  }

  private async make(slot: SlotSpec, isLast: boolean, signal?: AbortSignal): Promise<string> {
    const attached = await this.networks.attached(slot.container.networks);
    const [first] = attached;
    if (first === undefined) throw new ReasonError('start-failed', `${slot.service} is on no network.`);
    await this.makeVolumes(slot);
    const choose = await this.attachments.addressChooser();
    const log = await logOptions(this.logs, this.engine);
    const at = { network: first.id, address: choose(first), log };
    const make = (files: string | undefined) => this.create(slot, { ...at, files }, signal);
    const id = await this.files.around(slot, make).catch(async (error: unknown) => {
      if (isLast && error instanceof ReasonError && error.reason === 'start-failed') await this.leaveMark(slot, error);
      throw error;
    });
    const isNamed = slot.discoverable && !(await this.hasHealthCheck(id));
    await this.attachments.join(id, attached, { alias: isNamed ? slot.service : undefined, choose });
    return id;
  }

  /** Its own or its image's. */
  private async hasHealthCheck(id: string): Promise<boolean> {
    const [kind = 'NONE'] = (await this.containers.find(id))?.Config.Healthcheck?.Test ?? [];
    return kind !== 'NONE';
  }

  /** What the engine refuses to make leaves a container that asks for nothing and says why. */
  private async leaveMark(slot: SlotSpec, failure: ReasonError): Promise<void> {
    const name = containerName(this.cluster, slot);
    const options = markOptions(slot, this.cluster, failure.message);
    await request(`Marking ${name}`, 'start-failed', this.docker.createContainer(options));
  }

  private async makeVolumes(slot: SlotSpec): Promise<void> {
    const Labels = ownLabels(this.cluster, 'volume');
    for (const mount of slot.container.mounts) {
      if (mount.type !== 'volume') continue;
      const Name = volumeName(this.cluster, mount.source);
      await request(`Making volume ${Name}`, 'start-failed', this.docker.createVolume({ Name, Labels }));
    }
  }

  /** Another process may create the same container at the same moment: then theirs is taken. */
  private async create(slot: SlotSpec, at: Omit<Place, 'cluster'>, signal?: AbortSignal): Promise<string> {
    const name = containerName(this.cluster, slot);
    const options = createOptions(slot, { cluster: this.cluster, ...at });
    try {
      const container = await this.docker.createContainer({
        ...options,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      return container.id;
    } catch (error) {
      const there = statusOf(error) === 409 ? await this.containers.find(name) : undefined;
      if (there === undefined) throw creationError(`Creating ${name}`, error);
      this.refuseStranger(there, slot);
      return there.Id;
    }
  }
}
