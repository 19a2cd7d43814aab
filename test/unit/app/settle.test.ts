import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/app/settle.ts';
import { desire } from '../../../src/core/desire.ts';
import type { Manifest } from '../../../src/core/model.ts';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

/** What `apply` ends with. */
async function settled(world: World, manifests: readonly Manifest[]): Promise<StatusReport> {
  world.commit(manifests);
  const revision = { id: 'c0ffee', message: '', author: '', at: 0 };
  const options = {
    desired: desire(manifests, { cluster: 'demo', revision }),
    reconciler: world.reconciler,
    reporter: { status: (_: unknown, pass: Parameters<World['status']>[0]) => Promise.resolve(world.status(pass)) },
    wake: {
      sleep: async (milliseconds: number, signal: AbortSignal) => {
        world.clock.advance(milliseconds);
        // So that the limit of a wait without end is seen.
        await setImmediate(undefined, { signal });
      },
    },
    onStatus: () => undefined,
  };
  return await settle(options, AbortSignal.timeout(10_000));
}

it('waits for what fits on the node, where some of it does not', async () => {
  const world = new World();
  const api = service({ name: 'api' });
  await settled(world, [api]);
  const status = await settled(world, [api, service({ instances: 3, maxPerNode: 1 })]);
  expect(status.services).toMatchObject([
    { name: 'api', state: 'steady', running: 1 },
    { name: 'web', state: 'degraded', running: 1, problem: { reason: 'duplicate' } },
  ]);
  expect(world.events).toContain('api: api has reached a steady state');
  expect(world.events).not.toContain('web: web has reached a steady state');
});

describe('an order between services', () => {
  const db = service({ name: 'db' });
  const web = service({ dependsOn: ['db'] });
  const other = service({ name: 'other' });

  it('ends where a service waits for one that is disabled', async () => {
    const status = await settled(new World(), [service({ name: 'db', enabled: false }), web]);
    expect(status.services).toMatchObject([
      { name: 'db', state: 'disabled' },
      { name: 'web', state: 'failed', problem: { reason: 'dependency-not-ready' } },
    ]);
  });

  it('ends where one cannot leave because another cannot', async () => {
    const world = new World();
    await settled(world, [db, web, other]);
    world.engine.beforeMutation = (mutation) => {
      if (/^(stop|remove) .*-web-/.test(mutation)) throw new Error('it cannot be stopped');
    };
    await settled(world, [other]);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#1', 'web:v1#1']);
    expect([...world.engine.containers.keys()].some((name) => name.includes('-db-'))).toBe(true);
  });
});

describe('what all services need', () => {
  /** Whether it has become ready in the end. */
  const comesThrough = async (what: string, failures: number) => {
    const world = new World();
    await settled(world, [service(), loadBalancer()]);
    const { beforeMutation } = world.engine;
    let left = failures;
    world.engine.beforeMutation = (mutation) => {
      if (mutation.startsWith(what) && left-- > 0) throw new Error('the engine is out of sorts');
      return beforeMutation(mutation);
    };
    const other = service({ name: 'api', container: { networks: ['back'] } });
    return (await settled(world, [service(), other, loadBalancer({ path: '/api' })])).ready;
  };

  it.each(['route', 'network'])('is tried three times: %s', async (what) => {
    expect(await comesThrough(what, 2)).toBe(true);
    expect(await comesThrough(what, Infinity)).toBe(false);
  });

  it('does not end before what does not need it has come to its end', async () => {
    const world = new World();
    const web = (tag: string) => service({ instances: 3, container: { image: `web:${tag}`, version: tag } });
    await settled(world, [web('v1'), loadBalancer()]);
    const { beforeMutation } = world.engine;
    world.engine.beforeMutation = (mutation) => {
      if (mutation.startsWith('network')) throw new Error('no address pool is free');
      return beforeMutation(mutation);
    };
    const other = service({ name: 'api', container: { networks: ['back'] } });
    const status = await settled(world, [web('v2'), loadBalancer(), other]);
    expect(world.up()).toEqual(['web:v2#1', 'web:v2#2', 'web:v2#3']);
    expect(status).toMatchObject({ ready: false, services: [{ name: 'api' }, { name: 'web', state: 'steady' }] });
  });
});
