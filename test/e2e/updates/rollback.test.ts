import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, livesOf, loadBalancer, service, type Container } from './app.ts';

/** Releases that fail, each in its own way and all in one commit: the old ones serve on, and nobody is held up. */

const UPDATE = 'update: { monitor: 500ms, timeout: 5s }';
const NAMES = ['exits', 'unhealthy', 'absent', 'mistyped'];

let scenario: Scenario;
let running: RunningFairlead;
let before: Container[];

async function containers(): Promise<Container[]> {
  return (await Promise.all(NAMES.map((name) => containersOf(scenario, name)))).flat();
}

beforeAll(async () => {
  scenario = await Scenario.create();
  running = scenario.run();
  const all = [...NAMES, 'good'].map((name) => service(name, 'v1', UPDATE) + loadBalancer(name));
  await scenario.repository.push({ 'all.yaml': all.join('') }, 'All well');
  for (const name of [...NAMES, 'good']) await scenario.answers(`${name}.example.com`, { body: 'v1' });
  before = await containers();
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

it('leaves the old release serving, says why, and lets others pass', async () => {
  const broken = [
    service('exits', 'exits', UPDATE),
    service('unhealthy', 'unhealthy', UPDATE),
    service('absent', 'absent', `pullPolicy: never\n${UPDATE}`),
    service('mistyped', 'v1', `command: [/no/such/program]\n${UPDATE}`),
    service('good', 'v2', UPDATE),
  ];
  const routes = [...NAMES, 'good'].map((name) => loadBalancer(name));
  await scenario.repository.push({ 'all.yaml': [...broken, ...routes].join('') }, 'Break four of five');
  const status = await scenario.reports('all are judged', ({ services }) =>
    services.every(({ name, state, problem }) => (name === 'good' ? state === 'steady' : problem !== undefined)),
  );
  const problem = (name: string) => status.services.find((each) => each.name === name)?.problem;
  for (const name of ['exits', 'unhealthy', 'mistyped']) expect(problem(name)?.reason).toBe('rolled-back');
  expect(problem('exits')?.logTail).toContain('fatal: the configuration is missing');
  expect(problem('unhealthy')?.message).toContain('L7STS/500');
  expect(problem('mistyped')?.message).toContain('/no/such/program');
  expect(problem('absent')).toMatchObject({ layer: 'image', reason: 'image-not-found' });
  expect(status.ready).toBe(false);
  const up = (await containers()).filter((each) => each.state === 'running');
  expect(livesOf(up)).toEqual(livesOf(before));
  for (const name of NAMES) expect((await scenario.get(`${name}.example.com`)).body.trim()).toBe('v1');
  expect((await scenario.get('good.example.com')).body.trim()).toBe('v2');
});

it('does not try again after a restart of the reconciler', async () => {
  const kept = await containers();
  expect(await running.stop()).toBe(0);
  scenario.run();
  await scenario.repository.push(
    { 'all.yaml': (await scenario.repository.file('main', 'all.yaml')) ?? '', README: '' },
    'Same',
  );
  const revision = (await scenario.repository.origin.checkout('rev-parse', 'HEAD')).trim();
  const status = await scenario.reports('the new process works', (each) => each.revision.lastGood === revision);
  expect(status.services.find((each) => each.name === 'exits')?.state).toBe('rolled-back');
  expect(livesOf(await containers())).toEqual(livesOf(kept));
});

it('tries again when it is told to', async () => {
  const marks = async () => (await containersOf(scenario, 'exits')).filter((each) => each.state === 'exited');
  const [mark] = await marks();
  expect(await scenario.fairlead('retry', 'exits')).toMatchObject({ code: 0 });
  const ask = async () => (await marks()).find((each) => each.id !== mark?.id);
  expect((await until('another try, and its end', ask)).tag).toBe('exits');
  expect((await scenario.get('exits.example.com')).body.trim()).toBe('v1');
});
