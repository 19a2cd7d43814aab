import type Docker from 'dockerode';
import { ReasonError } from '../../core/reason.ts';
import { eachOf } from '../each-of.ts';
import { listAll } from '../list.ts';
import type { InspectedNetwork } from '../inspected.ts';
import { manifestName, namesNetwork, trafficNetwork, type ClusterNetwork, type NetworksByName } from './names.ts';
import { NetworkMaker } from './maker.ts';
import { isFinished, OwnNetworks, subnetOf } from './own.ts';

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
  private readonly own: OwnNetworks;
  private readonly maker: NetworkMaker;
  private making: Promise<void> = Promise.resolve();
  /** As last looked at; undefined where something has happened to them since. */
  private seen: readonly ClusterNetwork[] | undefined;
  private changes = 0;

  constructor(docker: Docker, cluster: string) {
    this.docker = docker;
    this.cluster = cluster;
    this.own = new OwnNetworks(docker, cluster);
    this.maker = new NetworkMaker(docker, cluster, this.own);
  }

  async list(): Promise<readonly ClusterNetwork[]> {
    return (await this.look()).networks;
  }

  async look(signal?: AbortSignal): Promise<NetworksLook> {
    const { changes } = this;
    const { own, bridge } = await this.own.look(signal);
    const networks = this.clusterNetworks(own);
    if (changes === this.changes) this.seen = networks;
    const whole = networks.filter(({ ready }) => ready).map(({ name }) => name);
    const names = new Set([...own.keys()].flatMap((each) => manifestName(this.cluster, each) ?? []));
    return {
      networks,
      whole,
      partial: [...names].filter((name) => !whole.includes(name)),
      ...(bridge && { engineStartedAt: Date.parse(bridge.Created) }),
    };
  }

  private clusterNetworks(own: NetworksByName): ClusterNetwork[] {
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

  /** What was seen of them does not count any more. */
  changed(): void {
    this.changes += 1;
    this.seen = undefined;
  }

  /** One call at a time, so that this process never makes a network twice. */
  async ensure(names: readonly string[]): Promise<void> {
    const made = this.making.catch(() => undefined).then(() => this.maker.makeMissing(names));
    this.making = made;
    await made.finally(() => this.changed());
  }

  async prune(keep: readonly string[]): Promise<void> {
    try {
      await this.removeOthers(keep);
    } finally {
      this.changed();
    }
  }

  private async removeOthers(keep: readonly string[]): Promise<void> {
    const own = await this.own.byName();
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
    await this.own.remove(network);
  }

  /** Docker's ids of the traffic networks. */
  async idsOf(names: readonly string[]): Promise<string[]> {
    const own = await this.own.byName();
    return names.map((name) => own.get(trafficNetwork(this.cluster, name))?.[0].Id ?? throwMissing(name));
  }

  /**
   * A service's traffic networks, its first one first. An engine opens a file of its own to list networks, and makes those
   * wait that start containers meanwhile: it is not asked for each of them.
   */
  async attached(names: readonly string[]): Promise<ClusterNetwork[]> {
    const ready = (this.seen ?? (await this.list())).filter((network) => network.ready);
    return names.map((name) => ready.find((network) => network.name === name) ?? throwMissing(name));
  }

  private async usedNames(): Promise<Set<string>> {
    const containers = await listAll(this.docker);
    return new Set(containers.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings?.Networks ?? {})));
  }
}

function throwMissing(name: string): never {
  throw new ReasonError('start-failed', `The cluster's network ${name} is missing; the next pass makes it again.`);
}
