import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { sleeper, yaml } from '../../support/yaml.ts';
import { applied, planOf, type PlanDocument } from './plans.ts';

/** Containers with all the labels and the name that they should have, made by somebody else of something else. */

const MB = 1024 ** 2;

type Options = Docker.ContainerCreateOptions & { readonly HostConfig: Docker.HostConfig };

interface Forgery {
  readonly what: string;
  readonly forge: (options: Options) => Options;
  /** The plan's words for it. */
  readonly because: string;
}

const FORGERIES: readonly Forgery[] = [
  {
    what: 'a variable',
    forge: (made) => ({ ...made, Env: replaced(made.Env, 'A=1', 'A=2') }),
    because: 'environment.A is "2", not "1"',
  },
  {
    what: 'one variable more',
    forge: (made) => ({ ...made, Env: [...(made.Env ?? []), 'B=3'] }),
    because: 'environment.B is "3" and should not be set',
  },
  {
    what: 'the command',
    forge: (made) => ({ ...made, Cmd: ['sleep', '999'] }),
    because: 'command is ["sleep","999"], not ["sleep","1000000"]',
  },
  { what: 'the user', forge: (made) => ({ ...made, User: '99' }), because: 'user is 99 and should not be set' },
  {
    what: 'a label',
    forge: (made) => ({ ...made, Labels: { ...made.Labels, team: 'other' } }),
    because: 'labels.team is "other", not "shop"',
  },
  {
    what: 'a capability',
    forge: onHost({ CapAdd: ['NET_ADMIN'] }),
    because: 'capAdd is ["CAP_NET_ADMIN"] and should not be set',
  },
  {
    what: 'the root file system',
    forge: onHost({ ReadonlyRootfs: true }),
    because: 'readOnly is true and should not be set',
  },
  {
    what: 'a mount',
    forge: onHost({ Binds: ['/etc:/host'] }),
    because: 'mounts./host is bind /etc and should not be set',
  },
  {
    what: 'a published port',
    forge: onHost({ PortBindings: { '80/tcp': [{ HostPort: '' }] } }),
    because: 'ports.80/tcp is any port, not inside only',
  },
  {
    what: 'a limit',
    forge: onHost({ Memory: 64 * MB, MemorySwap: 64 * MB }),
    because: 'limits.memory should not be set',
  },
  { what: 'a reservation', forge: onHost({ CpuShares: 512 }), because: 'cpu should not be set' },
];

const MANIFESTS = yaml(
  ...FORGERIES.map((_, index) =>
    sleeper(nameOf(index), { update: { monitor: 0 }, ports: [80], environment: { A: 1 }, labels: { team: 'shop' } }),
  ),
);

let scenario: Scenario;
let forged: PlanDocument;
let healed: PlanDocument;

beforeAll(async () => {
  scenario = await Scenario.create();
  await applied(scenario, await scenario.manifests(MANIFESTS));
  for (const [index, { forge }] of FORGERIES.entries()) await replace(nameOf(index), forge);
  forged = await planOf(scenario, 'manifests');
  await applied(scenario, 'manifests');
  healed = await planOf(scenario, 'manifests');
});
afterAll(() => scenario[Symbol.asyncDispose]());

describe.each(FORGERIES.map((each, index) => ({ ...each, name: nameOf(index) })))('$what', ({ name, because }) => {
  it('is seen, called by its name, and put right', () => {
    const [change, ...more] = forged.changes.filter((each) => each.name === name);
    expect(more).toEqual([]);
    expect(change).toMatchObject({ action: 'replace', drift: true, fields: [] });
    expect(change?.because).toMatch(new RegExp(`^${scenario.cluster}-${name}-[0-9a-f]{7}-1: `));
    expect(change?.because.split(': ').slice(1).join(': ')).toBe(because);
    expect(healed.changes.filter((each) => each.name === name)).toEqual([]);
  });
});

function nameOf(index: number): string {
  return `forged-${index + 1}`;
}

function replaced(list: readonly string[] | undefined, from: string, to: string): string[] {
  return (list ?? []).map((item) => (item === from ? to : item));
}

function onHost(change: Docker.HostConfig): Forgery['forge'] {
  return (made) => ({ ...made, HostConfig: { ...made.HostConfig, ...change } });
}

/** Puts another container in the place of a service's, as like it as can be but for the forgery. */
async function replace(service: string, forge: Forgery['forge']): Promise<void> {
  const { docker, cluster } = scenario;
  const filters = { label: [`io.fairlead.cluster=${cluster}`, `io.fairlead.service=${service}`] };
  const [listed] = await docker.listContainers({ all: true, filters });
  const original = docker.getContainer(listed?.Id ?? '');
  const { Name, Config, HostConfig, NetworkSettings } = await original.inspect();
  await original.remove({ force: true });
  const networks = Object.entries(NetworkSettings.Networks as Readonly<Record<string, Docker.EndpointSettings>>);
  const [[network, endpoint] = ['', {}], ...others] = networks.map(
    ([name, { IPAMConfig, Aliases }]) => [name, { IPAMConfig, Aliases }] as const,
  );
  const { Hostname: _, ...config } = Config;
  const options = { name: Name.slice(1), ...config, HostConfig: { ...HostConfig, NetworkMode: network } };
  const NetworkingConfig = { EndpointsConfig: { [network]: endpoint } };
  const container = await docker.createContainer({ ...forge(options), NetworkingConfig });
  for (const [name, EndpointConfig] of others)
    await docker.getNetwork(name).connect({ Container: container.id, EndpointConfig });
  await container.start();
}
