import { desire, type DesiredState } from '../src/core/desire.ts';
import type { ObservedBalancer, ObservedState } from '../src/core/observed.ts';
import type * as planner from '../src/core/plan/plan.ts';
import { NO_MEMORY } from '../src/core/rollout/memory.ts';
import { readManifests } from '../src/manifest/read.ts';
import { instanceOf, node } from '../test/support/observed.ts';
import { routed } from './manifests.ts';
import { median, repeated, row } from './measure.ts';

/** As it is shipped: what runs the measures, tsx, adds to every function. */
const BUILT = new URL('../dist/core/plan/plan.js', import.meta.url).href;
const { plan } = (await import(BUILT)) as typeof planner;

const SIZES = [100, 1_000, 10_000];
const ROUNDS = 15;
/** Passes from the first table to one that nothing is to be done about. */
const SETTLING = 5;
const PRUNE = { budget: { maxFraction: 0.2, maxCount: 3 }, all: false };

/** Planning in memory: what grows with the number of services, and how. */
export async function planning(): Promise<void> {
  let before: number | undefined;
  for (const size of SIZES) {
    const desired = wanted(size);
    const state = steady(desired);
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

/** All of it runs, is routed to, and passes its checks. */
function steady(desired: DesiredState): ObservedState {
  let state = running(desired);
  for (let passes = 1; passes <= SETTLING; passes++) {
    const { table, changes } = planned(desired, state);
    if (changes.length === 0) return state;
    const answer = { check: 'up', description: 'L7OK', sessions: 0, errors: 0 } as const;
    const asked = table.checks.flatMap(({ name, servers }) => servers.map(({ id }) => [`${name}/${id}`, answer]));
    const checks = Object.fromEntries(asked) as ObservedBalancer['checks'];
    state = { ...state, balancer: { state: 'running', table, checks, members: {}, oldWorkers: 0 } };
  }
  throw new Error('The plan of what is to be nothing new has changes.');
}

/** One instance of each, and no balancer yet. */
function running({ services }: DesiredState): ObservedState {
  const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  const instances = services.map(({ service }, index) => instanceOf(service, 1, { address: address(index) }));
  const runtime = {
    node: node({ memory: 2 ** 50 }),
    instances,
    runs: [],
    networks: ['default'],
    partialNetworks: [],
    observedAt: 0,
  };
  return { runtime, balancer: { state: 'absent', checks: {}, members: {}, oldWorkers: 0 }, date: 0 };
}
