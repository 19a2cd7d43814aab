import { desire, type DesiredState } from '../src/core/desire.ts';
import type { ObservedState } from '../src/core/observed.ts';
import type * as planner from '../src/core/plan/plan.ts';
import { NO_MEMORY } from '../src/core/rollout/memory.ts';
import { steadyState } from '../src/core/steady.ts';
import { readManifests } from '../src/manifest/read.ts';
import { node } from '../test/support/observed.ts';
import { routed } from './manifests.ts';
import { median, repeated, row } from './measure.ts';

/** As it is shipped: what runs the measures, tsx, adds to every function. */
const BUILT = new URL('../dist/core/plan/plan.js', import.meta.url).href;
const { plan } = (await import(BUILT)) as typeof planner;

const SIZES = [100, 1_000, 10_000];
const ROUNDS = 15;
const PRUNE = { budget: { maxFraction: 0.2, maxCount: 3 }, all: false };

/** Planning in memory: what grows with the number of services, and how. */
export async function planning(): Promise<void> {
  let before: number | undefined;
  for (const size of SIZES) {
    const desired = wanted(size);
    const state = steadyState(desired, node({ memory: 2 ** 50 }), Date.now());
    if (planned(desired, state).changes.length > 0)
      throw new Error('The plan of what is to be nothing new has changes.');
    const times = await repeated(ROUNDS, () => Promise.resolve(planned(desired, state)));
    row(`plan ${size} services with a route each, in memory`, median(times), {
      ...(before !== undefined && { beside: before }),
      ...(size === Math.max(...SIZES) && { bar: 1_000, ratioBar: 12 }),
    });
    before = median(times);
  }
}

function planned(desired: DesiredState, state: ObservedState): planner.Plan {
  return plan(desired, state, NO_MEMORY, Date.now(), PRUNE);
}

function wanted(size: number): DesiredState {
  const files = Array.from({ length: size }, (_, index) => ({ path: `s${index}.yaml`, text: routed(`s${index}`) }));
  const revision = { id: 'bench', message: '', author: '', at: 0 };
  return desire(readManifests(files).manifests, { cluster: 'bench', revision });
}
