import type { DesiredState } from '../desire.ts';
import type { ObservedNode } from '../observed.ts';
import { NO_MEMORY } from '../rollout/memory.ts';
import { steadyState } from '../steady.ts';
import { plan, type Plan, type PrunePermission } from './plan.ts';

/** More cores and bytes than anybody asks for. */
const ROOM = { cpu: 2 ** 20, memory: 2 ** 50 };

/** What would change where all of `before` runs steadily, on a host with room for everything. */
export function planAgainst(before: DesiredState, after: DesiredState, now: number, prune: PrunePermission): Plan {
  return plan(after, steadyState(before, hostFor([before, after]), now), NO_MEMORY, now, prune);
}

/** A host that nobody has seen: whatever they require is there. */
function hostFor(wanted: readonly DesiredState[]): ObservedNode {
  const needs = wanted.flatMap(({ services, jobs }) => [
    ...services.flatMap(({ service }) => service.requirements),
    ...jobs.flatMap(({ job }) => job.requirements),
  ]);
  return {
    name: 'any host',
    ...ROOM,
    foreign: { cpu: 0, memory: 0 },
    capabilities: [...new Set(needs)].sort(),
    engineVersion: '',
    foreignHostPorts: [],
  };
}
