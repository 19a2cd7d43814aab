import { beforeEach, describe, expect, it } from 'vitest';
import { withGaps } from '../../../../src/core/rollout/gap.ts';
import { service } from '../../../support/manifests.ts';
import { World } from '../../../support/world.ts';

const CHECK = { command: ['CMD', 'pg_isready'], interval: 1_000, timeout: 1_000, retries: 3, startPeriod: 0 };
/** Milliseconds that a look may come later than what it sees. */
const LATE = 1_500;
const STOPS = 3_000;
const STARTS = 2_000;

let world: World;
const db = (tag: string, change: Parameters<typeof service>[0] = {}) =>
  service({
    ...change,
    container: {
      image: `web:${tag}`,
      version: tag,
      mounts: [{ type: 'volume', source: 'data', target: '/data', readOnly: false }],
      healthCommand: CHECK,
    },
  });
const lastGap = () => world.ledger.records.gaps.find((each) => each.service === 'web')?.lasted;

function expectAbout(milliseconds: number): void {
  expect(lastGap()).toBeGreaterThanOrEqual(milliseconds);
  expect(lastGap()).toBeLessThan(milliseconds + LATE);
}

beforeEach(async () => {
  world = new World();
  for (const tag of ['v1', 'v2', 'v3']) world.engine.behave(`web:${tag}`, { healthy: STARTS });
  await world.take([db('v1')]);
  world.latency.set('stop', STOPS);
});

describe('the gap of an update', () => {
  it('is known once there was one, with the stop and the start', async () => {
    expect(lastGap()).toBeUndefined();
    await world.take([db('v2')]);
    expectAbout(STOPS + STARTS);
  });

  it('is the last one', async () => {
    await world.take([db('v2')]);
    world.latency.clear();
    await world.take([db('v3')]);
    expectAbout(STARTS);
    await world.take([db('v2')]);
    expect(world.ledger.records.gaps).toHaveLength(1);
  });

  it('ends when the new one is ready, however long it is watched then', async () => {
    await world.take([db('v2', { update: { monitor: 60_000 } })]);
    expectAbout(STOPS + STARTS);
  });

  it('does not begin before the stop, however long the old one has been down', async () => {
    world.engine.behave('web:v1', { healthy: 'never' });
    await world.wait(120);
    await world.take([db('v2')]);
    expectAbout(STOPS + STARTS);
  });

  it('is not known of an update that failed, nor of the way back', async () => {
    world.engine.behave('web:v2', { exitsAfter: 500 });
    await world.take([db('v2')]);
    expect(world.up()).toEqual(['web:v1#1']);
    expect(lastGap()).toBeUndefined();
  });

  it('is none where two releases stand side by side, nor where a container is made anew', async () => {
    await world.take([db('v2', { update: { strategy: 'rolling' } })]);
    for (const name of world.engine.containers.keys()) world.engine.remove(name);
    await world.steady();
    expect(lastGap()).toBeUndefined();
  });

  it('is said by the plan of the next one', async () => {
    await world.take([db('v2')]);
    world.commit([db('v3')]);
    const { plan } = await world.pass();
    expect(plan.changes[0]?.warnings[0]?.message).toMatch(/; last time that took [56]\.\d s\.$/);
  });
});

describe('a process that ends in between', () => {
  it('leaves nothing to be known of it', async () => {
    world.commit([db('v2')]);
    await world.until(() => world.engine.mutations.at(-1)?.startsWith('stop') === true);
    world.restart();
    await world.steady();
    expect(lastGap()).toBeUndefined();
  });

  it('does not forget what it has seen', async () => {
    world.commit([db('v2', { update: { monitor: 60_000 } })]);
    await world.until(() => lastGap() !== undefined);
    world.restart();
    await world.steady();
    expectAbout(STOPS + STARTS);
  });
});

it('is measured once, though the engine restarts while the new release is watched', async () => {
  world.commit([db('v2', { update: { monitor: 3_600_000 } })]);
  await world.until(() => lastGap() !== undefined);
  world.clock.advance(1_800_000);
  await world.restartEngine('watched');
  await world.until(() => world.up().includes('web:v2#1'));
  await world.wait(10);
  expectAbout(STOPS + STARTS);
});

it('is not measured from when somebody else has stopped the old one', async () => {
  const [name = ''] = [...world.engine.containers.keys()];
  world.commit([db('v1', { enabled: false })]);
  world.engine.stop(name);
  world.clock.advance(3 * 24 * 3_600_000);
  await world.take([db('v2')]);
  expect(lastGap() ?? 0).toBeLessThan(60_000);
});

it('keeps the last gap of each service, and nothing anew where there is none', () => {
  const gap = (name: string, replaced: string, lasted = 1) => ({ service: name, replaced, lasted });
  const before = [gap('web', 'a'), gap('db', 'b')];
  expect(withGaps(before, [gap('web', 'a', 9)])).toBe(before);
  expect(withGaps(before, [gap('web', 'c', 9)])).toEqual([gap('db', 'b'), gap('web', 'c', 9)]);
});
