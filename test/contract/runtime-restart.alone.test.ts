import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateEngine } from '../../script/engine.mjs';
import { ensureImages } from '../../script/images.mjs';
import type { RuntimeEvent } from '../../src/core/ports.ts';
import { openCluster, until } from '../support/docker.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

/** What an operator may have configured: none of it is a deviation of our containers. */
const OPINIONS = [
  '--default-ulimit=nofile=4096:8192',
  '--default-shm-size=32M',
  '--init',
  '--dns=10.255.255.53',
  '--log-driver=local',
  '--no-new-privileges',
];

const SLEEPER = containerSpec({ image: 'lab/busybox:1', command: ['sleep', '3600'], stopSignal: 'SIGKILL' });

describe('an engine that is restarted', () => {
  let engine: Awaited<ReturnType<typeof startPrivateEngine>>;

  beforeAll(async () => {
    engine = await startPrivateEngine({ extraArgs: OPINIONS });
    await ensureImages(engine.host, ['lab/busybox:1']);
  });
  afterAll(() => engine.stop());

  it.each(['restart', 'crash'] as const)('keeps containers and their addresses through a %s', async (how) => {
    await using cluster = openCluster(engine.host);
    const { runtime } = cluster;
    await runtime.ensureNetworks(['default']);
    const ensure = (slot: number) => runtime.ensure(slotSpec({ container: SLEEPER, slot }));
    for (const slot of [1, 2, 3, 4]) await ensure(slot);
    const stopped = (await runtime.observe()).instances.find(({ slot }) => slot === 4);
    if (stopped === undefined) throw new Error('slot 4 is not there');
    await runtime.stop(stopped, { mark: true });
    await runtime.setDiscoverable(stopped, true);
    const facts = async () =>
      (await runtime.observe()).instances
        .map(({ id, slot, address, state, restartPolicy, discoverable, deviations }) => ({
          id,
          slot,
          address,
          state,
          restartPolicy,
          discoverable,
          deviations,
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    const before = await facts();
    expect(before.flatMap(({ deviations }) => deviations)).toEqual([]);

    const stop = new AbortController();
    const seen: RuntimeEvent[] = [];
    const watching = (async () => {
      for await (const event of runtime.watch(stop.signal)) seen.push(event);
    })();
    if (how === 'crash') await engine.kill('SIGKILL');
    await engine.restart();
    // After a crash the engine ends what survived it, and takes that for a stop by hand (seen with 20.10).
    if (how === 'crash') for (const { slot } of before.filter(({ state }) => state === 'running')) await ensure(slot);
    await until(async () => {
      const states = await facts().catch(() => []);
      return states.filter(({ state }) => state === 'running').length === 3;
    }, 60_000);
    expect(await facts()).toEqual(before);
    await until(() => Promise.resolve(seen.some((event) => event.type === 'lost')), 20_000);
    stop.abort();
    await watching;
  });

  it.each(['restart', 'crash'] as const)(
    'tells that it started after all had ended that fell with it: %s',
    async (how) => {
      await using cluster = openCluster(engine.host);
      const { runtime } = cluster;
      await runtime.ensureNetworks(['default']);
      await runtime.ensure(slotSpec({ container: SLEEPER }));
      await runtime.ensure(slotSpec({ container: SLEEPER, release: '5d6e7f8', restart: 'no' }));
      const before = (await runtime.observe()).engineStartedAt;
      expect((await runtime.observe()).engineStartedAt).toBe(before);
      if (how === 'crash') await engine.kill('SIGKILL');
      await engine.restart();
      const { engineStartedAt = 0, instances } = await runtime.observe();
      expect(engineStartedAt).toBeGreaterThan(before ?? Infinity);
      const candidate = instances.find((each) => each.release === '5d6e7f8');
      expect(candidate).toMatchObject({ state: 'exited', restartPolicy: 'no' });
      expect(candidate?.finishedAt).toBeGreaterThan(before ?? Infinity);
      expect(candidate?.finishedAt).toBeLessThan(engineStartedAt);
    },
  );

  it('is engine-unreachable while it is away, and the same runtime goes on afterwards', async () => {
    await using cluster = openCluster(engine.host);
    await cluster.runtime.observe();
    await engine.kill('SIGKILL');
    await expect(cluster.runtime.observe()).rejects.toMatchObject({ reason: 'engine-unreachable' });
    await expect(cluster.runtime.ensureNetworks(['default'])).rejects.toMatchObject({ reason: 'engine-unreachable' });
    await engine.restart();
    expect((await cluster.runtime.observe()).instances).toEqual([]);
  });
});
