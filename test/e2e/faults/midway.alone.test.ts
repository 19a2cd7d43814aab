import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { makeStack } from '../../lab/git-hosts.ts';
import { machineClock, type MachineClock } from '../../lab/machine-clock.ts';
import { mountSmallDisk, type SmallDisk } from '../../lab/small-disk.ts';
import { isThorough, patience } from '../../support/cases.ts';
import { crash } from '../../support/docker.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, loadBalancer, service, settled, type Container } from '../updates/app.ts';
import { watchBodies } from '../updates/watch.ts';

/** What an update depends on goes away in the middle of it, and comes back: the update goes on, and is not given up. */

const UPDATE = `instances: 2
environment: { START_DELAY_MS: "4000" }
update: { monitor: 500ms, timeout: 60s }`;
/** Megabytes: enough for the lab's images and a few containers. */
const DISK = 800;
const HOUR = 3600;

interface Update {
  readonly push: () => Promise<void>;
  /** Pushes it and waits until its first container has run for a second, and is not ready yet. */
  readonly begin: () => Promise<void>;
}

const stack = makeStack();
let disk: SmallDisk;
let engine: Awaited<ReturnType<typeof startPrivateEngine>>;
let clock: MachineClock;
let scenario: Scenario;

beforeAll(async () => {
  disk = stack.use(await mountSmallDisk(DISK));
  engine = stack.use(await startPrivateEngine({ dir: disk.path }));
  await ensureImages(engine.host, ['lab/app:v1', 'lab/app:v2', 'lab/haproxy:3.0']);
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-clock-'));
  stack.use({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  clock = await machineClock(join(folder, 'clock'));
  scenario = stack.use(await Scenario.create({ host: engine.host, env: clock.env }));
  scenario.run();
  await updateTo('v1').push();
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
});
afterAll(() => stack.disposeAsync());

function updateTo(tag: string): Update {
  const push = async () => {
    await scenario.repository.push({ 'web.yaml': service('web', tag, UPDATE) + loadBalancer('web') }, `web ${tag}`);
  };
  const isOnTrial = ({ state, startedAt }: Container) =>
    state === 'running' && Date.now() - Date.parse(startedAt) > 1000;
  const isBegun = async () => (await containersOf(scenario, 'web')).some((each) => each.tag === tag && isOnTrial(each));
  return {
    push,
    begin: async () => {
      await push();
      await until(`a container of ${tag}`, isBegun);
    },
  };
}

function balancer(): string {
  return `fairlead-${scenario.cluster}-balancer`;
}

type Mishap = (update: Update) => Promise<void>;

/** What takes the balancer with it. */
const CUTS: Readonly<Record<string, Mishap>> = {
  'the engine is restarted': async ({ begin }) => {
    await begin();
    await engine.restart();
  },
  'the engine crashes': async ({ begin }) => {
    await begin();
    await engine.kill('SIGKILL');
    await engine.restart();
  },
  'the balancer crashes': async ({ begin }) => {
    await begin();
    await crash(scenario.docker, balancer());
  },
  'the balancer is removed': async ({ begin }) => {
    await begin();
    await scenario.docker.getContainer(balancer()).remove({ force: true });
  },
};

/** What clients are not to notice. */
const HARMLESS: Readonly<Record<string, Mishap>> = {
  'the disk is full': async ({ push }) => {
    await disk.fill();
    await push();
    await scenario.reports('the disk is full', ({ services }) => services[0]?.problem?.reason === 'disk-full');
    await disk.free();
  },
  'the clock is put forward': async ({ begin }) => {
    await begin();
    await clock.put(HOUR);
  },
  'the clock is put back': async ({ begin }) => {
    await begin();
    await clock.put(-HOUR);
  },
  ...(isThorough && {
    'the engine does not answer': async ({ begin }: Update) => {
      await begin();
      process.kill(engine.pid, 'SIGSTOP');
      const isMissed = () => scenario.logs().includes('the Docker engine does not answer');
      await until('it is missed', isMissed, { within: 90_000 });
      process.kill(engine.pid, 'SIGCONT');
    },
  }),
};

const MISHAPS = Object.entries({ ...CUTS, ...HARMLESS }).map(([name, happen], index) => ({
  name,
  happen,
  tag: index % 2 === 0 ? 'v2' : 'v1',
}));

it.for(MISHAPS)('goes on where $name', patience(120_000), async ({ name, happen, tag }) => {
  const since = Date.now();
  await using bodies = watchBodies(scenario, 'web.example.com');
  await happen(updateTo(tag));
  await settled(scenario, 'web', { tag, count: 2 });
  await scenario.answers('web.example.com', { body: tag });
  const revision = (await scenario.repository.origin.checkout('rev-parse', 'HEAD')).trim();
  const status = await scenario.reports('all is well', (each) => each.ready && each.revision.applied === revision);
  expect(status.problems).toEqual([]);
  const answers = await bodies.stop();
  if (name in HARMLESS) expect(['v1', 'v2']).toEqual(expect.arrayContaining(answers));
  console.log(`${tag}: ${Math.round((Date.now() - since) / 100) / 10} s`);
});
