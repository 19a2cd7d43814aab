import type { ObservedState } from '../core/observed.ts';
import type { Balancer, Runtime } from '../core/ports.ts';

export interface Seeing extends Required<Pick<ObservedState, 'recorded' | 'gaps'>> {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What is there now. */
export async function look({ runtime, balancer, recorded, gaps, now, signal }: Seeing): Promise<ObservedState> {
  return { runtime: await runtime.observe({ signal }), balancer: await balancer.observe(), recorded, gaps, date: now };
}
