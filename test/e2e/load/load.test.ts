import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startLoad, type Load, type LoadReport, USUAL_LOAD } from '../../lab/load.ts';
import { Scenario } from '../../support/scenario.ts';
import { containersOf, loadBalancer, service, settled } from '../updates/app.ts';
import { takesOver } from './taking-over.ts';

/** Nobody who asks the balancer notices what happens behind it; the client retries nothing. */

/** A TCP connect: on a machine that is short of processors an answer in a second is too much to ask. */
const NO_HEALTH_CHECK = '';
const HEALTHY = 'monitor: 500ms, timeout: 30s';
const GREEN_BLUE = `instances: 2\nupdate: { strategy: green-blue, ${HEALTHY}, keepOld: 1s }`;
const rolling = (count: number) => `instances: ${count}\nupdate: { strategy: rolling, parallelism: 1, ${HEALTHY} }`;

let scenario: Scenario;
let load: Load;

async function push(tag: string, settings: string, more = ''): Promise<void> {
  const web = service('web', tag, settings, NO_HEALTH_CHECK) + loadBalancer('web');
  await scenario.repository.push({ 'web.yaml': web + more }, `web ${tag}`);
}

function expectNoFailure(report: LoadReport): void {
  console.log(figures(report));
  expect(report.failures).toEqual([]);
  expect(report.requests / report.seconds).toBeGreaterThanOrEqual(500);
  expect(report.connections / report.seconds).toBeGreaterThanOrEqual(50);
}

function figures({ seconds, requests, connections, failureCount, p50, p99, bodies }: LoadReport): string {
  const answered = Object.entries(bodies).map(([body, count]) => `${body} ${count}`);
  return `${requests} requests and ${connections} connections in ${seconds} s: ${failureCount} failed; p50 ${p50} ms, p99 ${p99} ms; ${answered.join(', ')}`;
}

beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
  await push('v1', GREEN_BLUE);
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

beforeEach(() => {
  load = startLoad({
    ...USUAL_LOAD,
    port: scenario.httpPort,
    hostHeader: 'web.example.com',
    ratePerSecond: 520,
    newConnectionsPerSecond: 55,
    idleConnections: 50,
    slow: { path: '/slow?ms=1500', everyMs: 250 },
  });
});
afterEach(async () => await load[Symbol.asyncDispose]());

it('drops nothing through green-blue swaps', async () => {
  for (const tag of ['v2', 'v1', 'v2']) {
    await push(tag, GREEN_BLUE);
    await scenario.answers('web.example.com', { body: tag });
    await settled(scenario, 'web', { tag, count: 2 });
  }
  const report = await load.stop();
  expectNoFailure(report);
  expect(Object.keys(report.bodies).sort()).toEqual(['v1', 'v2']);
});

it('drops nothing through rolling updates, changes of scale, and reloads', async () => {
  await push('v1', rolling(2));
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
  await push('v2', rolling(5));
  await settled(scenario, 'web', { tag: 'v2', count: 5 });
  await push('v2', rolling(2), loadBalancer('second', 'web'));
  await scenario.answers('second.example.com', { body: 'v2' });
  await settled(scenario, 'web', { tag: 'v2', count: 2 });
  await push('v2', rolling(2));
  await scenario.answers('second.example.com', { status: 404 });
  const report = await load.stop();
  expectNoFailure(report);
  expect(Object.keys(report.bodies).sort()).toEqual(['v1', 'v2']);
});

it('counts failures where containers are removed by force, so that it would have seen those of a swap', async () => {
  await takesOver(load, 500);
  for (const { id } of await containersOf(scenario, 'web'))
    await scenario.docker.getContainer(id).remove({ force: true });
  await settled(scenario, 'web', { tag: 'v2', count: 2 });
  await scenario.answers('web.example.com', { body: 'v2' });
  const report = await load.stop();
  console.log(figures(report));
  expect(report.failureCount).toBeGreaterThan(0);
});
