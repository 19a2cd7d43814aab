import { expect, it } from 'vitest';
import { Effort } from '../../../src/app/effort.ts';

interface Terms {
  readonly since?: number;
  readonly isCrowded?: boolean;
}

/** Passes of so many milliseconds, each as soon as it may; when each of them begins. */
function beginnings(
  effort: Effort,
  durations: readonly number[],
  { since = 0, isCrowded = true }: Terms = {},
): number[] {
  let now = since;
  return durations.map((duration) => {
    const begunAt = now;
    now += duration;
    now += effort.spend(begunAt, now, isCrowded);
    return begunAt;
  });
}

it('lets several passes go on without a rest', () => {
  expect(beginnings(new Effort(), [50, 50, 50, 50, 50])).toEqual([0, 50, 100, 150, 200]);
});

it('then rests for ten times as long as they take', () => {
  expect(beginnings(new Effort(), [200, 20, 20, 20])).toEqual([0, 200, 420, 640]);
});

it('never rests for more than half a second, and for less where no step waits', () => {
  expect(beginnings(new Effort(), [200, 300, 300])).toEqual([0, 200, 1000]);
  expect(beginnings(new Effort(), [200, 300, 300], { isCrowded: false })).toEqual([0, 200, 600]);
});

it('has its breath back after a while', () => {
  const effort = new Effort();
  beginnings(effort, [200, 20]);
  expect(beginnings(effort, [50, 50, 50], { since: 10_000 })).toEqual([10_000, 10_050, 10_100]);
});

it('takes a clock that was put back for no time at all', () => {
  const effort = new Effort();
  beginnings(effort, [200], { since: 10_000 });
  expect(beginnings(effort, [20, 20])).toEqual([0, 220]);
});
