import type { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';

/** Waits until exactly this many containers of services run, and none is kept beside them; returns their ids. */
export async function runs(scenario: Scenario, count: number): Promise<string[]> {
  const areThere = async () => {
    const states = Object.values(await scenario.containers());
    return states.length === count && states.every((each) => each === 'running') && (await scenario.runningIds());
  };
  return await until(`${count} containers run`, areThere, { every: 200, within: 60_000, seen: () => scenario.logs() });
}
