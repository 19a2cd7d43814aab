import type Docker from 'dockerode';
import { ReasonError } from '../core/reason.ts';
import { reasonError, request, settle, statusOf } from './errors.ts';
import type { InspectedNetwork, ListedContainer } from './inspected.ts';
import { LABEL, ownLabels } from './labels.ts';
import { manifestName, namesNetwork, byName, trafficNetwork, type ClusterNetwork } from './network-names.ts';
import { dynamicRange, gatewayOf } from './subnet.ts';

/** Another network may take the subnet in the moment in which ours is made again. */
const ATTEMPTS = 3;

/** The engine's own default network. */
const BRIDGE = 'bridge';

type NetworkOptions = Pick<Docker.NetworkCreateOptions, 'Name' | 'Internal' | 'IPAM'>;

interface NetworksLook {
  readonly networks: readonly ClusterNetwork[];
  /** Names of those that are ready. */
  readonly whole: readonly string[];
  /** Names of those of which only a part is there. */
  readonly partial: readonly string[];
  /** Whenever the engine starts without containers it makes its bridge anew. */
  readonly engineStartedAt?: number;
}

/** The cluster's networks, by the names that manifests use. */
export class Networks {
  private readonly docker: Docker;
  private readonly cluster: string;
  private making: Promise<void> = Promise.resolve();

  constructor(docker: Docker, cluster: string) {
    this.docker = docker;
    this.cluster = cluster;
  }

  async list(): Promise<ClusterNetwork[]> {
    return this.clusterNetworks(await this.own());
  }

  async look(signal: AbortSignal): Promise<NetworksLook> {
    const listed = await this.all(signal);
    const own = this.ownOf(listed);
    const networks = this.clusterNetworks(own);
    const whole = networks.filter(({ ready }) => ready).map(({ name }) => name);
    const names = new Set([...own.keys()].flatMap((each) => manifestName(this.cluster, each) ?? []));
    const bridge = listed.find(({ Name }) => Name === BRIDGE);
    return {
      networks,
      whole,
      partial: [...names].filter((name) => !whole.includes(name)),
      ...(bridge && { engineStartedAt: Date.parse(bridge.Created) }),
    };
  }

  private clusterNetworks(own: ReturnType<typeof byName>): ClusterNetwork[] {
    return [...own.values()].flatMap((group) => {
      const [{ Id, Name }] = group;
      const name = manifestName(this.cluster, Name);
      if (name === undefined || Name !== trafficNetwork(this.cluster, name)) return [];
      const [companion, ...twins] = own.get(namesNetwork(this.cluster, name)) ?? [];
      const isWhole = companion !== undefined && isFinished(companion) && twins.length === 0;
      const ready = isFinished(group[0]) && group.length === 1 && isWhole;
      return [
        {
          name,
          id: Id,
          subnet: subnetOf(group[0]) ?? '',
          ready,
          ...(isWhole && { companion: { id: companion.Id, subnet: subnetOf(companion) ?? '' } }),
        },
      ];
    });
  }

  /** One call at a time, so that this process never makes a network twice. */
  async ensure(names: readonly string[]): Promise<void> {
    const made = this.making.catch(() => undefined).then(() => this.makeMissing(names));
    this.making = made;
    await made;
  }

  async prune(keep: readonly string[]): Promise<void> {
    const own = await this.own();
    const kept = new Set(
      keep.flatMap((name) => [trafficNetwork(this.cluster, name), namesNetwork(this.cluster, name)]),
    );
    const spare = [...own.values()].flat().filter((network) => !kept.has(network.Name));
    if (spare.length === 0) return;
    const used = await this.usedNames();
    await eachOf(spare, (network) => this.removeSpare(network, used));
  }

  /** Containers of others may be on it; its companion is left with it. */
  private async removeSpare(network: InspectedNetwork, used: ReadonlySet<string>): Promise<void> {
    const { Name } = network;
    if (used.has(Name) || used.has(Name.replace(/-names$/, '')))
      throw new ReasonError(
        'start-failed',
        `Removing network ${Name}: there are containers on it that are not Fairlead's.`,
      );
    await this.remove(network);
  }

  /** Docker's ids of the traffic networks. */
  async idsOf(names: readonly string[]): Promise<string[]> {
    const own = await this.own();
    return names.map((name) => own.get(trafficNetwork(this.cluster, name))?.[0].Id ?? throwMissing(name));
  }

  /** A service's traffic networks, its first one first. */
  async attached(names: readonly string[]): Promise<ClusterNetwork[]> {
    const ready = (await this.list()).filter((network) => network.ready);
    return names.map((name) => ready.find((network) => network.name === name) ?? throwMissing(name));
  }

