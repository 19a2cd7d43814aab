import type Docker from 'dockerode';
import { ReasonError } from '../../core/reason.ts';
import { eachOf } from '../each-of.ts';
import { reasonError, request, statusOf } from '../errors.ts';
import type { InspectedNetwork } from '../inspected.ts';
import { ownLabels } from '../labels.ts';
import { namesNetwork, trafficNetwork, type NetworksByName } from './names.ts';
import { isFinished, subnetOf, type OwnNetworks } from './own.ts';
import { dynamicRange, gatewayOf, halvesOf } from './subnet.ts';

/** Another network may take the subnet in the moment in which ours is made again. */
const ATTEMPTS = 3;

interface Making {
  readonly Name: string;
  readonly Internal?: boolean;
  /** Of an earlier process. */
  readonly halfMade: InspectedNetwork | undefined;
}

/**
 * Makes the cluster's networks in full: with dynamic addresses kept out of the half that fixed ones come from. A network
 * and its companion share what Docker would give to one, as far as that is large enough: it has few to give.
 */
export class NetworkMaker {
  private readonly docker: Docker;
  private readonly cluster: string;
  private readonly own: OwnNetworks;

  constructor(docker: Docker, cluster: string, own: OwnNetworks) {
    this.docker = docker;
    this.cluster = cluster;
    this.own = own;
  }

  async makeMissing(names: readonly string[]): Promise<void> {
    const own = await this.own.byName();
    await eachOf(names, (name) => this.makeWhole(name, own));
  }

  private async makeWhole(name: string, own: NetworksByName): Promise<void> {
    const [traffic, ...twins] = own.get(trafficNetwork(this.cluster, name)) ?? [];
    const [companion, ...twinCompanions] = own.get(namesNetwork(this.cluster, name)) ?? [];
    // Containers start on no network whose name is not unique.
    for (const twin of [...twins, ...twinCompanions]) await this.own.remove(twin);
    const half = await this.make({ Name: trafficNetwork(this.cluster, name), halfMade: traffic });
    const names = { Name: namesNetwork(this.cluster, name), Internal: true };
    // Should somebody take the half at this moment, the next try gets what Docker gives.
    if (half === undefined || companion !== undefined) await this.make({ ...names, halfMade: companion });
    else await this.create({ ...names, IPAM: fixedAddressing(half) });
  }

  /**
   * Docker chooses what it is given; it is made again within. One that stopped half-way is made in the same manner. Gives
   * the half that is left.
   */
  private async make({ halfMade, ...network }: Making): Promise<string | undefined> {
    let there = halfMade;
    for (let attempt = 1; ; attempt++) {
      const first = there ?? (await this.inspect(await this.create(network)));
      if (isFinished(first)) return undefined;
      try {
        return await this.finish(network, first);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        there = undefined;
      }
    }
  }

  private async finish(network: Omit<Making, 'halfMade'>, unfinished: InspectedNetwork): Promise<string | undefined> {
    const given = subnetOf(unfinished);
    if (given === undefined)
      throw new ReasonError('start-failed', `Network ${network.Name} got no IPv4 subnet from the engine.`);
    const [subnet, left] = halvesOf(given) ?? [given];
    await this.own.remove(unfinished);
    await this.create({ ...network, IPAM: fixedAddressing(subnet) });
    return left;
  }

  /** Docker's id of it. */
  private async create(network: Pick<Docker.NetworkCreateOptions, 'Name' | 'Internal' | 'IPAM'>): Promise<string> {
    const Labels = ownLabels(this.cluster, 'network');
    try {
      const made = await this.docker.createNetwork({ Driver: 'bridge', CheckDuplicate: true, ...network, Labels });
      return made.id;
    } catch (error) {
      if (statusOf(error) !== 409) throw reasonError(`Making network ${network.Name}`, 'start-failed', error);
      const there = (await this.own.byName()).get(network.Name);
      if (there !== undefined) return there[0].Id;
      const message = `There is a network ${network.Name} that Fairlead did not make; remove it or choose another cluster name.`;
      throw new ReasonError('start-failed', message, { cause: error });
    }
  }

  private async inspect(id: string): Promise<InspectedNetwork> {
    const answer = this.docker.getNetwork(id).inspect() as Promise<InspectedNetwork>;
    return request('Inspecting a network', 'start-failed', answer);
  }
}

function fixedAddressing(subnet: string): Docker.IPAM {
  return { Driver: 'default', Config: [{ Subnet: subnet, IPRange: dynamicRange(subnet), Gateway: gatewayOf(subnet) }] };
}
