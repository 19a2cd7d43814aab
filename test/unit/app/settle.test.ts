import { expect, it } from 'vitest';
import { settle } from '../../../src/app/settle.ts';
import { desire } from '../../../src/core/desire.ts';
import type { Manifest } from '../../../src/core/model.ts';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { service } from '../../support/manifests.ts';
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
      sleep: (milliseconds: number) => {
        world.clock.advance(milliseconds);
        return Promise.resolve();
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
