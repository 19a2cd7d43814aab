import { beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/core/plan/plan.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

/** What the next pass says about what the manifests change. */
async function planned(...args: Parameters<World['commit']>): Promise<readonly Change[]> {
  world.commit(...args);
  return (await world.pass()).plan.changes;
}

const removalOf = (changes: readonly Change[], kind: Change['kind']) =>
  changes.find((each) => each.kind === kind)?.warnings.map(({ message }) => message);

describe('the removal of a route', () => {
  beforeEach(async () => {
    await world.take([service(), service({ name: 'api' }), loadBalancer()]);
  });

  it('says that its service goes on running, where it does', async () => {
    expect(removalOf(await planned([service(), service({ name: 'api' })]), 'LoadBalancer')).toEqual([
      'The route web.example.com/ is removed; web goes on running.',
    ]);
  });

  it('says that its service goes too, where the same change removes it', async () => {
    const changes = await planned([service({ name: 'api' })], 'remove\n\nFairlead-Prune: 1');
    expect(removalOf(changes, 'LoadBalancer')).toEqual([
      'The route web.example.com/ is removed, and the service web with it.',
    ]);
    expect(removalOf(changes, 'Service')).toEqual(['web is removed: its manifest is gone. Volumes stay.']);
  });

  it.each([{ enabled: false }, { instances: 0 }])('promises nothing of a service that is stopped: %j', async (stop) => {
    expect(removalOf(await planned([service(stop), service({ name: 'api' })]), 'LoadBalancer')).toEqual([
      'The route web.example.com/ is removed.',
    ]);
  });
});

describe('the version of a service', () => {
  const fieldsOf = async (image: string, version: string) => {
    const [change] = await planned([service({ container: { image, version } })]);
    return [
      change?.because,
      ...(change?.fields ?? []).map(({ path, from, to }) => `${path} ${from ?? ''} → ${to ?? ''}`),
    ];
  };
  beforeEach(async () => {
    await world.take([service()]);
  });

  it('is not told where it is the tag of the image', async () => {
    expect(await fieldsOf('web:v2', 'v2')).toEqual(['image web:v1 → web:v2', 'image web:v1 → web:v2']);
  });

  it('is told where it was set, also beside another image', async () => {
    expect(await fieldsOf('web:v1', '2')).toEqual(['version v1 → 2', 'version v1 → 2']);
    expect((await fieldsOf('web:v2', '2')).slice(1)).toEqual(['image web:v1 → web:v2', 'version v1 → 2']);
  });
});
