import { beforeEach, expect, it } from 'vitest';
import { Evidence } from '../../../src/app/evidence.ts';
import type { Instance } from '../../../src/core/observed.ts';
import type { LogLine, LogOptions } from '../../../src/core/ports.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

/** Counts how often the logs of a container are read, and reads none that are unreadable or hang. */
class CountingRuntime extends MemoryRuntime {
  readonly read: string[] = [];
  fault: 'hangs' | 'unreadable' | undefined;

  override async *logs(instance: Instance, options: LogOptions): AsyncIterable<LogLine> {
    this.read.push(instance.name);
    if (this.fault === 'unreadable') throw new Error('configured logging driver does not support reading');
    if (this.fault === 'hangs') await new Promise((end) => options.signal?.addEventListener('abort', end));
    else yield* super.logs(instance, options);
  }
}

const next = (tag: string) => service({ container: { image: `web:${tag}`, version: tag } });

let world: World;
let runtime: CountingRuntime;
let evidence: Evidence;
beforeEach(() => {
  world = new World();
  runtime = new CountingRuntime(world.engine);
  evidence = new Evidence({ runtime, clock: world.clock });
});

it('there is none while all goes well', async () => {
  const { plan } = await world.take([service(), loadBalancer()]);
  expect(await evidence.logTails(plan)).toEqual({});
  expect(runtime.read).toEqual([]);
});

it('the last twenty lines of a release that has failed are read once', async () => {
  await world.take([service()]);
  const prints = Array.from({ length: 25 }, (_, index) => `line ${index}`);
  world.engine.behave('web:v2', { exitsAfter: 500, prints });
  const { plan } = await world.take([next('v2')]);
  const { web } = await evidence.logTails(plan);
  expect(web).toEqual(prints.slice(5));
  await evidence.logTails((await world.pass()).plan);
  expect(runtime.read).toHaveLength(1);
});

it('what fell and is not back is read again after each restart', async () => {
  await world.take([service()]);
  world.engine.behave('web:v1', { exitsAfter: 300, prints: ['hello'] });
  await world.until(({ state }) => (state.runtime.instances[0]?.restarts ?? 0) > 1);
  const tails = await evidence.logTails((await world.pass()).plan);
  expect(tails['web']?.at(-1)).toBe('hello');
  const before = runtime.read.length;
  await world.wait(30);
  await evidence.logTails((await world.pass()).plan);
  expect(runtime.read.length).toBe(before + 1);
});

it.each(['hangs', 'unreadable'] as const)(
  'is missing while the log cannot be read, and asked for a minute later: %s',
  async (fault) => {
    await world.take([service()]);
    world.engine.behave('web:v2', { exitsAfter: 500, prints: ['bye'] });
    const { plan } = await world.take([next('v2')]);
    runtime.fault = fault;
    evidence = new Evidence({ runtime, clock: world.clock, limit: 10 });
    expect(await evidence.logTails(plan)).toEqual({ web: [] });
    runtime.fault = undefined;
    expect(await evidence.logTails(plan)).toEqual({ web: [] });
    expect(runtime.read).toHaveLength(1);
    world.clock.advance(60_000);
    expect(await evidence.logTails(plan)).toEqual({ web: ['bye'] });
  },
);

it('is forgotten once it is over', async () => {
  await world.take([service()]);
  world.engine.behave('web:v2', { exitsAfter: 500 });
  const failed = await world.take([next('v2')]);
  await evidence.logTails(failed.plan);
  expect(await evidence.logTails((await world.take([next('v3')])).plan)).toEqual({});
});
