import { afterAll, beforeAll, expect, it } from 'vitest';
import { isThorough, patienceOfWalk, some } from '../../support/cases.ts';
import { nameOf } from '../../support/engine-call.ts';
import { ROLLOUTS, type Rollout } from './rollouts.ts';
import { CrashWalk, type Crash, type Point } from './walk.ts';

/**
 * A process that is killed at any call that changes something, before the engine has heard of it or after it has answered,
 * or told to end there: the next one comes to the same state, with nothing left over, and nobody who asks the balancer
 * notices. Who is told to end does so in time, also while the engine lets it wait.
 */

/** Ends of each rollout where not every point is looked at. */
const FEW = 2;
const LONGEST_ENDING = 10_000;

/** `calls`: how many a way took without a crash; another time it may take some more, or fewer. */
function pointsOf(calls: number, { isOneWay }: Rollout): Point[] {
  const numbers = Array.from({ length: isThorough ? calls * 2 : Math.floor(calls * 0.8) }, (_, index) => index + 1);
  const all = numbers.map((at): Point[] => [
    { at, side: 'before', signal: 'SIGKILL' },
    { at, side: 'after', signal: 'SIGKILL' },
    { at, side: 'before', signal: 'SIGTERM' },
  ]);
  if (isThorough) return all.flat();
  const killed = all.flatMap((each) => each.slice(0, 2));
  const told = all.flatMap((each) => each.slice(2));
  return [...some(killed, isOneWay ? FEW / 2 : FEW), ...some(told, 1)];
}

/** The test of a file: each rollout has one of its own, so that two are walked at a time. */
export function isNowhereNoticed(name: keyof typeof ROLLOUTS): void {
  let walk: CrashWalk;
  beforeAll(async () => {
    walk = await CrashWalk.open();
  });
  afterAll(async () => await walk[Symbol.asyncDispose]());

  it('is nowhere noticed in the end', patienceOfWalk(240_000), () => walkThrough(walk, name));
}

async function walkThrough(walk: CrashWalk, name: keyof typeof ROLLOUTS): Promise<void> {
  const rollout: Rollout = ROLLOUTS[name];
  const [first, second] = rollout.versions;
  await walk.learn(first);
  const calls = await walk.learn(second);
  const crashes: Crash[] = [];
  let [there, back] = [first, second];
  const goTo = async (point: Point) => {
    const crash = await walk.crash(there, point);
    crashes.push(crash);
    [there, back] = [back, there];
    console.log(told(name, point, crash));
    if (!rollout.hasGap) expect(crash.report.failures).toEqual([]);
    if (point.signal === 'SIGTERM') expect(crash.ending).toBeLessThan(LONGEST_ENDING);
    return crash.call !== undefined;
  };
  for (const point of pointsOf(calls, rollout)) {
    const wasKilled = await goTo(point);
    const wasKilledBack = rollout.isOneWay && (await goTo(point));
    if (!wasKilled && !wasKilledBack && point.signal === 'SIGTERM') break;
  }
  console.log(`${name}: ${calls} calls without a crash, ${crashes.length} crashes`);
  const { work } = walk.scenario.repository.origin;
  expect((await walk.scenario.fairlead('plan', work)).stdout).toMatch(/^Nothing to do/);
  expect(crashes.some(({ call }) => call !== undefined)).toBe(true);
}

/** `POST /containers/3f9c1a2/start` */
function shortened(name: string): string {
  return name
    .replaceAll(/([0-9a-f]{7})[0-9a-f]{57}/g, '$1')
    .replaceAll('\n', ' ')
    .slice(0, 70);
}

function told(name: string, { at, side, signal }: Point, { call, report, ending }: Crash): string {
  const where =
    call === undefined ? 'no such call' : `${signal} ${side} ${shortened(nameOf(call))}, ended in ${ending} ms`;
  const { requests, failureCount, seconds } = report;
  const gap = failureCount > 0 ? `, a gap of ${Math.round((failureCount / requests) * seconds * 10) / 10} s` : '';
  return `${name}, call ${at}, ${where}: ${requests} requests, ${failureCount} failed${gap}`;
}
