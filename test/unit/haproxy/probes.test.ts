import { expect, test } from 'vitest';
import type { ServerStat, Stats } from '../../../src/haproxy/live.ts';
import { learnt, withProbes } from '../../../src/haproxy/probes.ts';

const SLOT = 'check:web/s1';
const PROBE = `${SLOT}-probe`;
const GONE = [`del server ${PROBE}`];
const PASSED = stat('MAINT', 'L7OK');

function stat(status: string, check: string, address = '10.0.0.1:8080'): ServerStat {
  return { status, check, code: check === 'L7OK' ? '200' : '', address, sessions: 0, errors: 0, requests: 0, queue: 0 };
}

function stats(slot: ServerStat, probe: ServerStat): Stats {
  return new Map([
    [SLOT, slot],
    [PROBE, probe],
  ]);
}

function told(slot: ServerStat, probe: ServerStat): string[] {
  return learnt(stats(slot, probe)).map(({ text }) => text);
}

test.each([
  ['nobody has asked yet', stat('MAINT', 'INI')],
  ['nobody listens', stat('MAINT', 'L4CON')],
  ['got the wrong answer', stat('MAINT', 'L7STS')],
])('learns nothing from a probe that %s', (_, probe) => {
  expect(told(stat('DOWN', 'L4CON'), probe)).toEqual([]);
  expect(withProbes(stats(stat('UP', 'INI'), probe)).get(SLOT)).toEqual(stat('UP', 'INI'));
});

test('sends up who is down, and keeps the answer until there is an own one', () => {
  expect(told(stat('DOWN', 'L4CON'), PASSED)).toEqual([`set server ${SLOT} health up`]);
  expect(told(stat('UP', 'L4CON'), PASSED)).toEqual([]);
  expect(withProbes(stats(stat('UP', 'L4CON'), PASSED)).get(SLOT)).toEqual(stat('UP', 'L7OK'));
  expect(withProbes(stats(stat('DOWN', 'L4CON'), PASSED)).get(SLOT)).toEqual(stat('DOWN', 'L4CON'));
});

test.each([
  ['has its own answer', stat('UP', 'L7OK')],
  ['is free again', stat('MAINT', 'L4CON')],
  ['has another address', stat('DOWN', 'L4CON', '10.0.0.2:8080')],
])('takes the probe away from a slot that %s', (_, slot) => {
  expect(told(slot, PASSED)).toEqual(GONE);
});

test('takes the probe away whose slot is gone', () => {
  expect(learnt(new Map([[PROBE, PASSED]])).map(({ text }) => text)).toEqual(GONE);
});
