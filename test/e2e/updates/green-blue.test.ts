import { afterAll, beforeAll, expect, it } from 'vitest';
import { execIn } from '../../support/docker.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, livesOf, loadBalancer, service, settled, type Container } from './app.ts';
import { watchBodies } from './watch.ts';

/** A whole second set, seen before it serves; one switch; and a way back while the old set is kept. */

const KEEP_OLD = 8_000;
const SETTINGS = `instances: 2
update: { strategy: green-blue, monitor: 500ms, timeout: 30s, keepOld: ${KEEP_OLD}ms, preview: preview.example.com }
`;
/** The second instance starts when it is told to. */
const GATE = `command: [sh, -c, 'until [ "$FAIRLEAD_INSTANCE" = 1 ] || [ -f /tmp/open ]; do sleep 0.1; done; exec node /app.mjs']`;

let scenario: Scenario;
let v1: Container[];
let v2: Container[];
let switchedBack: number;

async function push(tag: string, settings: string): Promise<void> {
  await scenario.repository.push({ 'web.yaml': service('web', tag, settings) + loadBalancer('web') }, `web ${tag}`);
}

async function running(tag: string): Promise<Container[]> {
  return (await containersOf(scenario, 'web')).filter((each) => each.tag === tag && each.state === 'running');
}

beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
  await push('v1', SETTINGS);
  await scenario.answers('web.example.com', { body: 'v1' });
  v1 = await settled(scenario, 'web', { tag: 'v1', count: 2 });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

it('shows the new set on the preview hostname while the old one serves', async () => {
  await push('v2', SETTINGS + GATE);
  await scenario.answers('preview.example.com', { body: 'v2' });
  v2 = await until('a second set', async () => (await running('v2')).length === 2 && running('v2'));
  expect((await scenario.get('web.example.com')).body.trim()).toBe('v1');
  expect(livesOf(await running('v1'))).toEqual(livesOf(v1));
});

it('switches at once when the whole set is ready, and keeps the old one', async () => {
  await using bodies = watchBodies(scenario, 'web.example.com');
  await until('an answer of the old set', async () => (await scenario.get('web.example.com')).body.trim() === 'v1');
  await execIn(scenario.docker, v2[1]?.id ?? '', ['touch', '/tmp/open']);
  await scenario.answers('web.example.com', { body: 'v2' });
  for (let count = 0; count < 50; count++) expect((await scenario.get('web.example.com')).body.trim()).toBe('v2');
  expect(await bodies.stop()).toEqual(['v1', 'v2']);
  expect(livesOf(await running('v1'))).toEqual(livesOf(v1));
});

it('goes back to the same containers by a revert', async () => {
  await using bodies = watchBodies(scenario, 'web.example.com');
  await until('an answer of the new set', async () => (await scenario.get('web.example.com')).body.trim() === 'v2');
  await scenario.repository.revert();
  const pushed = Date.now();
  await scenario.answers('web.example.com', { body: 'v1' });
  switchedBack = Date.now();
  // A second until the remote is looked at, and two for the way back.
  expect(switchedBack - pushed).toBeLessThan(3_000);
  expect(await bodies.stop()).toEqual(['v2', 'v1']);
  expect(livesOf(await running('v1'))).toEqual(livesOf(v1));
});

it('removes what it has kept once the time for a way back is over', async () => {
  await until('only the serving set', async () => (await running('v2')).length === 0, { within: KEEP_OLD + 20_000 });
  expect(Date.now() - switchedBack).toBeGreaterThan(KEEP_OLD - 1_000);
  expect(livesOf(await settled(scenario, 'web', { tag: 'v1', count: 2 }))).toEqual(livesOf(v1));
  expect((await scenario.get('web.example.com')).body.trim()).toBe('v1');
});

it('does the same at a later switch', async () => {
  await using bodies = watchBodies(scenario, 'web.example.com');
  await push('v3', SETTINGS);
  await scenario.answers('web.example.com', { body: 'v3' });
  for (let count = 0; count < 50; count++) await scenario.get('web.example.com');
  expect(await bodies.stop()).toEqual(['v1', 'v3']);
  expect(livesOf(await running('v1'))).toEqual(livesOf(v1));
});
