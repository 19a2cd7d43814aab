import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { isThorough, patience } from '../../support/cases.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, loadBalancer, service, settled } from '../updates/app.ts';

/** The engine itself goes away in the middle of an update, and comes back. */

type How = 'is restarted' | 'crashes' | 'is stopped for a while';
const HOW: readonly How[] = ['is restarted', 'crashes', ...(isThorough ? (['is stopped for a while'] as const) : [])];
const UPDATE = 'instances: 2\nupdate: { monitor: 500ms, timeout: 60s }';

let engine: Awaited<ReturnType<typeof startPrivateEngine>>;
let scenario: Scenario;

async function push(tag: string): Promise<void> {
  await scenario.repository.push({ 'web.yaml': service('web', tag, UPDATE) + loadBalancer('web') }, `web ${tag}`);
}

async function goAway(how: How): Promise<void> {
  if (how === 'is stopped for a while') {
    process.kill(engine.pid, 'SIGSTOP');
    await until('it is missed', () => scenario.logs().includes('the Docker engine does not answer'), {
      within: 90_000,
    });
    process.kill(engine.pid, 'SIGCONT');
    return;
  }
  if (how === 'crashes') await engine.kill('SIGKILL');
  await engine.restart();
}

beforeAll(async () => {
  engine = await startPrivateEngine();
  await ensureImages(engine.host, ['lab/app:v1', 'lab/app:v2', 'lab/haproxy:3.0']);
  scenario = await Scenario.create({ host: engine.host });
  scenario.run();
  await push('v1');
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
});
afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
  await engine.stop();
});

it.for(HOW.map((how, index) => ({ how, tag: index % 2 === 0 ? 'v2' : 'v1' })))(
  'an update goes on where the engine $how',
  patience(120_000),
  async ({ how, tag }) => {
    await push(tag);
    const isBegun = async () => (await containersOf(scenario, 'web')).some((each) => each.tag === tag);
    await until(`a container of ${tag}`, isBegun);
    await goAway(how);
    await settled(scenario, 'web', { tag, count: 2 });
    await scenario.answers('web.example.com', { body: tag });
    const revision = (await scenario.repository.origin.checkout('rev-parse', 'HEAD')).trim();
    const status = await scenario.reports('all is well', (each) => each.ready && each.revision.applied === revision);
    expect(status.problems).toEqual([]);
  },
);
