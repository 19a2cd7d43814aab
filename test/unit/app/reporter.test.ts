import { beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../../src/app/journal.ts';
import type { Pass } from '../../../src/app/reconcile.ts';
import { Reporter } from '../../../src/app/reporter.ts';
import type { Manifest } from '../../../src/core/model.ts';
import { desiredBy } from '../../support/decisions.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

const next = service({ container: { image: 'web:v2', version: 'v2' } });

let world: World;
let journal: Journal;
let reporter: Reporter;
beforeEach(() => {
  world = new World();
  journal = new Journal(world.clock, () => undefined);
  reporter = new Reporter({
    runtime: new MemoryRuntime(world.engine),
    journal,
    clock: world.clock,
    balancerPorts: { http: 8080, https: 8443 },
  });
});

/** The report of a pass over these manifests as revision `id`. */
async function reported(pass: Pass, wanted: readonly Manifest[], id: string, tried = id) {
  const desired = desiredBy({ wanted });
  const revision = { ...desired.revision, id };
  return await reporter.status({ ...desired, revision }, pass, { tried, problems: [] });
}

describe('the revision that was reached in full', () => {
  it('is none before everything is steady, then the one that is kept', async () => {
    const wanted = [service(), loadBalancer()];
    world.commit(wanted);
    const first = await reported(await world.pass(), wanted, 'one');
    expect(first.revision).toMatchObject({ applied: '', lastGood: 'one', tried: 'one' });
    const then = await reported(await world.steady(), wanted, 'one');
    expect(then.revision.applied).toBe('one');
  });

  it('stays the one before while the newest is refused', async () => {
    const pass = await world.take([service()]);
    await reported(pass, [service()], 'one');
    const refused = await reported(pass, [service()], 'one', 'two');
    expect(refused.revision).toMatchObject({ applied: 'one', lastGood: 'one', tried: 'two' });
  });

  it('is not one of which a release was rolled back', async () => {
    await reported(await world.take([service()]), [service()], 'one');
    world.engine.behave('web:v2', { exitsAfter: 500, prints: ['bye'] });
    const status = await reported(await world.take([next]), [next], 'two');
    expect(status.revision).toMatchObject({ applied: 'one', lastGood: 'two' });
    expect(status.services[0]?.problem).toMatchObject({ reason: 'rolled-back', logTail: ['bye'] });
  });

  it('is not one of which an instance does not fit', async () => {
    const wanted = [service({ instances: 2, maxPerNode: 1 })];
    const status = await reported(await world.take(wanted), wanted, 'one');
    expect(status.unscheduled).toHaveLength(1);
    expect(status.revision.applied).toBe('');
  });
});

it('a report has the events, the addresses and the time', async () => {
  const wanted = [service(), loadBalancer()];
  const pass = await world.take(wanted);
  journal.record('started', 'web', 'hello');
  const status = await reported(pass, wanted, 'one');
  expect(status.events).toMatchObject([{ message: 'hello' }]);
  expect(status.services[0]?.url).toEqual(['http://web.example.com:8080/']);
  expect(status.observedAt).toBe(new Date(world.clock.now()).toISOString());
});
