import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, idsOf, loadBalancer, service, settled, type Container } from './app.ts';
import { watchBodies } from './watch.ts';

/** Rollouts that something comes in between: a newer commit, or the end of the reconciler. */

const UPDATE = 'instances: 2\nstopGracePeriod: 4s\nupdate: { monitor: 500ms, timeout: 60s }';

let scenario: Scenario;
let running: RunningFairlead;

async function push(tag: string, health = '/health'): Promise<void> {
  const web = service('web', tag, UPDATE).replace('/health', health);
  await scenario.repository.push({ 'web.yaml': web + loadBalancer('web') }, `web ${tag}`);
}

async function firstOf(tag: string, isMeant = (_: Container) => true): Promise<string> {
  const ask = async () => (await containersOf(scenario, 'web')).find((each) => each.tag === tag && isMeant(each));
  return (await until(`a container of ${tag}`, ask)).id;
}

async function endedBy(signal: NodeJS.Signals): Promise<number | null> {
  const since = Date.now();
  const code = await running.stop(signal);
  expect(Date.now() - since).toBeLessThan(10_000);
  return code;
}

beforeAll(async () => {
  scenario = await Scenario.create();
  running = scenario.run();
  await push('v1');
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
  await scenario.answers('web.example.com', { body: 'v1' });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

it('leaves a rollout that waits for its candidate, and does not wait for the end of that one', async () => {
  await push('stubborn', '/missing');
  await firstOf('stubborn', (each) => each.state === 'running');
  const pushed = Date.now();
  await push('v2');
  await firstOf('v2');
  // A second until the remote is looked at, and two to act; the candidate takes four to stop.
  expect(Date.now() - pushed).toBeLessThan(3_000);
  await settled(scenario, 'web', { tag: 'v2', count: 2 });
});

it.for([
  { signal: 'SIGTERM', from: 'v2', to: 'v3', code: 0 },
  { signal: 'SIGKILL', from: 'v3', to: 'stubborn', code: null },
] as const)('goes on from where $signal ended it', async ({ signal, from, to, code }) => {
  await using bodies = watchBodies(scenario, 'web.example.com');
  await push(to);
  const first = await firstOf(to);
  expect(await endedBy(signal)).toBe(code);
  await scenario.answers('web.example.com', {});
  running = scenario.run();
  expect(idsOf(await settled(scenario, 'web', { tag: to, count: 2 }))).toContain(first);
  await scenario.answers('web.example.com', { body: to });
  expect(new Set(await bodies.stop())).toEqual(new Set([from, to]));
});

it('ends while a container takes its time to stop', async () => {
  await push('v1');
  await firstOf('v1', (each) => each.restartPolicy === 'unless-stopped');
  expect(await endedBy('SIGTERM')).toBe(0);
  running = scenario.run();
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
  await scenario.answers('web.example.com', { body: 'v1' });
});
