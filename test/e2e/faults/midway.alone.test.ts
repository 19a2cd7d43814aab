import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { makeStack } from '../../lab/git-hosts.ts';
import { machineClock, type MachineClock } from '../../lab/machine-clock.ts';
import { mountSmallDisk, type SmallDisk } from '../../lab/small-disk.ts';
import { cases, isThorough, patience, some } from '../../support/cases.ts';
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
const MOST_PAIRS = 12;

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
  await using _running = scenario.run();
  await push('v1');
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
});
afterAll(() => stack.disposeAsync());

async function push(tag: string): Promise<void> {
  await scenario.repository.push({ 'web.yaml': service('web', tag, UPDATE) + loadBalancer('web') }, `web ${tag}`);
}

/** Its first container has run for a second, and is not ready yet. */
async function isInTheMiddle(tag: string): Promise<boolean> {
  const isOnTrial = ({ state, startedAt }: Container) =>
    state === 'running' && Date.now() - Date.parse(startedAt) > 1000;
  return (await containersOf(scenario, 'web')).some((each) => each.tag === tag && isOnTrial(each));
}

function balancer(): Docker.Container {
  return scenario.docker.getContainer(`fairlead-${scenario.cluster}-balancer`);
}

interface Mishap {
  readonly name: string;
  readonly spoils: 'engine' | 'balancer' | 'clock';
  /** It takes the balancer with it: clients notice. */
  readonly cuts?: true;
  /** Comes before the update, and lasts. */
  readonly begin?: () => Promise<void>;
  /** Holds the update up; else that goes on until its first container has been started. */
  readonly noticed?: () => Promise<unknown>;
  /** In the middle of the update. */
  readonly strike?: () => Promise<void>;
  /** What has begun goes. */
  readonly end?: () => Promise<void>;
}

const MISHAPS: readonly Mishap[] = [
  { name: 'the engine is restarted', spoils: 'engine', cuts: true, strike: () => engine.restart() },
  {
    name: 'the engine crashes',
    spoils: 'engine',
    cuts: true,
    strike: async () => {
      await engine.kill('SIGKILL');
      await engine.restart();
    },
  },
  {
    name: 'the balancer crashes',
    spoils: 'balancer',
    cuts: true,
    strike: async () => {
      await until('it runs', async () => (await balancer().inspect()).State.Running);
      await crash(scenario.docker, balancer().id);
    },
  },
  { name: 'the balancer is removed', spoils: 'balancer', cuts: true, strike: () => balancer().remove({ force: true }) },
  {
    name: 'the disk is full',
    spoils: 'engine',
    begin: () => disk.fill(),
    noticed: () => scenario.reports('the disk is full', ({ services }) => services[0]?.problem?.reason === 'disk-full'),
    end: () => disk.free(),
  },
  { name: 'the clock is put forward', spoils: 'clock', strike: () => clock.put(HOUR) },
  { name: 'the clock is put back', spoils: 'clock', strike: () => clock.put(-HOUR) },
];
const SILENCE: Mishap = {
  name: 'the engine does not answer',
  spoils: 'engine',
  strike: async () => {
    process.kill(engine.pid, 'SIGSTOP');
    const isMissed = () => scenario.logs().includes('the Docker engine does not answer');
    await until('it is missed', isMissed, { within: 90_000 });
    process.kill(engine.pid, 'SIGCONT');
  },
};

/** Each two that do not spoil the same thing, in either order. */
const PAIRS = MISHAPS.flatMap((one) => {
  return MISHAPS.filter((other) => other.spoils !== one.spoils).map((other) => [one, other]);
});
const singles = isThorough ? [...MISHAPS, SILENCE] : MISHAPS;
const pairs = some(PAIRS, Math.min(cases(1).numRuns, MOST_PAIRS));
const PLAYS = [...singles.map((mishap) => [mishap]), ...pairs].map((mishaps, index) => ({
  name: `${index + 1}. ${mishaps.map(({ name }) => name).join(', and ')}`,
  mishaps,
  tag: index % 2 === 0 ? 'v2' : 'v1',
}));

it.for(PLAYS)('goes on where $name', patience(120_000), async ({ mishaps, tag }) => {
  const since = Date.now();
  // One of its own: so many statuses in so short a time a single one does not commit.
  await using _running = scenario.run();
  await using bodies = watchBodies(scenario, 'web.example.com');
  try {
    for (const { begin } of mishaps) await begin?.();
    await push(tag);
    const noticed = mishaps.flatMap((each) => each.noticed ?? []);
    if (noticed.length === 0) await until(`a container of ${tag}`, () => isInTheMiddle(tag));
    for (const wait of noticed) await wait();
    for (const { strike } of mishaps) await strike?.();
  } finally {
    for (const { end } of mishaps) await end?.();
  }
  await settled(scenario, 'web', { tag, count: 2 });
  await scenario.answers('web.example.com', { body: tag });
  const revision = (await scenario.repository.origin.checkout('rev-parse', 'HEAD')).trim();
  const status = await scenario.reports('all is well', (each) => each.ready && each.revision.applied === revision);
  expect(status.problems).toEqual([]);
  const answers = await bodies.stop();
  if (!mishaps.some(({ cuts }) => cuts)) expect(['v1', 'v2']).toEqual(expect.arrayContaining(answers));
  console.log(`${tag}: ${Math.round((Date.now() - since) / 100) / 10} s`);
});
