import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { containersOf, idsOf, livesOf, loadBalancer, service, settled } from './app.ts';
import { watchReady } from './watch.ts';

/** Rolling updates, scaling, and changes that restart nothing. */

let scenario: Scenario;

async function push(tag: string, settings: string, route = loadBalancer('web')): Promise<void> {
  await scenario.repository.push({ 'web.yaml': service('web', tag, settings) + route }, `web ${tag}`);
}

beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
  await push('v1', 'instances: 3\nupdate: { strategy: rolling, parallelism: 1, monitor: 500ms, timeout: 20s }');
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 3 });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

it('replaces one instance after the other, and never has fewer than wanted', async () => {
  const before = await containersOf(scenario, 'web');
  await using ready = watchReady(scenario, 'web');
  await push('v2', 'instances: 3\nupdate: { strategy: rolling, parallelism: 1, monitor: 500ms, timeout: 20s }');
  const after = await settled(scenario, 'web', { tag: 'v2', count: 3 });
  expect(await ready.stop()).toEqual({ fewestReady: 3, mostRunning: 4 });
  expect(idsOf(after).filter((id) => idsOf(before).includes(id))).toEqual([]);
  const image = await scenario.docker.getImage('lab/app:v2').inspect();
  expect(new Set(after.map((each) => each.imageId))).toEqual(new Set([image.Id]));
  await scenario.answers('web.example.com', { body: 'v2' });
});

it('makes room first where order is stop-first, for as many at once as parallelism says', async () => {
  await using ready = watchReady(scenario, 'web');
  await push('v1', 'instances: 3\nupdate: { order: stop-first, parallelism: 2, monitor: 500ms, timeout: 20s }');
  await settled(scenario, 'web', { tag: 'v1', count: 3 });
  expect(await ready.stop()).toEqual({ fewestReady: 1, mostRunning: 3 });
});

it('leaves the others alone when the number of instances changes', async () => {
  const three = await settled(scenario, 'web', { tag: 'v1', count: 3 });
  await push('v1', 'instances: 5');
  const five = await settled(scenario, 'web', { tag: 'v1', count: 5 });
  expect(livesOf(five)).toEqual(expect.arrayContaining(livesOf(three)));
  await push('v1', 'instances: 2');
  const two = await settled(scenario, 'web', { tag: 'v1', count: 2 });
  expect(livesOf(five)).toEqual(expect.arrayContaining(livesOf(two)));
});

it('restarts nothing for limits, policy, description and routes', async () => {
  const resources = (limit: string) => `instances: 2\nlimits: { memory: ${limit}, cpu: 0.5 }\n`;
  const limited = async (size: number) =>
    (await containersOf(scenario, 'web')).every((each) => each.memoryLimit === size * 1024 * 1024);
  await push('v1', `${resources('256M')}update: { monitor: 500ms }`);
  await expect.poll(() => limited(256), { timeout: 20_000 }).toBe(true);
  const before = await settled(scenario, 'web', { tag: 'v1', count: 2 });
  const changed = 'description: The same, described\nupdate: { strategy: green-blue, monitor: 1s }';
  const route = loadBalancer('web') + loadBalancer('api', 'web', 'path: /api\nstripPath: true');
  await push('v1', `${resources('320M')}${changed}`, route);
  await scenario.answers('api.example.com', { body: 'v1' }, '/api/');
  await expect.poll(() => limited(320), { timeout: 20_000 }).toBe(true);
  expect(livesOf(await containersOf(scenario, 'web'))).toEqual(livesOf(before));
});
