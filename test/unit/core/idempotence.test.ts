import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resources } from '../../../src/core/model.ts';
import { cases, isThorough, patience } from '../../support/cases.ts';
import { healthyWorld } from '../../support/healthy-world.ts';
import { isQuiet } from '../../support/invariants.ts';
import {
  anyChange,
  anyManifests,
  readApart,
  readTogether,
  type SpeltManifests,
} from '../../support/manifests-arbitrary.ts';
import { said, sayable } from '../../support/schema-words.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

/** Enough to see that nothing has broken; with more cases thousands are looked at. */
const RUNS = isThorough ? 100 : 15;
const GB = 1024 ** 3;
const LIMIT = patience(60_000);

/** Two spellings of one meaning that once made a new release, each at its smallest. */
const FOUND: readonly (readonly [object, object])[] = [
  [{ ports: [9000, { port: 9000, publish: true }] }, { ports: [{ port: 9000, publish: true }, 9000] }],
  [{ ports: [9000, { port: 9000, hostPort: 9000 }] }, { ports: [{ port: 9000, hostPort: 9000 }] }],
];

describe('manifests that were applied', () => {
  it('leave nothing to do, for this process or the next, however they are written', LIMIT, async () => {
    await fc.assert(fc.asyncProperty(anyManifests, staysAsItIs), cases(RUNS));
  });

  it('that change in one field have a plan that says whether anything is done', LIMIT, async () => {
    await fc.assert(fc.asyncProperty(anyChange, doesWhatItPlans), cases(RUNS));
  });

  it.each(FOUND)('stay as they are: %j', async (first, second) => {
    await staysAsItIs({ first: [serviceOf(first)], second: [serviceOf(second)] });
  });

  it('say everything that there is to say', () => {
    const all = fc
      .sample(anyManifests, { numRuns: 200, seed: 1 })
      .flatMap(({ first, second }) => [...first, ...second]);
    const words = new Set(all.flatMap((each) => said(each)));
    const known = [...sayable('service'), ...sayable('load-balancer'), ...sayable('job')];
    expect(known.filter((word) => !words.has(word))).toEqual([]);
  });
});

describe('what somebody has limited by hand', () => {
  it.each<[string, Resources]>([
    ['cpu', { cpu: 1, memory: 0, limits: {} }],
    ['memory', { cpu: 0, memory: GB, limits: {} }],
    ['limits.cpu', { cpu: 0, memory: 0, limits: { cpu: 1 } }],
    ['limits.memory', { cpu: 0, memory: 0, limits: { memory: GB } }],
  ])('takes another container where nothing was limited, and no more: %s', async (field, resources) => {
    const world = new World();
    await world.take([service({ instances: 2 }), loadBalancer()]);
    const [name = '', other = ''] = [...world.engine.containers.keys()];
    const [first, second] = [world.engine.get(name), world.engine.get(other)];
    first.resources = resources;
    const { plan } = await world.pass();
    expect(plan.changes.map((each) => each.because)).toEqual([`${name}: ${field} should not be set`]);
    await world.steady();
    await isQuiet(world);
    expect(world.engine.get(other)).toBe(second);
    expect([...world.engine.containers.values()]).not.toContain(first);
    expect(world.seen.slice(1)).not.toContain('');
  });
});

function serviceOf(fields: object): object {
  return { kind: 'Service', name: 'web', image: 'web:v1', ...fields };
}

async function staysAsItIs({ first, second }: SpeltManifests): Promise<void> {
  const read = [readTogether(first), readApart(second)];
  expect(read.flatMap((each) => each.problems)).toEqual([]);
  const [written = [], rewritten = []] = read.map((each) => each.manifests);
  const world = healthyWorld(written);
  await world.take(written);
  await isQuiet(world);
  world.commit(rewritten);
  await isQuiet(world);
}

/** What has no room on the node has no change either, but a route and its networks are kept as it wants them. */
async function doesWhatItPlans({
  before,
  after,
}: {
  before: readonly object[];
  after: readonly object[];
}): Promise<void> {
  const [written, changed] = [readTogether(before), readTogether(after)];
  fc.pre(changed.problems.length === 0);
  const world = healthyWorld([...written.manifests, ...changed.manifests]);
  const steady = await world.take(written.manifests);
  const { length } = world.engine.mutations;
  world.commit(changed.manifests);
  const { plan } = await world.pass();
  await world.wait(1);
  const done = world.engine.mutations.slice(length);
  fc.pre([...steady.plan.unscheduled, ...plan.unscheduled].length === 0);
  expect({ changes: plan.changes, isDone: done.length > 0 }).toMatchObject({ isDone: plan.changes.length > 0 });
}
