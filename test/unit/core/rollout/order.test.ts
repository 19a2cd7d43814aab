import { beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../../../src/core/model.ts';
import { service } from '../../../support/manifests.ts';
import { World } from '../../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

type Change = Parameters<typeof service>[0];
const db = (tag = 'v1', change: Change = {}) => one('db', tag, change);
const web = (tag = 'v1', change: Change = {}) => one('web', tag, { dependsOn: ['db'], ...change });
const one = (name: string, tag: string, change: Change): Service =>
  service({ name, container: { image: `${name}:${tag}`, version: tag }, ...change });
const other = one('other', 'v1', {});
const stateOf = async (name: string) => world.status(await world.pass()).services.find((each) => each.name === name);

function fallen(name: string) {
  const found = [...world.engine.containers.values()].find((each) => each.alive && each.slot.service === name);
  return found ?? expect.fail(`nothing of ${name} runs`);
}

/** Passes, and whether an image was ever up before another one was. */
async function firstUp(...images: string[]): Promise<string[]> {
  const order: string[] = [];
  await world.until((pass) => {
    for (const each of world.up()) {
      const image = each.split('#')[0] ?? '';
      if (images.includes(image) && !order.includes(image)) order.push(image);
    }
    return pass.steady;
  });
  return order;
}

describe('a service that depends on another', () => {
  it('starts when that is ready, wherever its name stands', async () => {
    world.engine.behave('db:v1', { healthy: 3000 });
    const checked = { command: ['CMD', 'ok'], interval: 500, timeout: 500, retries: 3, startPeriod: 0 };
    const dependency = service({ name: 'db', container: { image: 'db:v1', version: 'v1', healthCommand: checked } });
    world.commit([one('app', 'v1', { dependsOn: ['db'] }), dependency]);
    await world.until(() => world.up().includes('app:v1#1'));
    expect(world.engine.containers.size).toBe(2);
    expect((await stateOf('db'))?.instances[0]?.health).toBe('ready');
  });

  it('starts after it in each release that changes both, and its image is there by then', async () => {
    await world.take([db(), web()]);
    world.commit([db('v2'), web('v2')]);
    expect(await firstUp('db:v2', 'web:v2')).toEqual(['db:v2', 'web:v2']);
    const done = world.engine.mutations;
    const pulled = done.indexOf('pull web:v2');
    expect(pulled).toBeGreaterThan(0);
    expect(pulled).toBeLessThan(done.findLastIndex((each) => /^start .*-db-/.test(each)));
  });

  it('says in the plan what it waits for', async () => {
    world.commit([db(), web()]);
    const { plan } = await world.pass();
    expect(plan.changes.find(({ name }) => name === 'web')?.steps).toContain('await db');
    expect(plan.changes.find(({ name }) => name === 'db')?.steps).not.toContain('await db');
  });

  it('is not held up by it where nothing of itself changes', async () => {
    await world.take([db(), web('v1', { instances: 2 })]);
    world.engine.behave('db:v2', { exitsAfter: 100 });
    world.commit([db('v2'), web('v1', { instances: 3 })]);
    world.engine.containers
      .get([...world.engine.containers.keys()].find((each) => each.includes('web')) ?? '')
      ?.stop(0);
    await world.until(() => world.up().filter((each) => each.startsWith('web')).length === 3);
  });

  it('is healed while that fails: its only instance, and that of the release that it waits to leave', async () => {
    await world.take([db(), web()]);
    world.engine.behave('db:v2', { exitsAfter: 100 });
    for (const tag of ['v1', 'v2']) {
      world.commit([db('v2'), web(tag)]);
      await world.wait(10);
      fallen('web').stop(world.clock.now());
      await world.wait(10);
      expect(world.up()).toEqual(['db:v1#1', 'web:v1#1']);
    }
  });

  it('finishes what it has begun, and takes its old set away, when that fails later', async () => {
    const swapped: Change = { update: { strategy: 'green-blue', keepOld: 20_000 } };
    await world.take([db(), web('v1', swapped)]);
    world.commit([db(), web('v2', swapped)]);
    await world.until(() => world.up().includes('web:v2#1'));
    world.engine.behave('db:v2', { exitsAfter: 100 });
    world.commit([db('v2'), web('v2', swapped)]);
    await world.wait(60);
    expect(world.up()).toEqual(['db:v1#1', 'web:v2#1']);
  });

  it('keeps its old release while that fails, says so, and goes on when it is mended', async () => {
    await world.take([db(), web()]);
    world.engine.behave('db:v2', { exitsAfter: 100 });
    world.commit([db('v2'), web('v2')]);
    await world.wait(60);
    expect(world.up()).toEqual(['db:v1#1', 'web:v1#1']);
    expect(await stateOf('web')).toMatchObject({
      state: 'degraded',
      problem: { reason: 'dependency-not-ready', message: 'web waits for db (rolled-back).' },
      rollout: { step: 'awaiting db' },
    });
    await world.take([db('v3'), web('v2')]);
    expect(world.up()).toEqual(['db:v3#1', 'web:v2#1']);
  });

  it('keeps its old release with recreate, too', async () => {
    const recreate: Change = { update: { strategy: 'recreate' } };
    await world.take([db(), web('v1', recreate)]);
    world.commit([db('v1', { enabled: false }), web('v2', recreate)]);
    for (let count = 0; count < 100; count++) await world.pass();
    expect(world.up()).toEqual(['web:v1#1']);
    expect((await stateOf('web'))?.problem?.message).toBe('web waits for db, which is disabled.');
  });

  it('is on its way, without a problem, while that only takes its time', async () => {
    world.commit([db(), web()]);
    await world.pass();
    expect(await stateOf('web')).toMatchObject({ state: 'unknown' });
    expect(await stateOf('web')).not.toHaveProperty('problem');
  });

  it('tells at the end of a chain what is wrong at its beginning', async () => {
    world.commit([db('v1', { instances: 0 }), web(), one('edge', 'v1', { dependsOn: ['web'] })]);
    for (let count = 0; count < 20; count++) await world.pass();
    expect((await stateOf('edge'))?.problem?.message).toBe('edge waits for web (dependency-not-ready).');
    expect((await stateOf('web'))?.problem?.message).toBe('web waits for db, which is to have no instances.');
  });

  it('holds up nobody else', async () => {
    world.commit([db('v1', { enabled: false }), web(), other]);
    await world.until(() => world.up().includes('other:v1#1'));
  });
});

describe('services that leave', () => {
  const goneBefore = async (first: string, second: string) => {
    const left: string[] = [];
    await world.until((pass) => {
      for (const name of [first, second])
        if (!left.includes(name) && ![...world.engine.containers.keys()].some((each) => each.includes(`-${name}-`)))
          left.push(name);
      return pass.steady;
    });
    return left;
  };

  it('leave in the reverse order, by what their containers know', async () => {
    await world.take([db(), web(), other]);
    world.restart();
    world.commit([other]);
    expect(await goneBefore('db', 'web')).toEqual(['web', 'db']);
  });

  it('leave in the reverse order where they are disabled', async () => {
    await world.take([db(), web()]);
    world.commit([db('v1', { enabled: false }), web('v1', { enabled: false })]);
    expect(await goneBefore('db', 'web')).toEqual(['web', 'db']);
  });

  it('do not wait for each other for ever', async () => {
    await world.take([db(), web(), other]);
    await world.take([db('v2', { dependsOn: ['web'] }), web('v1', { dependsOn: [] }), other]);
    await world.take([other]);
    expect(world.up()).toEqual(['other:v1#1']);
  });
});
