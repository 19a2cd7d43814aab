import { beforeEach, expect, it } from 'vitest';
import { job } from '../../../support/manifests.ts';
import { World } from '../../../support/world.ts';

/** What somebody else does to the runs of jobs. */

let world: World;
const nightly = job({
  name: 'nightly',
  schedule: { cron: '0 3 * * *', timeZone: 'UTC' },
  container: { image: 'backup:v1' },
});
const only = () => {
  const [container, ...others] = [...world.engine.containers.values()];
  if (container === undefined || others.length > 0) throw new Error('one container was expected');
  return container;
};

beforeEach(async () => {
  world = new World();
  world.engine.behave('backup:v1', { exitsAfter: 3_600_000, exitCode: 0 });
  await world.take([nightly]);
});

it('the next run is made anew where it was removed, and is due when it was', async () => {
  const { name, id } = only();
  const { madeAt } = only().toRun();
  world.clock.advance(5_000);
  world.engine.remove(name);
  await world.wait(1);
  expect(only().id).not.toBe(id);
  expect(world.events).toContain(`nightly: ${name} is gone: it was removed from outside before it began`);
  expect(only().toRun().madeAt).toBeGreaterThan(madeAt);
  expect(world.status(await world.pass()).jobs[0]).toMatchObject({ nextRun: '2026-11-21T03:00:00.000Z' });
});

it('the next run is made anew where it was changed, or made by half, once nobody can be at it any more', async () => {
  const { id, name } = only();
  only().deviations.push('name is x');
  await world.wait(13);
  expect(only().id).toBe(id);
  await world.wait(3);
  expect(only().id).not.toBe(id);
  expect(world.events).toContain(`nightly: ${name} was changed from outside: name is x`);
});

it('the next run is made anew where it was made by a clock that was far ahead', async () => {
  const { id, slot } = only();
  Object.assign(slot, { madeAt: world.clock.now() + 365 * 24 * 3_600_000 });
  await world.wait(120);
  expect(only().id).not.toBe(id);
  expect(world.status(await world.pass()).jobs[0]).toMatchObject({ nextRun: '2026-11-21T03:00:00.000Z' });
  world.clock.advance(3 * 3_600_000);
  await world.until(() => world.up().length === 1);
});

it('a run that was paused goes on', async () => {
  world.clock.advance(3 * 3_600_000);
  await world.until(() => world.up().length === 1);
  await world.pass();
  const running = [...world.engine.containers.values()].find(({ state }) => state === 'running');
  if (running === undefined) throw new Error('no run is there');
  running.state = 'paused';
  await world.wait(1);
  expect(running.state).toBe('running');
  expect(world.events).toContain(`nightly: ${running.name} was paused from outside`);
  expect(world.events).toContain(`nightly: resumed ${running.name}: it was paused`);
});

it('a run that is just being removed before it began has not failed', async () => {
  only().state = 'dead';
  await world.wait(1);
  world.engine.remove(only().name);
  await world.steady();
  expect(world.status(await world.pass()).jobs[0]).toMatchObject({ state: 'scheduled', runs: [] });
  expect(world.ledger.records.runs).toEqual([]);
  expect(only().state).toBe('created');
});
