import type { InspectedNetwork } from '../inspected.ts';

/** One of Docker's networks. */
export interface AddressedNetwork {
  readonly id: string;
  readonly subnet: string;
}

/** A traffic network of the cluster, by the name that manifests use. */
export interface ClusterNetwork extends AddressedNetwork {
  readonly name: string;
  /** Over which names are found; missing until it is made in full. */
  readonly companion?: AddressedNetwork;
  /** Made in full, with its companion, and the only one of its name: fit for new containers. */
  readonly ready: boolean;
}

const SUFFIX = '-names';

/** Docker's name of the network over which containers reach each other. */
export function trafficNetwork(cluster: string, name: string): string {
  return name === 'default' ? `fairlead-${cluster}` : `fairlead-${cluster}-${name}`;
}

/** Docker's name of its internal companion: all containers are on it, and those that are ready have an alias there. */
export function namesNetwork(cluster: string, name: string): string {
  return `${trafficNetwork(cluster, name)}${SUFFIX}`;
}

/** The name that manifests use, of a traffic network or its companion; undefined for others. */
export function manifestName(cluster: string, dockerName: string): string | undefined {
  const own = trafficNetwork(cluster, 'default');
  const name = dockerName.endsWith(SUFFIX) ? dockerName.slice(0, -SUFFIX.length) : dockerName;
  if (name === own) return 'default';
  return name.startsWith(`${own}-`) ? name.slice(own.length + 1) : undefined;
}

export type NetworksByName = ReadonlyMap<string, readonly [InspectedNetwork, ...InspectedNetwork[]]>;

/** The networks by name, oldest first: of several with one name the oldest counts, and the others are to go. */
export function byName(networks: readonly InspectedNetwork[]): NetworksByName {
  const groups = new Map<string, [InspectedNetwork, ...InspectedNetwork[]]>();
  for (const network of [...networks].sort(byAge)) {
    const group = groups.get(network.Name);
    if (group === undefined) groups.set(network.Name, [network]);
    else group.push(network);
  }
  return groups;
}

function byAge(a: InspectedNetwork, b: InspectedNetwork): number {
  return `${a.Created} ${a.Id}` < `${b.Created} ${b.Id}` ? -1 : 1;
}
