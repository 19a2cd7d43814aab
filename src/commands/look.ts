import type { ObservedState } from '../core/observed.ts';
import type { DesiredState } from '../core/desire.ts';
import type { Balancer, Certificates, Runtime } from '../core/ports.ts';

export interface Seeing extends Required<Pick<ObservedState, 'recorded' | 'gaps'>> {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly certificates: Pick<Certificates, 'look'>;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What is there now. */
export async function look(
  seeing: Seeing,
  { loadBalancers }: Pick<DesiredState, 'loadBalancers'>,
): Promise<ObservedState> {
  const { runtime, balancer, certificates, recorded, gaps, now, signal } = seeing;
  return {
    runtime: await runtime.observe({ signal }),
    balancer: await balancer.observe(),
    certificates: await certificates.look(loadBalancers),
    recorded,
    gaps,
    date: now,
  };
}
