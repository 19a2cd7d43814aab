import { desire, type DesiredState } from '../src/core/desire.ts';
import type { ObservedState } from '../src/core/observed.ts';
import { plan } from '../src/core/plan/plan.ts';
import { NO_MEMORY } from '../src/core/rollout/memory.ts';
import { readManifests } from '../src/manifest/read.ts';
import { instanceOf, node } from '../test/support/observed.ts';
import { routed } from './manifests.ts';
import { median, repeated, row } from './measure.ts';

const SIZES = [100, 1_000, 10_000];
const ROUNDS = 7;
const PRUNE = { budget: { maxFraction: 0.2, maxCount: 3 }, all: false };

/** Planning in memory: what grows with the number of services, and how. */
export async function planning(): Promise<void> {
  let before: number | undefined;
  for (const size of SIZES) {
    const desired = wanted(size);
    const state = steady(desired);
    const times = await repeated(ROUNDS, () => Promise.resolve(plan(desired, state, NO_MEMORY, Date.now(), PRUNE)));
    row(`plan ${size} services with a route each, in memory`, median(times), before);
    before = median(times);
  }
}

function wanted(size: number): DesiredState {
  const files = Array.from({ length: size }, (_, index) => ({ path: `s${index}.yaml`, text: routed(`s${index}`) }));
  const revision = { id: 'bench', message: '', author: '', at: 0 };
  return desire(readManifests(files).manifests, { cluster: 'bench', revision });
}

/** One instance of each runs. */
function steady({ services }: DesiredState): ObservedState {
  const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  const instances = services.map(({ service }, index) => instanceOf(service, 1, { address: address(index) }));
  const runtime = { node: node({ memory: 2 ** 50 }), instances, networks: ['default'], observedAt: 0 };
  return { runtime, balancer: { state: 'absent', checks: {}, members: {}, oldWorkers: 0 } };
}
