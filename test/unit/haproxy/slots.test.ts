import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RoutingTable } from '../../../src/core/routing.ts';
import { assignSlots, slotOf, type Slots } from '../../../src/haproxy/slots.ts';
import { POOL } from './tables.ts';

function asking(ids: readonly string[]): RoutingTable {
  const servers = ids.map((id) => ({ id, address: '10.0.0.1' }));
  return { version: 1, checks: [{ ...POOL, servers }], routes: [] };
}

test('gives free slots to new servers and leaves the others where they are', () => {
  const first = assignSlots({}, asking(['one', 'two']));
  expect(first).toEqual({ [POOL.name]: ['one', 'two', null, null] });
  expect(assignSlots(first, asking(['two', 'three']))).toEqual({ [POOL.name]: [null, 'two', 'three', null] });
});

test('grows a full pool, and gives a slot that is being left to nobody yet', () => {
  const full = assignSlots({}, asking(['1', '2', '3', '4']));
  expect(full[POOL.name]).toHaveLength(8);
  const tight = { [POOL.name]: ['1', '2'] };
  expect(assignSlots(tight, asking(['2', '3']))[POOL.name]).toEqual([null, '2', '3', null, null, null, null, null]);
});

test('forgets pools that are gone', () => {
  expect(assignSlots({ gone: ['x'] }, asking([]))).toEqual({ [POOL.name]: [null, null, null, null] });
});

test('keeps every holder in its slot through any history', () => {
  const sets = fc.array(fc.uniqueArray(fc.stringMatching(/^[a-j]$/), { maxLength: 10 }), { maxLength: 12 });
  fc.assert(
    fc.property(sets, (history) => {
      history.reduce<Slots>((slots, ids) => {
        const next = assignSlots(slots, asking(ids));
        expect(ids.every((id) => slotOf(next, POOL.name, id) !== undefined)).toBe(true);
        const stayed = ids.filter((id) => slotOf(slots, POOL.name, id) !== undefined);
        for (const id of stayed) expect(slotOf(next, POOL.name, id)).toBe(slotOf(slots, POOL.name, id));
        expect((next[POOL.name] ?? []).length).toBeGreaterThanOrEqual((slots[POOL.name] ?? []).length);
        return next;
      }, {});
    }),
  );
});
