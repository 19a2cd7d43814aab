import type { ObservedState, RecordedRun } from '../core/observed.ts';
import type { Balancer, Runtime } from '../core/ports.ts';

export interface Seeing {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  /** See ObservedState. */
  readonly recorded: readonly RecordedRun[];
  readonly now: number;
}

/** What is there now. */
export async function look({ runtime, balancer, recorded, now }: Seeing): Promise<ObservedState> {
  return { runtime: await runtime.observe(), balancer: await balancer.observe(), recorded, date: now };
}
