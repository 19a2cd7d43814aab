import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeStack } from '../../lab/git-hosts.ts';
import { startRegistry, type Registry } from '../../lab/registry.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, yaml } from '../../support/yaml.ts';

/** What a host that is left to itself for years would fill up with. */

const stack = makeStack();
const TAGS = ['v1', 'v2', 'v3'];
let registry: Registry;
let scenario: Scenario;

beforeAll(async () => {
  registry = stack.use(await startRegistry());
  scenario = stack.use(await Scenario.create({ config: 'images: { keep: 0s }' }));
  for (const tag of TAGS) await registry.pushCopy(scenario.host, `lab/app:${tag}`, scenario.cluster, tag);
});
afterAll(async () => {
  await stack.disposeAsync();
  for (const tag of await images()) await scenario.docker.getImage(nameOf(tag)).remove();
});

const nameOf = (tag: string) => `${registry.host}/${scenario.cluster}:${tag}`;

async function commit(tag: string): Promise<void> {
  const manifest = app('web', { image: nameOf(tag), update: { monitor: '0s' } });
  const revision = await scenario.repository.push({ 'app.yaml': yaml(manifest) }, `Run ${tag}`);
  await scenario.reports('it is applied', ({ revision: { applied } }) => applied === revision);
}

async function images(): Promise<string[]> {
  const all = (await scenario.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  return TAGS.filter((tag) => all.includes(nameOf(tag)));
}

it('keeps the images of the release that runs and of the one before it', async () => {
  const running = scenario.run();
  await commit('v1');
  await commit('v2');
  expect(await images()).toEqual(['v1', 'v2']);
  await commit('v3');
  await until('the first one is gone', async () => (await images()).join() === 'v2,v3', { seen: () => running.log });
  const stopped = await scenario.docker.listContainers({
    all: true,
    filters: { label: [`io.fairlead.cluster=${scenario.cluster}`], status: ['exited', 'created'] },
  });
  expect(stopped).toEqual([]);
  await running.stop();
});

it('tells how full the disk is, and fetches nothing once it is too full', async () => {
  const { stdout } = await scenario.fairlead('status', '--format', 'json');
  const { nodes } = JSON.parse(stdout) as { nodes: { disk: { total: number; used: number; free: number } }[] };
  const { total, used, free } = nodes[0]?.disk ?? { total: 0, used: 0, free: 0 };
  expect(used).toBeGreaterThan(0);
  expect(Math.abs(total - used - free)).toBeLessThan(3);
  await using _running = scenario.run('--disk-warn-above', '0', '--disk-refuse-above', '0');
  await scenario.repository.push({ 'app.yaml': yaml(app('web', { image: nameOf('v1') })) }, 'Back to v1');
  const refused = await scenario.reports('it is refused', ({ services }) => services[0]?.problem !== undefined);
  expect(refused.services[0]?.problem).toMatchObject({ layer: 'host', reason: 'disk-full' });
  expect(refused.nodes[0]?.warnings).toMatchObject([{ code: 'disk-space' }]);
  expect(await images()).toEqual(['v2', 'v3']);
  expect(Object.keys(await scenario.containers())).toHaveLength(1);
});
