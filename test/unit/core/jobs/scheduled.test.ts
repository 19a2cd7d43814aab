import { beforeEach, describe, expect, it } from 'vitest';
import { job, service } from '../../../support/manifests.ts';
import { World } from '../../../support/world.ts';

let world: World;
const backup = (change: Parameters<typeof job>[0] = {}) =>
  job({
    name: 'backup',
    schedule: { cron: '0 * * * *', timeZone: 'UTC' },
    ...change,
    container: { image: 'backup:v1', ...change.container },
  });
/** When runs began, as minutes after the first pass. */
const starts: number[] = [];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const jobStatus = async () => world.status(await world.pass()).jobs[0];
/** Passes a minute apart. */
const run = async (minutes: number) => {
  for (let minute = 0; minute < minutes; minute++) await world.pass(MINUTE);
};

beforeEach(() => {
  world = new World();
  starts.length = 0;
  const begin = world.clock.now();
  world.engine.behave('backup:v1', { exitsAfter: 5_000, exitCode: 0 });
  world.onMutation = (mutation) => {
    if (mutation.startsWith('start demo-backup')) starts.push(Math.round((world.clock.now() - begin) / MINUTE));
  };
});

describe('a job with a schedule', () => {
  it('is made at once, and runs each time that it is due', async () => {
    await world.take([backup()]);
    expect(starts).toEqual([]);
    expect(await jobStatus()).toMatchObject({ state: 'scheduled', nextRun: '2026-11-21T01:00:00.000Z', runs: [] });
    await run(200);
    expect(starts).toEqual([60, 120, 180]);
    expect(await jobStatus()).toMatchObject({ nextRun: '2026-11-21T04:00:00.000Z' });
  });

  it('goes by the clock of its time zone', async () => {
    await world.take([backup({ schedule: { cron: '30 5 * * *', timeZone: 'Asia/Kolkata' } })]);
    expect(await jobStatus()).toMatchObject({ nextRun: '2026-11-22T00:00:00.000Z' });
  });

  it('is made anew as soon as it is to have other limits', async () => {
    const limited = (cpu: number) => backup({ resources: { cpu, memory: 0, limits: {} } });
    await world.take([limited(0.1)]);
    const { length } = world.engine.mutations;
    world.commit([limited(0.3)]);
    const { plan } = await world.pass();
    expect(plan.changes.map(({ because }) => because)).toEqual(['cpu 0.1 → 0.3']);
    await world.wait(1);
    expect(world.engine.mutations.slice(length)).toHaveLength(2);
    expect((await world.pass()).plan.changes).toEqual([]);
  });

  it('makes up once for the times at which nobody was there', async () => {
    await world.take([backup()]);
    world.clock.advance(5 * HOUR + 10 * MINUTE);
    world.restart();
    await run(60);
    expect(starts).toEqual([310, 360]);
  });

  it('does not begin a second run beside one that takes longer, but when that has ended', async () => {
    world.engine.behave('backup:v1', { exitsAfter: 90 * MINUTE, exitCode: 0 });
    await world.take([backup()]);
    await run(250);
    expect(starts).toEqual([60, 150, 240]);
  });

  it('takes the place of one that takes longer', async () => {
    world.engine.behave('backup:v1', {});
    await world.take([backup({ concurrency: 'replace' })]);
    await run(130);
    expect(starts[0]).toBe(60);
    expect(starts).toHaveLength(2);
    expect(world.up()).toEqual(['backup:v1#2']);
  });

  it('runs beside one that takes longer', async () => {
    world.engine.behave('backup:v1', {});
    await world.take([backup({ concurrency: 'allow' })]);
    await run(130);
    expect(world.up()).toEqual(['backup:v1#1', 'backup:v1#2']);
  });

  it('that may run beside itself keeps the run that ended last, and is judged by it', async () => {
    const { engine } = world;
    await world.take([backup({ concurrency: 'allow', history: 1 })]);
    engine.behave('backup:v1', {});
    await run(61);
    const [long] = [...engine.containers.values()].filter(({ alive }) => alive);
    await run(60);
    const [quick] = [...engine.containers.values()].filter((each) => each.alive && each !== long);
    if (long === undefined || quick === undefined) throw new Error('two runs were expected');
    engine.crash(quick.name, 0);
    await run(1);
    engine.crash(long.name, 3);
    await run(1);
    expect(await jobStatus()).toMatchObject({ runs: [{ run: 1, exitCode: 3 }], problem: { reason: 'job-failed' } });
  });

  it('has its image fetched anew where somebody has taken that away', async () => {
    await world.take([backup()]);
    await run(61);
    world.latency.set('pull', 10_000);
    world.restart();
    world.engine.forgetImage('backup:v1');
    await world.wait(30);
    expect(world.engine.mutations.filter((each) => each === 'pull backup:v1')).toHaveLength(2);
    expect(await jobStatus()).toMatchObject({ state: 'scheduled', nextRun: '2026-11-21T02:00:00.000Z' });
    expect(world.events.filter((each) => each.includes('has no image')).length).toBeLessThan(2);
  });

  it('runs when its time has come while a new release of it is being fetched, as soon as that is there', async () => {
    await world.take([backup()]);
    await run(58);
    world.latency.set('pull', 4 * MINUTE);
    world.engine.behave('backup:v2', { exitsAfter: 5_000, exitCode: 0 });
    world.commit([backup({ container: { image: 'backup:v2' } })]);
    await run(10);
    expect(starts).toHaveLength(1);
    expect(starts[0]).toBeGreaterThan(60);
    expect([...world.engine.containers.values()].map(({ slot }) => slot.container.image)).toContain('backup:v2');
    await run(60);
    expect(starts).toHaveLength(2);
    expect(starts[1]).toBe(120);
  });

  it('that waits for its turn still does when it is released anew', async () => {
    world.engine.behave('backup:v1', { exitsAfter: 90 * MINUTE, exitCode: 0 });
    await world.take([backup()]);
    await run(130);
    expect(starts).toEqual([60]);
    world.engine.behave('backup:v2', { exitsAfter: 5_000, exitCode: 0 });
    world.commit([backup({ container: { image: 'backup:v2' } })]);
    await run(25);
    expect(starts).toEqual([60, 150]);
  });

  it('does not run at once when its schedule changes, and has the change in its plan', async () => {
    await world.take([backup()]);
    await run(90);
    world.commit([backup({ schedule: { cron: '*/10 * * * *', timeZone: 'UTC' } })]);
    const { plan } = await world.pass();
    expect(plan.changes).toMatchObject([
      { kind: 'Job', action: 'update', because: 'schedule 0 * * * * UTC → */10 * * * * UTC' },
    ]);
    await run(12);
    expect(starts).toEqual([60, 100]);
  });

  it('that fails once is right again after its next run', async () => {
    world.engine.behave('backup:v1', { exitsAfter: 1_000, exitCode: 2 });
    await world.take([backup()]);
    await run(62);
    expect(await jobStatus()).toMatchObject({ state: 'failed', problem: { reason: 'job-failed' } });
    world.engine.behave('backup:v1', { exitsAfter: 1_000, exitCode: 0 });
    await run(62);
    expect(await jobStatus()).toMatchObject({ state: 'scheduled' });
    expect(world.status(await world.pass()).ready).toBe(true);
  });

  it('has its next run made anew where somebody removed it', async () => {
    await world.take([backup()]);
    world.engine.remove([...world.engine.containers.keys()][0] ?? '');
    const { plan } = await world.pass();
    expect(plan.changes).toMatchObject([{ kind: 'Job', action: 'create' }]);
    await run(70);
    expect(starts).toEqual([60]);
  });

  it('waits for room on the node, and says so', async () => {
    world = new World({ memory: 100 * 1024 ** 2 });
    world.engine.behave('backup:v1', { exitsAfter: 5_000, exitCode: 0 });
    const memory = (megabytes: number) => ({ cpu: 0, memory: megabytes * 1024 ** 2, limits: {} });
    await world.take([backup({ resources: memory(50) }), service({ resources: memory(60) })]);
    await run(62);
    expect(await jobStatus()).toMatchObject({ problem: { reason: 'not-enough-memory' } });
    await world.take([backup({ resources: memory(50) }), service({ resources: memory(40) })]);
    await run(2);
    expect((await jobStatus())?.runs).toHaveLength(1);
  });
});
