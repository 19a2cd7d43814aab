import type Docker from 'dockerode';
import { ReasonError } from '../../core/reason.ts';
import type { Instance } from '../../core/observed.ts';
import type { Addresses } from './addresses.ts';
import type { Containers } from '../containers.ts';
import { settle } from '../errors.ts';
import type { InspectedEndpoint } from '../inspected.ts';
import { addressesOf, listAll } from '../list.ts';
import { namesNetwork, type AddressedNetwork, type ClusterNetwork } from './names.ts';
import type { Networks } from './networks.ts';

/** Errors: start-failed, where there is none left. */
export type AddressChooser = (network: AddressedNetwork) => string;

/** Puts containers on the networks of their cluster, and services' names on those that can be found by them. */
export class Attachments {
  private readonly docker: Docker;
  private readonly cluster: string;
  private readonly networks: Networks;
  private readonly containers: Containers;
  private readonly addresses: Addresses;

  constructor(options: {
    docker: Docker;
    cluster: string;
    networks: Networks;
    containers: Containers;
    addresses: Addresses;
  }) {
    this.docker = options.docker;
    this.cluster = options.cluster;
    this.networks = options.networks;
    this.containers = options.containers;
    this.addresses = options.addresses;
  }

  /**
   * Joins a new container to the traffic networks but its first one, and to all companions; without an alias nobody finds
   * it there yet.
   */
  async join(
    container: string,
    networks: readonly ClusterNetwork[],
    { alias, choose }: { alias: string | undefined; choose: AddressChooser },
  ): Promise<void> {
    for (const { id } of networks.slice(1)) await this.connect(id, { Container: container });
    for (const { companion } of networks)
      if (companion !== undefined) await this.connectNamed(companion, container, alias, choose(companion));
  }

  /**
   * An alias can only be given with a connection, so the container leaves the companion for a moment and comes back with
   * the same address: connections that go on over it meanwhile live on.
   */
  async setNamed(instance: Instance, isNamed: boolean): Promise<void> {
    const { id, service, spec } = instance;
    const [networks, inspected] = [await this.networks.attached(spec?.networks ?? []), await this.containers.find(id)];
    const endpoints = inspected?.NetworkSettings.Networks;
    for (const { name, companion } of networks) {
      const endpoint = endpoints?.[namesNetwork(this.cluster, name)];
      if (companion === undefined || hasAlias(endpoint, service) === isNamed) continue;
      const before = endpoint?.IPAMConfig?.IPv4Address || undefined;
      const address = before ?? (await this.addressChooser())(companion);
      // Nobody else gets it meanwhile.
      this.addresses.rest(address);
      if (endpoint !== undefined) await this.disconnect(companion, id);
      await this.connectNamed(companion, id, isNamed ? service : undefined, address);
    }
  }

  /** Chooses from the fixed part of a network what no container has. */
  async addressChooser(): Promise<AddressChooser> {
    if (this.addresses.areUnknown) this.addresses.see(addressesOf(await listAll(this.docker)));
    return ({ subnet }) => {
      const address = this.addresses.choose(subnet);
      if (address !== undefined) return address;
      throw new ReasonError('start-failed', `The network ${subnet} has no free address left for a container.`);
    };
  }

  private async connectNamed(
    companion: AddressedNetwork,
    Container: string,
    alias: string | undefined,
    address: string,
  ): Promise<void> {
    const IPAMConfig = { IPv4Address: address };
    const Aliases = alias === undefined ? [] : [alias];
    await this.connect(companion.id, { Container, EndpointConfig: { Aliases, IPAMConfig } });
  }

  private async connect(network: string, options: Docker.NetworkConnectOptions): Promise<void> {
    // 403: it is connected already.
    await settle('Joining a network', [403], this.docker.getNetwork(network).connect(options));
  }

  private async disconnect({ id }: AddressedNetwork, Container: string): Promise<void> {
    const left = this.docker.getNetwork(id).disconnect({ Container, Force: true });
    await settle('Leaving a network', [404, /is not connected to/], left);
  }
}

/** Whether a container is found under the name there; undefined where it is not on the network. */
export function hasAlias(endpoint: InspectedEndpoint | undefined, name: string): boolean | undefined {
  return endpoint === undefined ? undefined : (endpoint.Aliases?.includes(name) ?? false);
}
