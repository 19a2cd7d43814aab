import { beforeEach, describe, expect, it } from 'vitest';
import { withNeeds, withoutSpare } from '../../../../src/core/housekeeping/images.ts';
import { job, service } from '../../../support/manifests.ts';
import { World } from '../../../support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEPT = 7 * DAY;

let world: World;
const web = (image: string) => service({ container: { image }, update: { monitor: 0 } });
const has = (image: string) => world.engine.localImage(image) !== undefined;
const removed = () => world.engine.mutations.filter((each) => each.startsWith('remove-image'));

async function later(milliseconds: number): Promise<void> {
  world.clock.advance(milliseconds);
  await world.steady();
}

async function takeAll(...images: string[]): Promise<void> {
  for (const image of images) await world.take([web(image)]);
}

beforeEach(() => {
  world = new World();
});

describe('an image that was fetched', () => {
  it('goes once no running or previous release has needed it for the time that it is kept', async () => {
    await takeAll('web:v1', 'web:v2', 'web:v3');
    await later(KEPT - 1000);
    expect(has('web:v1')).toBe(true);
    await later(1000);
    expect(['web:v1', 'web:v2', 'web:v3'].filter(has)).toEqual(['web:v2', 'web:v3']);
    await later(10 * KEPT);
    expect(removed()).toHaveLength(1);
    expect(world.events).toContain('cluster: removed images that nothing needs: web:v1');
  });

  it('is needed again where its release comes back', async () => {
    await takeAll('web:v1', 'web:v2', 'web:v3');
    await later(KEPT - 1000);
    await takeAll('web:v1');
    await later(KEPT);
    expect(['web:v1', 'web:v2', 'web:v3'].filter(has)).toEqual(['web:v1', 'web:v3']);
  });

  it('goes with its service', async () => {
    await world.take([web('web:v1'), service({ name: 'other', container: { image: 'other:v1' } })]);
    await world.take([service({ name: 'other', container: { image: 'other:v1' } })]);
    await later(KEPT);
    expect(['web:v1', 'other:v1'].filter(has)).toEqual(['other:v1']);
  });

  it('stays while it is wanted, though nothing can be made of it yet', async () => {
    world.engine.behave('migrate:v2', { exitsAfter: 1000, exitCode: 1 });
    const app = (version: string) => [
      job({ container: { image: `migrate:${version}` } }),
      service({ dependsOn: ['migrate'], container: { image: `web:${version}` } }),
    ];
    world.engine.behave('migrate:v1', { exitsAfter: 1000, exitCode: 0 });
    await world.take(app('v1'));
    world.commit(app('v2'));
    await world.until(() => has('web:v2'));
    world.clock.advance(KEPT);
    await world.wait(5);
    expect(has('web:v2')).toBe(true);
  });

  it('stays as long as a container of somebody else is made of it', async () => {
    await takeAll('web:v1');
    const image = world.engine.registryImage('web:v1');
    world.engine.create('stranger', 'elsewhere', { ...slot(), service: 'stranger' }, image);
    await takeAll('web:v2', 'web:v3');
    await later(KEPT);
    await later(2 * HOUR);
    expect(has('web:v1')).toBe(true);
    expect(world.events.filter((event) => event.includes('images that nothing needs'))).toEqual([]);
    world.engine.remove('stranger');
    await later(HOUR);
    expect(has('web:v1')).toBe(false);
  });

  it('loses its name to the one that the tag moved on to, and goes without it', async () => {
    const moving = (version: string) =>
      service({ container: { image: 'web:latest', version }, update: { monitor: 0 } });
    await world.take([moving('1')]);
    const { id } = world.engine.registryImage('web:latest');
    for (const version of ['2', '3']) {
      world.engine.moveTag('web:latest');
      await world.take([moving(version)]);
    }
    await later(KEPT);
    expect(has(id)).toBe(false);
    expect(has('web:latest')).toBe(true);
  });

  it('is removed once, though that cannot be written down', async () => {
    await takeAll('web:v1', 'web:v2', 'web:v3');
    world.ledger.keep = (records) => {
      world.ledger.records = records;
      return Promise.reject(new Error('no space left'));
    };
    await later(KEPT);
    await world.wait(10);
    expect(removed()).toHaveLength(1);
  });

  it('is remembered though the engine is away when it has come', async () => {
    world.latency.set('pull', 1_000);
    await takeAll('web:v1');
    world.commit([web('web:v2')]);
    await world.until(() => world.engine.mutations.at(-1) === 'pull web:v2');
    world.engine.reachable = false;
    await world.pass().catch(() => undefined);
    world.engine.reachable = true;
    await world.steady();
    expect(world.ledger.records.images.images.map(({ references }) => references[0])).toContain('web:v2');
  });

  it('is remembered by the next process', async () => {
    await takeAll('web:v1', 'web:v2', 'web:v3');
    world.restart();
    await later(KEPT);
    expect(['web:v1', 'web:v2', 'web:v3'].filter(has)).toEqual(['web:v2', 'web:v3']);
  });
});

