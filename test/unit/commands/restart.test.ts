import { beforeEach, describe, expect, it } from 'vitest';
import { restart, type Passes, type RestartOptions } from '../../../src/commands/restart.ts';
import type { Terminal } from '../../../src/commands/terminal.ts';
import type { Manifest } from '../../../src/core/model.ts';
import { desiredBy } from '../../support/decisions.ts';
import { job, loadBalancer, service } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

let world: World;
let said: { out: string; err: string };
let controller: AbortController;
beforeEach(() => {
  world = new World();
  said = { out: '', err: '' };
  controller = new AbortController();
});

const WEB: Manifest[] = [service({ instances: 2 }), loadBalancer()];
const REPLACED = 'web: 2 instances are replaced.\n';

function terminal(): Terminal {
  const same = (text: string) => text;
  const palette = { good: same, bad: same, warn: same, dim: same, bold: same };
  const out = (text: string) => void (said.out += text);
  const err = (text: string) => void (said.err += text);
  return { out, err, isLive: false, columns: 80, palette };
}

/** Passes of the command itself; time goes on while it sleeps. */
function ownPasses(): Passes {
  const reporter: Passes['reporter'] = {
    status: (_desired, pass) => Promise.resolve(world.status({ ...NO_PASS, ...pass })),
  };
  const sleep = (milliseconds: number) => {
    world.clock.advance(milliseconds);
    return Promise.resolve();
  };
  return { reconciler: world.reconciler, reporter, wake: { sleep } };
}

const NO_PASS = { results: [], moved: false, advanced: false, busy: false, steady: false, rest: 0 };

/** Restarts `web`; `between` happens between two looks of the command. */
async function restarted(change: Partial<RestartOptions> = {}, between = (): unknown => undefined): Promise<number> {
  const reporter: RestartOptions['reporter'] = {
    status: async (_desired, seen) => {
      await between();
      return world.status({ ...NO_PASS, ...seen });
    },
  };
  const seeing = {
    runtime: new MemoryRuntime(world.engine),
    balancer: world.balancer,
    certificates: world.certificates,
  };
  return await restart({
    name: 'web',
    ...seeing,
    anew: (look) => look(seeing),
    recorded: [],
    gaps: [],
    desired: () => Promise.resolve(desiredBy({ wanted: WEB })),
    passes: () => Promise.resolve(undefined),
    reporter,
    prune: { budget: { maxFraction: 0.2, maxCount: 3 }, all: false },
    clock: world.clock,
    signal: controller.signal,
    terminal: terminal(),
    record: () => Promise.resolve(),
    ...change,
  });
}

const idsUp = () => [...world.engine.containers.values()].filter(({ alive }) => alive).map(({ id }) => id);

