import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Pool, Route, RoutingTable } from '../../../src/core/routing.ts';
import { execIn } from '../../support/docker.ts';
import type { Scenario } from '../../support/scenario.ts';

/** All that a cluster consists of, without what is another one each time: ids, addresses, times. */
export interface ClusterState {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly routes: readonly string[];
  readonly checks: readonly string[];
  /** Of the balancer's volume. */
  readonly balancerFiles: readonly string[];
  /** Of the state directory. */
  readonly stateFiles: readonly string[];
}

const VOLUME = '/var/lib/fairlead/host';
/** Is there once there was a gap to measure. */
const MEASURED = 'records.json';

export async function stateOf(scenario: Scenario): Promise<ClusterState> {
  const { docker, cluster } = scenario;
  const filters = { label: [`io.fairlead.cluster=${cluster}`] };
  const [listed, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const containers = await Promise.all(listed.map(({ Id }) => docker.getContainer(Id).inspect()));
  const [files, record] = await readVolume(docker, `fairlead-${cluster}-balancer`);
  return {
    containers: containers.map(containerLine).sort(),
    networks: networks.map(({ Name, Internal }) => `${Name}${Internal ? ', internal' : ''}`).sort(),
    volumes: Volumes.map(({ Name }) => Name).sort(),
    routes: record.routes.map(routeLine).sort(),
    checks: record.checks.map(({ name, servers }) => `${name}: ${servers.map(({ id }) => withoutAddress(id)).join()}`),
    balancerFiles: files,
    stateFiles: await filesOf(join(scenario.directory, 'state')),
  };
}

function containerLine({ Name, Image, State, HostConfig, NetworkSettings }: Docker.ContainerInspectInfo): string {
  const { Name: policy = '', MaximumRetryCount: retries = 0 } = HostConfig.RestartPolicy ?? {};
  const networks = Object.entries(NetworkSettings.Networks).map(([name, { Aliases }]) => {
    const aliases = ((Aliases ?? []) as string[]).filter((each) => !/^[0-9a-f]{12}$/.test(each));
    return `${name} as ${aliases.sort().join(' ')}`;
  });
  return `${Name} ${Image} ${State.Status} ${policy} ${retries} on ${networks.sort().join(', ')}`;
}

/** The names of the balancer's files, and what it works by. */
async function readVolume(docker: Docker, balancer: string): Promise<[string[], RoutingTable]> {
  const printed = await execIn(docker, balancer, ['sh', '-c', `cd ${VOLUME} && cat table.json && echo && ls`]);
  const [record = '', ...names] = printed.split(/\r?\n/);
  const { table } = JSON.parse(record) as { table: RoutingTable };
  return [names.filter((name) => name !== ''), table];
}

function routeLine({ loadBalancer, hostnames, path, active, pools }: Route): string {
  const idle = active === 'a' ? 'b' : 'a';
  return `${loadBalancer} ${hostnames.join()}${path}: ${poolLine(pools[active])}; idle ${poolLine(pools[idle])}`;
}

function poolLine({ members }: Pool): string {
  return members.map(({ instance, state }) => `${instance} ${state}`).join();
}

/** Servers are called after release, slot and address. */
function withoutAddress(server: string): string {
  return server.replace(/(?:-\d+){4}$/, '');
}

/** What git keeps in its clone is git's. */
async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  return names.filter((name) => name !== MEASURED && !/^git\/[^/]+\//.test(name)).sort();
}