it('is nobody else’s: an image that was there before stays for ever', async () => {
  world.engine.keepImage('web:v1', world.engine.registryImage('web:v1'));
  await takeAll('web:v1', 'web:v2', 'web:v3', 'web:v4');
  await later(KEPT);
  expect(['web:v1', 'web:v2', 'web:v3', 'web:v4'].filter(has)).toEqual(['web:v1', 'web:v3', 'web:v4']);
});

it('is nobody else’s: an image that was there under another name stays, too', async () => {
  world.engine.keepImage('mine:v1', world.engine.registryImage('web:v1'));
  await takeAll('web:v1', 'web:v2', 'web:v3');
  await later(KEPT);
  expect(has('mine:v1')).toBe(true);
  expect(world.ledger.records.images.images.map(({ references }) => references[0])).toEqual(['web:v2', 'web:v3']);
});

it('goes though its name was moved on by somebody else', async () => {
  const moving = (version: string) => service({ container: { image: 'web:latest', version }, update: { monitor: 0 } });
  await world.take([moving('1')]);
  const { id } = world.engine.registryImage('web:latest');
  world.engine.moveTag('web:latest');
  world.engine.keepImage('web:latest', world.engine.registryImage('web:latest'));
  for (const version of ['2', '3']) {
    await world.take([moving(version)]);
    world.engine.moveTag('web:latest');
  }
  await later(KEPT);
  expect(has(id)).toBe(false);
});

it('keeps its way back while its removal is refused', async () => {
  const many = (version: string) =>
    ['a', 'b', 'c', 'd', 'e'].map((name) =>
      service({ name, container: { image: `${name}:${version}` }, update: { monitor: 0 } }),
    );
  await world.take(many('v1'));
  await world.take(many('v2'));
  world.commit([]);
  await later(2 * KEPT);
  expect(removed()).toEqual([]);
  expect(Object.keys(world.ledger.records.images.releases)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('is tried again soon where the engine could not be asked', async () => {
  await takeAll('web:v1', 'web:v2', 'web:v3');
  world.clock.advance(KEPT);
  world.engine.beforeMutation = (mutation) => {
    if (mutation.startsWith('remove-image')) throw new Error('the engine is busy');
  };
  await world.wait(1);
  world.engine.beforeMutation = () => undefined;
  await world.wait(200);
  expect(has('web:v1')).toBe(false);
});

it('has services of any name', async () => {
  const named = (image: string) => service({ name: 'constructor', container: { image } });
  for (const image of ['web:v1', 'web:v2']) await world.take([named(image)]);
  expect(world.status(await world.pass()).services[0]).toMatchObject({ name: 'constructor', state: 'steady' });
});

it('is forgotten after that time where none is removed', () => {
  const images = [
    { id: 'sha256:1', references: [], unneededSince: 0 },
    { id: 'sha256:2', references: [] },
  ];
  const record = { images, releases: {} };
  expect(withoutSpare(record, { prune: false, keep: KEPT }, KEPT).images).toEqual([images[1]]);
  expect(withoutSpare(record, { prune: false, keep: KEPT }, KEPT - 1)).toBe(record);
  expect(withoutSpare(record, { prune: true, keep: KEPT }, KEPT)).toBe(record);
});

it('where the disk is filling up, what nothing needs goes at once', async () => {
  const disk = { size: 100, free: 10, limits: { warnAbove: 0.85, refuseAbove: 0.95 }, room: 'scarce' as const };
  world = new World({ disk });
  await takeAll('web:v1', 'web:v2', 'web:v3');
  await world.wait(1);
  expect(['web:v1', 'web:v2', 'web:v3'].filter(has)).toEqual(['web:v2', 'web:v3']);
  const { nodes, ready } = world.status(await world.pass());
  expect(nodes[0]?.warnings).toEqual([
    {
      code: 'disk-space',
      message:
        'The disk of the engine is more than 85 % full: images that nothing needs are removed at once. Free space before it is full.',
    },
  ]);
  expect(ready).toBe(true);
});

it('an image that nothing needed when the clock was ahead does not stay for ever', () => {
  const images = [{ id: 'sha256:1', references: [], unneededSince: 2 * KEPT }];
  const needs = { runtime: { instances: [], runs: [] }, wanted: [], pulled: [], date: KEPT };
  expect(withNeeds({ images, releases: {} }, needs).images).toEqual([{ ...images[0], unneededSince: KEPT }]);
});

function slot() {
  const [container] = world.engine.containers.values();
  if (container === undefined) throw new Error('There is no container yet.');
  return container.slot;
}