  private async makeMissing(names: readonly string[]): Promise<void> {
    const own = await this.own();
    await eachOf(names, (name) => this.makeWhole(name, own));
  }

  private async makeWhole(name: string, own: ReturnType<typeof byName>): Promise<void> {
    const [traffic, ...twins] = own.get(trafficNetwork(this.cluster, name)) ?? [];
    const [companion, ...twinCompanions] = own.get(namesNetwork(this.cluster, name)) ?? [];
    // Containers start on no network whose name is not unique.
    for (const twin of [...twins, ...twinCompanions]) await this.remove(twin);
    await this.makeInFull({ Name: trafficNetwork(this.cluster, name) }, traffic);
    await this.makeInFull({ Name: namesNetwork(this.cluster, name), Internal: true }, companion);
  }

  /**
   * Docker chooses the subnet of a first network; a second one with the same subnet keeps dynamic addresses out of the
   * half that fixed ones come from. A network that stopped half-way is made again in the same manner.
   */
  private async makeInFull(options: NetworkOptions, halfMade: InspectedNetwork | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const first = halfMade ?? (await this.inspect(await this.create(options)));
      if (isFinished(first)) return;
      try {
        await this.finish(options, first);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        halfMade = undefined;
      }
    }
  }

  private async finish(options: NetworkOptions, network: InspectedNetwork): Promise<void> {
    const subnet = subnetOf(network);
    if (subnet === undefined)
      throw new ReasonError('start-failed', `Network ${network.Name} got no IPv4 subnet from the engine.`);
    await this.remove(network);
    await this.create({ ...options, IPAM: fixedAddressing(subnet) });
  }

  private async create(options: NetworkOptions): Promise<string> {
    const Labels = ownLabels(this.cluster, 'network');
    try {
      const network = await this.docker.createNetwork({ Driver: 'bridge', CheckDuplicate: true, ...options, Labels });
      return network.id;
    } catch (error) {
      if (statusOf(error) !== 409) throw reasonError(`Making network ${options.Name}`, 'start-failed', error);
      const there = (await this.own()).get(options.Name);
      if (there !== undefined) return there[0].Id;
      const message = `There is a network ${options.Name} that Fairlead did not make; remove it or choose another cluster name.`;
      throw new ReasonError('start-failed', message, { cause: error });
    }
  }

  private async inspect(id: string): Promise<InspectedNetwork> {
    return request(
      'Inspecting a network',
      'start-failed',
      this.docker.getNetwork(id).inspect() as Promise<InspectedNetwork>,
    );
  }

  private async own(): Promise<ReturnType<typeof byName>> {
    return this.ownOf(await this.all());
  }

  private ownOf(listed: readonly InspectedNetwork[]): ReturnType<typeof byName> {
    const isOwn = ({ Labels }: InspectedNetwork) =>
      Labels?.[LABEL.cluster] === this.cluster && Labels[LABEL.role] === 'network';
    return byName(listed.filter(isOwn));
  }

  /** All with such a name, whoever made them. */
  private async all(signal?: AbortSignal): Promise<InspectedNetwork[]> {
    const filters = { name: [BRIDGE, trafficNetwork(this.cluster, 'default')] };
    const options = { filters, ...(signal === undefined ? {} : { abortSignal: signal }) };
    const listed = await request('Listing networks', 'start-failed', this.docker.listNetworks(options));
    return listed as InspectedNetwork[];
  }

  private async remove(network: InspectedNetwork): Promise<void> {
    await settle(`Removing network ${network.Name}`, [404], this.docker.getNetwork(network.Id).remove());
  }

  private async usedNames(): Promise<Set<string>> {
    const answer = this.docker.listContainers({ all: true });
    const containers = (await request('Listing containers', 'start-failed', answer)) as unknown as ListedContainer[];
    return new Set(containers.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings?.Networks ?? {})));
  }
}

/** One after the other, whatever becomes of those before; errors: the first one, at the end. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function fixedAddressing(subnet: string): Docker.IPAM {
  return { Driver: 'default', Config: [{ Subnet: subnet, IPRange: dynamicRange(subnet), Gateway: gatewayOf(subnet) }] };
}

/** A network that was made in full keeps dynamic addresses in their own range. */
function isFinished(network: InspectedNetwork): boolean {
  return (network.IPAM?.Config ?? []).some((config) => config.IPRange !== undefined && config.IPRange !== '');
}

function subnetOf(network: InspectedNetwork): string | undefined {
  return (network.IPAM?.Config ?? []).map((config) => config.Subnet).find((subnet) => subnet?.includes('.'));
}

function throwMissing(name: string): never {
  throw new ReasonError('start-failed', `The cluster's network ${name} is missing; the next pass makes it again.`);
}
