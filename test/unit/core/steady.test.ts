import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plan } from '../../../src/core/plan/plan.ts';
import { NO_MEMORY } from '../../../src/core/rollout/memory.ts';
import { steadyState } from '../../../src/core/steady.ts';
import { cases, patience } from '../../support/cases.ts';
import { desiredBy, NOW } from '../../support/decisions.ts';
import { anyManifests, readTogether } from '../../support/manifests-arbitrary.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { node } from '../../support/observed.ts';

const PRUNE = { budget: { maxFraction: 0, maxCount: 0 }, all: false };

it(
  'where all has long been done nothing is under way, and the routes stay as they are',
  { ...patience(60_000) },
  () => {
    const isSteady = fc.property(anyManifests, ({ first }) => {
      const desired = desiredBy({ wanted: readTogether(first).manifests });
      const state = steadyState(desired, node({ capabilities: ['ssd', 'gpu', 'moon'] }), NOW);
      const { decisions, jobs, table } = plan(desired, state, NO_MEMORY, NOW, PRUNE);
      expect([...decisions, ...jobs].filter(({ steady }) => !steady)).toEqual([]);
      expect(table).toEqual(state.balancer.table);
    });
    fc.assert(isSteady, cases(30));
  },
);

it('as many instances run as the node has room for, each with an address of its own', () => {
  const resources = { cpu: 1, memory: 0, limits: {} };
  const wanted = [service({ instances: 3, resources }), service({ name: 'api' }), loadBalancer()];
  const { runtime, balancer } = steadyState(desiredBy({ wanted }), node({ cpu: 2 }), NOW);
  const addresses = runtime.instances.map(({ service: name, slot, address }) => `${name} ${slot} ${address ?? ''}`);
  expect(addresses).toEqual(['api 1 10.0.0.0', 'web 1 10.0.0.1', 'web 2 10.0.0.2']);
  expect(balancer.table?.routes[0]?.pools.a.members.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
});
