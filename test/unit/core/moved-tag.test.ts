import { beforeEach, describe, expect, it } from 'vitest';
import { statusMarkdown } from '../../../src/core/status/markdown.ts';
import { service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const always = { pullPolicy: 'always' as const };
const warningsOf = (pass: Awaited<ReturnType<World['pass']>>) =>
  world.status(pass).services.map(({ name, warnings }) => [name, ...(warnings ?? []).map(({ message }) => message)]);

describe('a tag that moved in the registry', () => {
  it('is told for each service that runs it, and what runs stays', async () => {
    await world.take([service(always)]);
    world.engine.moveTag('web:v1');
    const pass = await world.take([service(always), service({ ...always, name: 'shop' })]);
    expect(warningsOf(pass)).toEqual([
      [
        'shop',
        expect.stringMatching(
          /^The tag of web:v1 has moved: it is (sha256:[0-9a-f]{12}) for shop@\w{7} and (?!\1)sha256:[0-9a-f]{12} for web@\w{7}\. /,
        ),
      ],
      ['web', expect.stringMatching(/^The tag of web:v1 has moved: .* for web@\w{7} and .* for shop@\w{7}\. /)],
    ]);
    expect(world.status(pass)).toMatchObject({ ready: true, services: [{ state: 'steady' }, { state: 'steady' }] });
    expect(statusMarkdown(world.status(pass))).toContain('## Warnings\n\n- `unpinned-tag` shop: The tag of web:v1');
    expect((await world.pass()).plan.changes).toEqual([]);
  });

  it('is told where the release that got the new image failed', async () => {
    await world.take([service()]);
    world.engine.moveTag('web:v1');
    world.engine.behave('web:v1', { exitsAfter: 1000 });
    world.commit([service({ container: { version: '2' } })]);
    await world.until(({ plan }) => plan.decisions[0]?.progress?.verdict.quarantined === true);
    world.engine.behave('web:v1', {});
    const pass = await world.steady();
    const [web] = world.status(pass).services;
    expect(web).toMatchObject({ state: 'rolled-back', warnings: [{ code: 'unpinned-tag' }] });
  });

  it('is nothing to tell of once all run the same image, nor between tags', async () => {
    await world.take([service(always)]);
    world.engine.moveTag('web:v1');
    const shop = service({ ...always, name: 'shop' });
    const pass = await world.take([service({ ...always, container: { version: '2' } }), shop]);
    expect(warningsOf(pass)).toEqual([['shop'], ['web']]);
    const other = await world.take([service({ container: { image: 'web:v2', version: 'v2' } }), shop]);
    expect(warningsOf(other)).toEqual([['shop'], ['web']]);
  });
});
