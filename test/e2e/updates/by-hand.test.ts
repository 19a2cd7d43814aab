import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { containersOf, livesOf, loadBalancer, service, settled } from './app.ts';
import { watchBodies } from './watch.ts';

/** Halti's way: two services, and a load balancer that a commit leads from the one to the other. */

let scenario: Scenario;

async function lead(target: string): Promise<string> {
  const services = service('blue', 'v1', 'instances: 2') + service('green', 'v2', 'instances: 2');
  const broken = service('red', 'unhealthy', 'update: { timeout: 5s }');
  const routes = loadBalancer('production', target) + loadBalancer('look', 'green');
  return await scenario.repository.push({ 'all.yaml': services + broken + routes }, `production leads to ${target}`);
}

async function lives(): Promise<string[]> {
  return livesOf([...(await containersOf(scenario, 'blue')), ...(await containersOf(scenario, 'green'))]);
}

beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
  await lead('blue');
  await scenario.answers('production.example.com', { body: 'v1' });
  await scenario.answers('look.example.com', { body: 'v2' });
  await settled(scenario, 'blue', { tag: 'v1', count: 2 });
  await settled(scenario, 'green', { tag: 'v2', count: 2 });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

it('is switched by one commit, and back by another', async () => {
  const before = await lives();
  await using bodies = watchBodies(scenario, 'production.example.com');
  await lead('green');
  await scenario.answers('production.example.com', { body: 'v2' });
  await scenario.repository.revert();
  await scenario.answers('production.example.com', { body: 'v1' });
  expect(await bodies.stop()).toEqual(['v1', 'v2', 'v1']);
  expect(await lives()).toEqual(before);
});

it('refuses to lead to what is not ready, and goes on as before', async () => {
  await using bodies = watchBodies(scenario, 'production.example.com');
  const revision = await lead('red');
  const status = await scenario.reports('the switch is refused', ({ revision: { tried }, loadBalancers }) => {
    return tried === revision && loadBalancers.some((each) => each.state === 'target-not-ready');
  });
  const production = status.loadBalancers.find((each) => each.name === 'production');
  expect(production?.problem).toMatchObject({ layer: 'lb', reason: 'target-not-ready' });
  expect(production?.members.filter((each) => each.weight > 0).map((each) => each.service)).toEqual(['blue', 'blue']);
  expect(status.ready).toBe(false);
  expect(await bodies.stop()).toEqual(['v1']);
});
