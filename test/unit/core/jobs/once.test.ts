import { beforeEach, describe, expect, it } from 'vitest';
import { job, service } from '../../../support/manifests.ts';
import { World } from '../../../support/world.ts';

let world: World;
const web = (version: string) =>
  service({ dependsOn: ['migrate'], container: { image: `web:${version}` }, update: { monitor: 0 } });
const migrate = (version: string, change: Parameters<typeof job>[0] = {}) =>
  job({ ...change, container: { image: `migrate:${version}` } });
const starts = () => world.engine.mutations.filter((each) => each.startsWith('start demo-migrate'));
const statusOf = async () => world.status(await world.pass());
const SECONDS = { exitsAfter: 2_000, exitCode: 0 };

beforeEach(() => {
  world = new World();
  world.engine.behave('migrate:v1', SECONDS);
  world.engine.behave('migrate:v2', SECONDS);
});

describe('a job without a schedule', () => {
  it('runs to its end once, before what depends on it begins', async () => {
    world.commit([migrate('v1'), web('v1')]);
    await world.until(() => world.up().includes('migrate:v1#1'));
    expect(world.up()).toEqual(['migrate:v1#1']);
    await world.steady();
    expect(world.up()).toEqual(['web:v1#1']);
    await world.wait(60);
    expect(starts()).toHaveLength(1);
    expect((await statusOf()).jobs[0]).toMatchObject({ state: 'succeeded', runs: [{ run: 1, exitCode: 0 }] });
  });

  it('runs anew for a new release, while the old release of what depends on it serves', async () => {
    await world.take([migrate('v1'), web('v1')]);
    world.commit([migrate('v2'), web('v2')]);
    await world.until(() => world.up().includes('migrate:v2#2'));
    expect(world.up()).toEqual(['migrate:v2#2', 'web:v1#1']);
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1']);
    expect(starts()).toHaveLength(2);
  });

  it('that fails holds up what depends on it and nothing else', async () => {
    await world.take([migrate('v1'), web('v1')]);
    world.engine.behave('migrate:v2', { ...SECONDS, exitCode: 3, prints: ['no such table'] });
    const other = (version: string) => service({ name: 'other', container: { image: `other:${version}` } });
    await world.take([migrate('v2'), web('v1'), other('v1')]);
    world.commit([migrate('v2'), web('v2'), other('v2')]);
    await world.wait(60);
    expect(world.up()).toEqual(['other:v2#1', 'web:v1#1']);
    const { jobs, services, ready } = await statusOf();
    expect(ready).toBe(false);
    expect(jobs[0]?.problem).toMatchObject({ reason: 'job-failed', layer: 'container' });
    expect(jobs[0]?.problem?.message).toContain('exited with code 3');
    expect(services.find(({ name }) => name === 'web')?.problem).toMatchObject({
      reason: 'dependency-not-ready',
      message: 'web waits for migrate (job-failed).',
    });
    expect(starts()).toHaveLength(2);
  });

  it('is tried again by Docker as often as it may be', async () => {
    world.engine.behave('migrate:v1', { ...SECONDS, exitCode: 1 });
    await world.take([migrate('v1', { retries: 2 })]);
    expect((await statusOf()).jobs[0]).toMatchObject({ state: 'failed', runs: [{ retries: 2, exitCode: 1 }] });
    await world.wait(300);
    expect((await statusOf()).jobs[0]?.runs).toHaveLength(1);
  });

  it('is stopped when its time is over, and has failed', async () => {
    world.engine.behave('migrate:v1', {});
    await world.take([migrate('v1', { timeout: 30_000 })]);
    const [status] = (await statusOf()).jobs;
    expect(status).toMatchObject({ state: 'failed' });
    expect(status?.problem?.message).toContain('was stopped before its end; its timeout is 30 s');
  });

  it('that was stopped is not begun again with the engine, although it may be tried again', async () => {
    world.engine.behave('migrate:v1', { stubborn: true });
    await world.take([migrate('v1', { timeout: 5_000, retries: 3 })]);
    await world.restartEngine('seen');
    await world.wait(5);
    expect(world.up()).toEqual([]);
    expect((await statusOf()).jobs[0]).toMatchObject({ state: 'failed', runs: [{ run: 1, retries: 0 }] });
  });

  it('is not run again when its container was removed since', async () => {
    await world.take([migrate('v1'), web('v1')]);
    world.engine.remove([...world.engine.containers.keys()].find((name) => name.includes('migrate')) ?? '');
    world.restart();
    await world.wait(30);
    await world.take([migrate('v1'), web('v2')]);
    expect(starts()).toHaveLength(1);
    expect(world.up()).toEqual(['web:v2#1']);
    expect((await statusOf()).jobs[0]).toMatchObject({ state: 'succeeded', runs: [] });
  });

  it.each(['while it ran', 'after it ended unseen'])(
    'is not run again when its container was removed %s',
    async (when) => {
      world.engine.behave('migrate:v1', { exitsAfter: 30_000, exitCode: 0 });
      world.commit([migrate('v1'), web('v1')]);
      await world.until(() => world.up().includes('migrate:v1#1'));
      await world.pass();
      if (when !== 'while it ran') world.clock.advance(60_000);
      world.engine.remove([...world.engine.containers.keys()].find((name) => name.includes('migrate')) ?? '');
      world.restart();
      await world.wait(60);
      expect(starts()).toHaveLength(1);
      expect(world.up()).toEqual([]);
      const [status] = (await statusOf()).jobs;
      expect(status).toMatchObject({ state: 'failed', runs: [], problem: { reason: 'job-failed' } });
      expect(status?.problem?.message).toContain('its container was removed while it ran, or before its end was seen');
    },
  );

  it('is not run again for a release that comes back after many others', async () => {
    for (const version of ['v1', 'v2', 'v3', 'v4', 'v5']) {
      world.engine.behave(`migrate:${version}`, SECONDS);
      await world.take([migrate(version, { history: 1 })]);
    }
    await world.take([migrate('v1', { history: 1 })]);
    await world.wait(10);
    expect(starts()).toHaveLength(5);
  });

  it('keeps as many runs as it is told, and the one that counts', async () => {
    for (const version of ['v1', 'v2', 'v3', 'v4']) {
      world.engine.behave(`migrate:${version}`, SECONDS);
      await world.take([migrate(version, { history: 2 })]);
    }
    expect((await statusOf()).jobs[0]?.runs.map(({ run }) => run)).toEqual([4, 3]);
  });

  it('begins no run while it is disabled', async () => {
    await world.take([migrate('v1', { enabled: false })]);
    expect((await statusOf()).jobs[0]?.state).toBe('disabled');
    await world.take([migrate('v1')]);
    expect(starts()).toHaveLength(1);
  });

  it('goes with its manifest, stopped where it runs', async () => {
    world.engine.behave('migrate:v1', {});
    world.commit([migrate('v1'), service()]);
    await world.until(() => world.up().includes('migrate:v1#1'));
    await world.take([service()]);
    expect([...world.engine.containers.keys()].filter((name) => name.includes('migrate'))).toEqual([]);
  });

  it('that cannot be started has failed', async () => {
    world.engine.behave('migrate:v1', { startError: 'exec: "nope": executable file not found in $PATH' });
    world.commit([migrate('v1'), web('v1')]);
    await world.wait(60);
    expect(world.up()).toEqual([]);
    expect((await statusOf()).jobs[0]?.problem).toMatchObject({ reason: 'job-failed' });
    expect(starts()).toHaveLength(1);
  });

  it('waits until the run of the release before has ended, and has its place taken where it may', async () => {
    world.engine.behave('migrate:v1', {});
    world.commit([migrate('v1')]);
    await world.until(() => world.up().includes('migrate:v1#1'));
    world.commit([migrate('v2')]);
    await world.wait(20);
    expect(world.up()).toEqual(['migrate:v1#1']);
    await world.take([migrate('v2', { concurrency: 'replace' })]);
    expect((await statusOf()).jobs[0]?.runs.map(({ state }) => state)).toEqual(['succeeded', 'failed']);
  });

  it('that was ended has failed, although its process ended well, and what depends on it does not begin', async () => {
    world.engine.behave('migrate:v1', {});
    world.commit([migrate('v1', { timeout: 5_000 }), web('v1')]);
    await world.wait(60);
    expect(world.up()).toEqual([]);
    expect(world.ledger.records.runs).toMatchObject([{ succeeded: false, exitCode: 0 }]);
  });

  it('has its time counted from its first start, however long before it was made', async () => {
    world.engine.behave('migrate:v1', { exitsAfter: 3_000, exitCode: 1 });
    const db = service({ name: 'db', container: { image: 'db:v1', healthCommand: CHECK } });
    world.engine.behave('db:v1', { healthy: 60_000 });
    world.commit([db, migrate('v1', { dependsOn: ['db'], timeout: 20_000, retries: 3 })]);
    await world.until((pass) => world.status(pass).jobs[0]?.state === 'failed');
    expect((await statusOf()).jobs[0]?.runs).toMatchObject([{ retries: 3, exitCode: 1 }]);
  });

  it('is made once while that takes long', async () => {
    world.latency.set('create', 3_000);
    await world.take([migrate('v1')]);
    expect(world.engine.mutations.filter((each) => each.startsWith('create demo-migrate'))).toHaveLength(1);
  });

  it('is fetched anew for a new version of the same image', async () => {
    const version = (text: string) => job({ container: { image: 'migrate:v1', version: text } });
    await world.take([version('1')]);
    await world.take([version('2')]);
    expect(world.engine.mutations.filter((each) => each === 'pull migrate:v1')).toHaveLength(2);
  });

  it('is fetched anew for a new version of the same image also where it has not run yet and the first try fails', async () => {
    const versioned = (version: string) =>
      job({ container: { image: 'migrate:latest', version }, requirements: ['gpu'] });
    await world.take([versioned('1')]);
    const { id } = world.engine.registryImage('migrate:latest');
    world.engine.moveTag('migrate:latest');
    world.engine.behave('migrate:latest', { pullError: { reason: 'pull-failed', message: 'no route to host' } });
    world.commit([versioned('2')]);
    await world.wait(5);
    world.engine.behave('migrate:latest', {});
    await world.wait(200);
    const images = [...world.engine.containers.values()].map(({ image }) => image.id);
    expect(images).toHaveLength(1);
    expect(images).not.toContain(id);
  });

  it('is not removed with all others because the repository is empty', async () => {
    await world.take([migrate('v1')]);
    world.commit([]);
    const { plan, steady } = await world.until((pass) => pass.steady);
    expect(steady).toBe(true);
    expect(plan.problems).toMatchObject([{ reason: 'prune-refused' }]);
    expect(plan.problems[0]?.message).toContain('1 job would be removed (migrate): the repository has no jobs at all.');
  });

  it('shares the room on the node with others that begin at the same time', async () => {
    world = new World({ memory: 100 * 1024 ** 2 });
    const resources = { cpu: 0, memory: 60 * 1024 ** 2, limits: {} };
    for (const name of ['one', 'two']) world.engine.behave(`${name}:v1`, SECONDS);
    const both = ['one', 'two'].map((name) => job({ name, resources, container: { image: `${name}:v1` } }));
    world.commit(both);
    let most = 0;
    await world.until((pass) => {
      most = Math.max(most, world.up().length);
      return pass.steady && world.status(pass).jobs.every(({ state }) => state === 'succeeded');
    });
    expect(most).toBe(1);
  });
});

const CHECK = { command: ['CMD', 'true'], interval: 1_000, timeout: 1_000, retries: 100, startPeriod: 0 };
