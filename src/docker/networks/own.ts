import type Docker from 'dockerode';
import { request, settle } from '../errors.ts';
import type { InspectedNetwork } from '../inspected.ts';
import { LABEL } from '../labels.ts';
import { byName, trafficNetwork, type NetworksByName } from './names.ts';

/** The engine's own default network. */
const BRIDGE = 'bridge';

/** A cluster's networks as the engine has them, companions among them. */
export class OwnNetworks {
  private readonly docker: Docker;
  private readonly cluster: string;

  constructor(docker: Docker, cluster: string) {
    this.docker = docker;
    this.cluster = cluster;
  }

  async byName(): Promise<NetworksByName> {
    return (await this.look()).own;
  }

  /** With the engine's own bridge, in one call. */
  async look(signal?: AbortSignal): Promise<{ own: NetworksByName; bridge?: InspectedNetwork }> {
    const filters = { name: [BRIDGE, trafficNetwork(this.cluster, 'default')] };
    const options = { filters, ...(signal === undefined ? {} : { abortSignal: signal }) };
    const answer = this.docker.listNetworks(options) as Promise<InspectedNetwork[]>;
    const listed = await request('Listing networks', 'start-failed', answer);
    const bridge = listed.find(({ Name }) => Name === BRIDGE);
    return { own: byName(listed.filter((each) => this.isOwn(each))), ...(bridge && { bridge }) };
  }

  async remove({ Id, Name }: InspectedNetwork): Promise<void> {
    await settle(`Removing network ${Name}`, [404], this.docker.getNetwork(Id).remove());
  }

  private isOwn({ Labels }: InspectedNetwork): boolean {
    return Labels?.[LABEL.cluster] === this.cluster && Labels[LABEL.role] === 'network';
  }
}

/** A network that was made in full keeps dynamic addresses in their own range. */
export function isFinished(network: InspectedNetwork): boolean {
  return (network.IPAM?.Config ?? []).some((config) => config.IPRange !== undefined && config.IPRange !== '');
}

export function subnetOf(network: InspectedNetwork): string | undefined {
  return (network.IPAM?.Config ?? []).map((config) => config.Subnet).find((subnet) => subnet?.includes('.'));
}
