import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { read } from '../../../script/run.mjs';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, idsOf, loadBalancer, service, settled } from '../updates/app.ts';

/** The engine itself goes away and comes back: with it everything, where it was. */

let engine: Awaited<ReturnType<typeof startPrivateEngine>>;
let scenario: Scenario;

beforeAll(async () => {
  engine = await startPrivateEngine();
  await ensureImages(engine.host, ['lab/app:v1', 'lab/app:v2', 'lab/haproxy:3.0']);
  scenario = await Scenario.create({ host: engine.host });
  scenario.run();
  await push('v1');
  await serves('v1');
});
afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
  await engine.stop();
});

it('brings everything back with the same addresses, and nothing more', async () => {
  const before = await containersOf(scenario, 'web');
  const things = await everything();
  await engine.restart();
  const after = await settled(scenario, 'web', { tag: 'v1', count: 3 });
  expect(idsOf(after)).toEqual(idsOf(before));
  expect(after.map((each) => each.address)).toEqual(before.map((each) => each.address));
  await scenario.answers('web.example.com', { body: 'v1' });
  const status = await scenario.reports('the engine is back', ({ ready, events }) => {
    return ready && events.some((each) => each.type === 'recovered');
  });
  expect(status.services[0]).toMatchObject({ state: 'steady', running: 3 });
  await until('an answer of each', async () => (await answering()).size === 3);
  expect(await everything()).toEqual(things);
});

async function answering(): Promise<Set<unknown>> {
  const answers = await Promise.all(Array.from({ length: 12 }, () => scenario.get('web.example.com')));
  return new Set(answers.map((each) => each.headers['x-instance']));
}

it('comes to what is wanted now where its data is put back from an older copy', { timeout: 180_000 }, async () => {
  const [data, older] = [join(engine.dir, 'data'), join(engine.dir, 'older')];
  await engine.kill('SIGTERM');
  await copy(data, older);
  await engine.restart();
  await push('v2');
  await serves('v2');
  const things = await everything();
  await engine.kill('SIGTERM');
  await rm(data, { recursive: true });
  await copy(older, data);
  await engine.restart();
  await serves('v2');
  await scenario.reports('all is well', ({ ready, problems }) => ready && problems.length === 0);
  const shapeOf = ({ containers, ...others }: Awaited<ReturnType<typeof everything>>) => ({
    containers: containers.map((each) => each.replace(/^\w+/, '')).sort(),
    ...others,
  });
  expect(shapeOf(await everything())).toEqual(shapeOf(things));
});

async function push(tag: string): Promise<void> {
  await scenario.repository.push({ 'web.yaml': service('web', tag, 'instances: 3') + loadBalancer('web') }, tag);
}

async function serves(tag: string): Promise<void> {
  await scenario.answers('web.example.com', { body: tag });
  await settled(scenario, 'web', { tag, count: 3 });
}

/** With owners, links and devices as they are. */
async function copy(from: string, to: string): Promise<void> {
  await read('cp', ['-a', '--', from, to]);
}

/** All that is on the engine, which is the scenario's alone. */
async function everything(): Promise<{ containers: string[]; networks: string[]; volumes: string[] }> {
  const [containers, networks, volumes] = await Promise.all([
    scenario.docker.listContainers({ all: true }),
    scenario.docker.listNetworks(),
    scenario.docker.listVolumes(),
  ]);
  return {
    containers: containers.map((each) => `${each.Id} ${each.Names.join()} ${each.State}`).sort(),
    networks: networks.map((each) => each.Name).sort(),
    volumes: volumes.Volumes.map((each) => each.Name).sort(),
  };
}
