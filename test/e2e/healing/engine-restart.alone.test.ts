import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, idsOf, loadBalancer, service, settled } from '../updates/app.ts';

/** The engine itself goes away and comes back: with it everything, where it was. */

let engine: Awaited<ReturnType<typeof startPrivateEngine>>;
let scenario: Scenario;

beforeAll(async () => {
  engine = await startPrivateEngine();
  await ensureImages(engine.host, ['lab/app:v1', 'lab/haproxy:3.0']);
  scenario = await Scenario.create({ host: engine.host });
  scenario.run();
  const manifests = service('web', 'v1', 'instances: 3') + loadBalancer('web');
  await scenario.repository.push({ 'web.yaml': manifests }, 'web');
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 3 });
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

/** All that is on the engine, which is the scenario's alone. */
async function everything(): Promise<object> {
  const [containers, networks, volumes] = await Promise.all([
    scenario.docker.listContainers({ all: true }),
    scenario.docker.listNetworks(),
    scenario.docker.listVolumes(),
  ]);
  return {
    containers: containers.map((each) => `${each.Id} ${each.State}`).sort(),
    networks: networks.map((each) => each.Name).sort(),
    volumes: volumes.Volumes.map((each) => each.Name).sort(),
  };
}
