import type { LoadBalancerStatus } from './status.ts';

/** It serves as it should, whether its services do or not. */
export function isServing({ state, problem }: Pick<LoadBalancerStatus, 'state' | 'problem'>): boolean {
  return state === 'no-members' || (state === 'serving' && problem === undefined);
}
