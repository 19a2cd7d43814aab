import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases, patience } from '../../support/cases.ts';
import { isQuiet } from '../../support/invariants.ts';
import { anyManifests, readApart, readTogether, type SpeltManifests } from '../../support/manifests-arbitrary.ts';
import { said, sayable } from '../../support/schema-words.ts';
import { World } from '../../support/world.ts';

/** Enough to see that nothing has broken; thousands were looked at to find what is below. */
const RUNS = 25;
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

  it.each(FOUND)('stay as they are: %j', async (first, second) => {
    await staysAsItIs({ first: [serviceOf(first)], second: [serviceOf(second)] });
  });

  it('say everything that there is to say', () => {
    const all = fc
      .sample(anyManifests, { numRuns: 100, seed: 1 })
      .flatMap(({ first, second }) => [...first, ...second]);
    const words = new Set(all.flatMap((each) => said(each)));
    const known = [...sayable('service'), ...sayable('load-balancer')];
    expect(known.filter((word) => !words.has(word))).toEqual([]);
  });
});

function serviceOf(fields: object): object {
  return { kind: 'Service', name: 'web', image: 'web:v1', ...fields };
}

async function staysAsItIs({ first, second }: SpeltManifests): Promise<void> {
  const read = [readTogether(first), readApart(second)];
  expect(read.flatMap((each) => each.problems)).toEqual([]);
  const [written = [], rewritten = []] = read.map((each) => each.manifests);
  const world = new World({ capabilities: ['ssd', 'gpu'] });
  for (const manifest of written) {
    if (manifest.kind === 'Service') prepare(world.engine, manifest.container.image);
  }
  await world.take(written);
  await isQuiet(world);
  world.commit(rewritten);
  await isQuiet(world);
}

/** Its containers are healthy at once, and it is there, so that it need not be pulled. */
function prepare(engine: World['engine'], image: string): void {
  engine.behave(image, { healthy: 0 });
  engine.keepImage(image, engine.registryImage(image));
}
