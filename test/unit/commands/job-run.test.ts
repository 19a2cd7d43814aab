import { beforeEach, describe, expect, it } from 'vitest';
import { runJob } from '../../../src/commands/job-run.ts';
import { listener } from '../../support/listener.ts';
import { desire } from '../../../src/core/desire.ts';
import type { Job } from '../../../src/core/model.ts';
import { job } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.engine.behave('migrate:v1', { exitsAfter: 2_000, exitCode: 0, prints: ['migrated'] });
});

/** What the command prints and ends with; each look at the clock takes ten seconds. */
async function ran(wanted: Job, detached = false): Promise<{ said: string; code: number }> {
  const { terminal, said } = listener();
  const revision = { id: 'c0ffee', message: '', author: '', at: 0 };
  const now = () => {
    world.clock.advance(10_000);
    return world.clock.now();
  };
  const code = await runJob({
    name: 'migrate',
    desired: desire([wanted], { cluster: 'demo', revision }),
    runtime: new MemoryRuntime(world.engine),
    detached,
    signal: new AbortController().signal,
    now,
    terminal,
    record: () => Promise.resolve(),
  });
  return { said: said().replaceAll(/[0-9a-f]{7}/g, 'RELEASE'), code };
}

const images = () => [...world.engine.containers.values()].map(({ image }) => image.id);

describe('job run', () => {
  it('prints what the run prints and ends with its exit code', async () => {
    world.engine.behave('migrate:v1', { exitsAfter: 2_000, exitCode: 3, prints: ['no such table'] });
    expect(await ran(job())).toEqual({
      said: 'migrate@RELEASE, run 1, has begun.\nno such table\n',
      code: 3,
    });
  });

  it('runs the image that its release has had, wherever the tag leads to since', async () => {
    await world.take([job()]);
    world.engine.moveTag('migrate:v1');
    await ran(job({ pullPolicy: 'always' }));
    const [first, second] = images();
    expect(second).toBe(first);
  });

  it('fetches the image anew where somebody has taken it away', async () => {
    await world.take([job()]);
    world.engine.forgetImage('migrate:v1');
    expect(await ran(job())).toMatchObject({ code: 0 });
    expect(world.engine.mutations.filter((each) => each === 'pull migrate:v1')).toHaveLength(2);
  });

  it('does not begin beside a run that has begun while its own was made', async () => {
    await world.take([job()]);
    world.engine.behave('migrate:v1', {});
    let isBegun = false;
    world.onMutation = (mutation) => {
      const [other] = world.engine.containers.values();
      if (isBegun || other === undefined || !mutation.startsWith('create')) return;
      isBegun = true;
      world.engine.start(other);
    };
    expect(await ran(job())).toEqual({
      said: 'migrate runs already: run 1. Wait for its end, or set its `concurrency`.\n',
      code: 1,
    });
    expect(world.up()).toEqual(['migrate:v1#1']);
  });

  it('ends a run whose time is over where nobody else does', async () => {
    world.engine.behave('migrate:v1', { prints: ['at work'] });
    const { said, code } = await ran(job({ timeout: 20_000 }));
    expect(said).toBe(
      'migrate@RELEASE, run 1, has begun.\nat work\nmigrate has run for longer than its timeout of 20 s, and is stopped.\n',
    );
    expect(code).toBe(1);
    expect(world.up()).toEqual([]);
  });
});
