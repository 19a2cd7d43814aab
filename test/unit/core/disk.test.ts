import { expect, it } from 'vitest';
import { roomOn, type Room } from '../../../src/core/disk.ts';

const limits = { warnAbove: 0.85, refuseAbove: 0.95 };

/** What a disk of a hundred bytes is taken for as it fills up and is emptied. */
function rooms(...used: readonly number[]): Room[] {
  let room: Room = 'ample';
  return used.map((each) => (room = roomOn({ size: 100, free: 100 - each }, limits, room)));
}

it('is scarce above the first limit, and none above the second', () => {
  expect(rooms(0, 85, 86, 95, 96, 100)).toEqual(['ample', 'ample', 'scarce', 'scarce', 'none', 'none']);
});

it('comes back a little below the limit, so that a disk at its limit stays on one side', () => {
  expect(rooms(96, 95, 94, 92, 86, 84, 82)).toEqual(['none', 'none', 'none', 'scarce', 'scarce', 'scarce', 'ample']);
});

it('is ample on a disk of which nothing is known', () => {
  expect(roomOn({ size: 0, free: 0 }, limits, 'ample')).toBe('ample');
});
