import { beforeEach, describe, expect, it } from 'vitest';
import { retry } from '../../../src/commands/retry.ts';
import { listener } from '../../support/listener.ts';
import { desire } from '../../../src/core/desire.ts';
import type { Manifest } from '../../../src/core/model.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const release = (tag: string): Manifest[] => [
  service({
    instances: 2,
    container: { image: `web:${tag}`, version: tag },
    update: { failureAction: 'pause', timeout: 10_000 },
  }),
  loadBalancer(),
];

/** What the command prints, with the manifests as the last good revision; releases and names without their hashes. */
async function tried(manifests: readonly Manifest[], name = 'web'): Promise<string> {
  const { terminal, said } = listener();
  const revision = { id: 'c0ffee', message: '', author: '', at: 0 };
  const desired = desire(manifests, { cluster: 'demo', revision });
  const runtime = new MemoryRuntime(world.engine);
  const record = () => Promise.resolve();
  const seeing = {
    runtime,
    balancer: world.balancer,
    certificates: world.certificates,
    recorded: [],
    gaps: [],
    now: world.clock.now(),
  };
  const { signal } = new AbortController();
  await retry({ name, desired, ...seeing, terminal, record, signal });
  return said().replaceAll(/[0-9a-f]{7}/g, 'RELEASE');
}

describe('retry', () => {
  it('ends what a paused rollout waits for, so that it begins anew', async () => {
    await world.take(release('v1'));
    world.balancer.failingImages.add('web:v2');
    world.commit(release('v2'));
    await world.until((pass) => world.status(pass).services[0]?.problem?.reason === 'paused');
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v2#1']);
    expect(await tried(release('v2'))).toBe('web@RELEASE may be tried again: removed demo-web-RELEASE-1.\n');
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2']);
    world.balancer.failingImages.clear();
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1', 'web:v2#2']);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('removes the mark of a release that fell by itself', async () => {
    await world.take(release('v1'));
    world.engine.behave('web:v2', { exitsAfter: 1000 });
    world.commit(release('v2'));
    await world.until(() => world.stopped().length > 0);
    expect(await tried(release('v2'))).toBe('web@RELEASE may be tried again: removed demo-web-RELEASE-1.\n');
    expect(world.stopped()).toEqual([]);
  });

  it('leaves alone what serves, what is on trial, and what there is nothing beside', async () => {
    await world.take(release('v1'));
    world.commit(release('v2'));
    await world.until(() => world.balancer.reachable('web').length > 1);
    const before = world.up();
    expect(await tried(release('v2'))).toBe('Nothing of web is marked as failed.\n');
    expect(world.up()).toEqual(before);
    await world.steady();
    world.balancer.failingImages.add('web:v2');
    await world.wait(2);
    expect(await tried(release('v2'))).toBe('Nothing of web is marked as failed.\n');
    expect(world.up()).toEqual(['web:v2#1', 'web:v2#2']);
  });

  it('knows no service without containers', async () => {
    await world.take(release('v1'));
    expect(await tried([], 'api')).toBe('No container belongs to a service api. The services that have some: web.\n');
  });
});