describe('fairlead restart', () => {
  it('makes the passes itself where nobody else does', async () => {
    await world.take(WEB);
    const before = idsUp();
    expect(await restarted({ passes: () => Promise.resolve(ownPasses()) })).toBe(0);
    expect(said).toEqual({ out: 'web was restarted.\n', err: REPLACED });
    expect(idsUp()).toHaveLength(2);
    expect(idsUp().filter((id) => before.includes(id))).toEqual([]);
  });

  it('waits for the passes of another process, to their end', async () => {
    await world.take(WEB);
    const before = idsUp();
    expect(await restarted({}, () => world.wait(10))).toBe(0);
    expect(said).toEqual({ out: 'web was restarted.\n', err: REPLACED });
    expect(idsUp().filter((id) => before.includes(id))).toEqual([]);
  });

  it('goes on by itself where the other process has gone', async () => {
    await world.take(WEB);
    let looks = 0;
    const passes = () => Promise.resolve(looks++ < 2 ? undefined : ownPasses());
    expect(await restarted({ passes })).toBe(0);
    expect(said.out).toBe('web was restarted.\n');
  });

  it('says what is wrong with the service where it does not get on', async () => {
    const [web, ...others] = [service({ update: { strategy: 'recreate' } }), loadBalancer()];
    const wanted = [web, ...others];
    await world.take(wanted);
    const desired = () => Promise.resolve(desiredBy({ wanted }));
    const fails = () => {
      if (said.err !== '') world.engine.behave('web:v1', { exitsAfter: 1_000 });
      return world.wait(20);
    };
    expect(await restarted({ desired }, fails)).toBe(1);
    expect(said.out).toBe('');
    expect(said.err).toMatch(/^web: its instance is replaced\.\nweb is (failed|degraded): demo-web-\w+-1: .*code 1\n$/);
  });

  it('puts up with what an instance looks like that is long about its end', async () => {
    const wanted = [service({ update: { strategy: 'recreate' } }), loadBalancer()];
    await world.take(wanted);
    const [before] = [...world.engine.containers.values()];
    world.latency.set('stop', 60_000);
    world.onMutation = (mutation) => {
      if (mutation.startsWith('stop')) world.balancer.failing.add(before?.address ?? '');
      if (mutation.startsWith('create')) world.balancer.failing.clear();
    };
    const begun = world.clock.now();
    const desired = () => Promise.resolve(desiredBy({ wanted }));
    expect(await restarted({ desired }, () => world.wait(8))).toBe(0);
    expect(said).toEqual({ out: 'web was restarted.\n', err: 'web: its instance is replaced.\n' });
    expect(world.clock.now() - begun).toBeGreaterThan(60_000);
  });

  it('says so where another revision wants the service no more', async () => {
    await world.take(WEB);
    const revisions = [desiredBy({ wanted: WEB }), desiredBy({ wanted: [] })];
    const desired = () => Promise.resolve(revisions.shift() ?? desiredBy({ wanted: [] }));
    expect(await restarted({ desired })).toBe(1);
    expect(said.err).toContain(`${REPLACED}The revision that this cluster is kept equal to has no service web`);
  });

  it('ends at once where it is told to, whatever does not answer', async () => {
    await world.take(WEB);
    let looks = 0;
    const hangs = () => {
      if (looks++ === 0) return undefined;
      setImmediate(() => controller.abort(new Error('ended by SIGINT')));
      return new Promise(() => undefined);
    };
    expect(await restarted({}, hangs)).toBe(1);
    expect(said).toEqual({
      out: '',
      err: `${REPLACED}It goes on; fairlead status web tells how far it is.\n`,
    });
  });

  it('ends where it is told to in the middle of its own passes', async () => {
    await world.take(WEB);
    const sleep = () => {
      controller.abort(new Error('ended by SIGINT'));
      return Promise.resolve();
    };
    const passes = () => Promise.resolve({ ...ownPasses(), wake: { sleep } });
    expect(await restarted({ passes })).toBe(1);
    expect(said.err).toBe(`${REPLACED}It goes on; fairlead status web tells how far it is.\n`);
  });

  it('marks nothing where it is refused', async () => {
    await world.take(WEB);
    const { length } = world.engine.mutations;
    const withheld = { ...desiredBy({ wanted: WEB }), withheld: ['web'] };
    expect(await restarted({ desired: () => Promise.resolve(withheld) })).toBe(1);
    expect(await restarted({ desired: () => Promise.resolve(undefined) })).toBe(1);
    expect(await restarted({ name: 'api' })).toBe(1);
    const jobs = desiredBy({ wanted: [...WEB, job()] });
    expect(await restarted({ name: 'migrate', desired: () => Promise.resolve(jobs) })).toBe(1);
    expect(said.err.split('\n').map((line) => line.slice(0, 36))).toEqual([
      "The host's policy does not allow web",
      'Nothing has been taken up from this ',
      'No container belongs to a service ap',
      'migrate is a job; fairlead job run m',
      '',
    ]);
    expect(world.engine.mutations).toHaveLength(length);
  });
});
