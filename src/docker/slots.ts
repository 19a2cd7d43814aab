import type Docker from 'dockerode';
import { canonicalResources } from '../core/resources.ts';
import { ReasonError } from '../core/reason.ts';
import type { Resources, RestartPolicy } from '../core/model.ts';
import type { SlotSpec } from '../core/ports.ts';
import { Addresses } from './addresses.ts';
import { found, reasonError, request, settle, statusOf, wordsOf } from './errors.ts';
import { inspectImage } from './image.ts';
import type { InspectedContainer, ListedContainer } from './inspected.ts';
import { LABEL, ownLabels, slotOf } from './labels.ts';
import type { ClusterNetwork } from './network-names.ts';
import type { Networks } from './networks.ts';
import { resourcesOf, toInstance } from './observe.ts';
import { containerName, createOptions, resourceOptions, restartOptions, volumeName } from './options.ts';

/** Exit codes that the engine gives to a command that it cannot run at all. */
const CANNOT_RUN = [126, 127];

/** Makes and starts the containers of slots. */
export class Slots {
  readonly addresses: Addresses;
  private readonly docker: Docker;
  private readonly cluster: string;
  private readonly networks: Networks;

  constructor(options: { docker: Docker; cluster: string; networks: Networks; now: () => number }) {
    this.docker = options.docker;
    this.cluster = options.cluster;
    this.networks = options.networks;
    this.addresses = new Addresses(options.now);
  }

  /** See `Runtime.ensure`; answers with the ids of the containers that it touched. */
  async ensure(slot: SlotSpec, signal?: AbortSignal): Promise<string[]> {
    const name = containerName(this.cluster, slot);
    const there = await this.find(name);
    if (there === undefined) return [await this.makeAndStart(slot, signal)];
    this.refuseStranger(there, slot);
    if (['running', 'restarting', 'paused'].includes(there.State.Status)) return [];
    if (await this.isSound(there)) {
      await this.restore(there, slot);
      await this.start(there.Id, name);
      return [there.Id];
    }
    await this.remove(there.Id, name);
    return [there.Id, await this.makeAndStart(slot, signal)];
  }

  async start(id: string, name: string): Promise<void> {
    await settle(`Starting ${name}`, [304], this.docker.getContainer(id).start());
  }

  async remove(id: string, name: string): Promise<void> {
    // 409: it is being removed already.
    await settle(`Removing ${name}`, [404, 409], this.docker.getContainer(id).remove({ force: true, v: false }));
  }

  async update(
    id: string,
    name: string,
    change: { resources?: Resources; restart?: RestartPolicy | 'no' },
  ): Promise<void> {
    const options = {
      ...(change.resources === undefined ? {} : resourceOptions(change.resources)),
      ...(change.restart === undefined ? {} : { RestartPolicy: restartOptions(change.restart) }),
    };
    await request(`Updating ${name}`, 'start-failed', this.docker.getContainer(id).update(options));
  }

  private async find(nameOrId: string): Promise<InspectedContainer | undefined> {
    const answer = this.docker.getContainer(nameOrId).inspect();
    return (await found(`Inspecting ${nameOrId}`, answer)) as InspectedContainer | undefined;
  }

  private refuseStranger(there: InspectedContainer, slot: SlotSpec): void {
    const labels = there.Config.Labels ?? {};
    const found = slotOf(labels);
    const ours = labels[LABEL.cluster] === this.cluster && labels[LABEL.role] === 'service';
    if (ours && found?.service === slot.service && found.release === slot.release && found.slot === slot.slot) return;
    throw new ReasonError(
      'start-failed',
      `There is a container ${there.Name.slice(1)} that Fairlead did not make; remove it or give it another name.`,
    );
  }

  private async isSound(there: InspectedContainer): Promise<boolean> {
    if (there.State.Status !== 'created' && there.State.Status !== 'exited') return false;
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
    const sameRestart = (there.HostConfig.RestartPolicy?.Name ?? '') === slot.restart;
    if (sameResources && sameRestart) return;
    await this.update(there.Id, name, { ...(sameResources ? {} : { resources }), restart: slot.restart });
  }

  private async makeAndStart(slot: SlotSpec, signal?: AbortSignal): Promise<string> {
    const name = containerName(this.cluster, slot);
    const id = await this.make(slot, signal);
    try {
      await this.start(id, name);
    } catch (error) {
      await this.cleanUp(id, name).catch(() => undefined);
      throw error;
    }
    return id;
  }

  /**
   * A command that cannot be run is the release's own fault: its container stays, as evidence and so that it is not tried
   * for ever. What the host lacked (a port, a device) may be there the next time: the container goes.
   */
  private async cleanUp(id: string, name: string): Promise<void> {
    const failed = await this.find(id);
    if (failed !== undefined && CANNOT_RUN.includes(failed.State.ExitCode))
      await this.update(id, name, { restart: 'no' });
    else await this.remove(id, name);
  }

  private async make(slot: SlotSpec, signal?: AbortSignal): Promise<string> {
    const attached = await this.networks.attached(slot.container.networks);
    const [first, ...others] = attached;
    if (first === undefined) throw new ReasonError('start-failed', `Service ${slot.service} is on no network.`);
    await this.makeVolumes(slot);
    const id = await this.create(slot, first, signal);
    for (const network of others)
      await settle(
        `Joining network ${network.name}`,
        [403],
        this.docker.getNetwork(network.id).connect({ Container: id }),
      );
    return id;
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
  private async create(slot: SlotSpec, network: ClusterNetwork, signal?: AbortSignal): Promise<string> {
    const name = containerName(this.cluster, slot);
    const address = await this.chooseAddress(network);
    const options = createOptions(slot, { cluster: this.cluster, network: network.id, address });
    try {
      const container = await this.docker.createContainer({
        ...options,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      return container.id;
    } catch (error) {
      if (/no such image/i.test(wordsOf(error))) throw reasonError(`Creating ${name}`, 'image-not-found', error);
      const there = statusOf(error) === 409 ? await this.find(name) : undefined;
      if (there === undefined) throw reasonError(`Creating ${name}`, 'start-failed', error);
      this.refuseStranger(there, slot);
      return there.Id;
    }
  }

  private async chooseAddress(network: ClusterNetwork): Promise<string> {
    const answer = this.docker.listContainers({ all: true, filters: { network: [network.id] } });
    const listed = (await request('Listing containers', 'start-failed', answer)) as unknown as ListedContainer[];
    const endpoints = listed.flatMap((each) => Object.values(each.NetworkSettings?.Networks ?? {}));
    const taken = endpoints.flatMap(({ IPAddress, IPAMConfig }) => [IPAddress, IPAMConfig?.IPv4Address]);
    const address = this.addresses.choose(network.subnet, new Set(taken.filter((each) => each)) as Set<string>);
    if (address === undefined)
      throw new ReasonError(
        'start-failed',
        `Network ${network.name} (${network.subnet}) has no free address left for a container.`,
      );
    return address;
  }
}
