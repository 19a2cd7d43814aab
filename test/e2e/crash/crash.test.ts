import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isThorough, patience } from '../../support/cases.ts';
import { nameOf } from '../../support/engine-call.ts';
import { ROLLOUTS, type Rollout } from './rollouts.ts';
import { CrashWalk, type Crash, type Point } from './walk.ts';

/**
 * A process that is killed at any call that changes something, before the engine has heard of it or after it has answered:
 * the next one comes to the same state, with nothing left over, and nobody who asks the balancer notices.
 */

/** Crashes of each rollout where not every point is looked at. */
const FEW = 2;

let walk: CrashWalk;
beforeAll(async () => {
  walk = await CrashWalk.open();
});
afterAll(async () => await walk[Symbol.asyncDispose]());

/** `calls`: how many a way took without a crash; another time it may take some more, or fewer. */
function pointsOf(calls: number, { isOneWay }: Rollout): Point[] {
  const numbers = Array.from({ length: isThorough ? calls * 2 : Math.floor(calls * 0.8) }, (_, index) => index + 1);
  const all = numbers.flatMap((at): Point[] => [
    { at, side: 'before' },
    { at, side: 'after' },
  ]);
  const count = isOneWay ? FEW / 2 : FEW;
  const [few = []] = fc.sample(fc.shuffledSubarray(all, { minLength: count, maxLength: count }), 1);
  return isThorough ? all : few;
}

it.for(ROLLOUTS)('is nowhere noticed in the end: $name', patience(240_000), async (rollout) => {
  const [first, second] = rollout.versions;
  await walk.learn(first);
  const calls = await walk.learn(second);
  const crashes: Crash[] = [];
  let [there, back] = [first, second];
  const goTo = async (point: Point) => {
    const crash = await walk.crash(there, point);
    crashes.push(crash);
    [there, back] = [back, there];
    console.log(told(rollout.name, point, crash));
    if (!rollout.hasGap) expect(crash.report.failures).toEqual([]);
    return crash.call !== undefined;
  };
  for (const point of pointsOf(calls, rollout)) {
    const wasKilled = await goTo(point);
    const wasKilledBack = rollout.isOneWay && (await goTo(point));
    if (!wasKilled && !wasKilledBack && point.side === 'after') break;
  }
  console.log(`${rollout.name}: ${calls} calls without a crash, ${crashes.length} crashes`);
  const { work } = walk.scenario.repository.origin;
  expect((await walk.scenario.fairlead('plan', work)).stdout).toMatch(/^Nothing to do/);
  expect(crashes.some(({ call }) => call !== undefined)).toBe(true);
});

/** `POST /containers/3f9c1a2/start` */
function shortened(name: string): string {
  return name
    .replaceAll(/([0-9a-f]{7})[0-9a-f]{57}/g, '$1')
    .replaceAll('\n', ' ')
    .slice(0, 70);
}

function told(name: string, { at, side }: Point, { call, report }: Crash): string {
  const where = call === undefined ? 'no such call' : `${side} ${shortened(nameOf(call))}`;
  const { requests, failureCount, seconds } = report;
  const gap = failureCount > 0 ? `, a gap of ${Math.round((failureCount / requests) * seconds * 10) / 10} s` : '';
  return `${name}, call ${at}, ${where}: ${requests} requests, ${failureCount} failed${gap}`;
}
