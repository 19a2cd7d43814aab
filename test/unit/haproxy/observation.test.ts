import { expect, test } from 'vitest';
import type { ServerStat } from '../../../src/haproxy/live.ts';
import { observedChecks, observedMembers, observedTable } from '../../../src/haproxy/observation.ts';
import { wantedMembers } from '../../../src/haproxy/runtime.ts';
import { member, POOL, ROUTE, TABLE } from './tables.ts';

const SLOTS = { [POOL.name]: ['web-1', 'web-2'] };
const [SERVER = ''] = wantedMembers(TABLE, SLOTS).keys();
const OK: ServerStat = {
  status: 'UP',
  check: 'L7OK',
  code: '200',
  address: '10.0.0.1:8080',
  sessions: 0,
  errors: 0,
  requests: 0,
  queue: 0,
};

function checkOf(stat: Partial<ServerStat>) {
  const stats = new Map([[`check:${POOL.name}/s1`, { ...OK, ...stat }]]);
  const { check, description } = observedChecks(TABLE, SLOTS, stats)[`${POOL.name}/web-1`] ?? {};
  return `${check ?? 'missing'} ${description ?? ''}`;
}

test('tells results of checks in the words of HAProxy', () => {
  expect(checkOf({})).toBe('up L7OK');
  expect(checkOf({ status: 'UP 1/2' })).toBe('up L7OK');
  expect(checkOf({ status: 'DOWN', check: 'L7STS', code: '503' })).toBe('down L7STS/503');
  expect(checkOf({ status: 'DOWN', check: 'L4CON', code: '' })).toBe('down L4CON');
});

test('calls a server starting until the worker has asked it', () => {
  expect(checkOf({ check: 'INI', code: '' })).toBe('starting INI');
  expect(checkOf({ status: 'MAINT' })).toMatch(/^starting/);
  // The last answer was another server's, which had the slot before.
  expect(checkOf({ status: 'DOWN' })).toMatch(/^starting/);
  expect(observedChecks(TABLE, SLOTS, new Map())[`${POOL.name}/web-2`]).toMatchObject({ check: 'starting' });
});

test('tells sessions and errors of members beside the result of their check', () => {
  const stats = new Map([
    [`check:${POOL.name}/s1`, OK],
    [SERVER, { ...OK, check: '', code: '', sessions: 3, errors: 2, requests: 0, queue: 0 }],
  ]);
  expect(observedMembers(TABLE, SLOTS, stats)).toEqual({
    'web/a/web-1': { check: 'up', description: 'L7OK', sessions: 3, errors: 2, requests: 0, queue: 0 },
  });
});

test('shows of the table only what the worker has', () => {
  const second = { ...OK, address: '10.0.0.2:8080' };
  const stats = new Map([
    [`check:${POOL.name}/s1`, OK],
    [`check:${POOL.name}/s2`, second],
    [SERVER, OK],
  ]);
  expect(observedTable(TABLE, SLOTS, stats)).toEqual(TABLE);
  const without = (name: string) => new Map([...stats].filter(([key]) => key !== name));
  expect(observedTable(TABLE, SLOTS, without(SERVER)).routes[0]?.pools.a.members).toEqual([]);
  expect(
    observedTable(TABLE, SLOTS, new Map([...stats, [SERVER, { ...OK, status: 'DRAIN' }]])).routes[0]?.pools.a.members,
  ).toEqual([]);
  expect(observedTable(TABLE, SLOTS, without(`check:${POOL.name}/s2`)).checks[0]?.servers).toEqual([POOL.servers[0]]);
  const elsewhere = new Map([...stats, [`check:${POOL.name}/s2`, { ...OK, address: '10.0.0.20:8080' }]]);
  expect(observedTable(TABLE, SLOTS, elsewhere).checks[0]?.servers).toEqual([POOL.servers[0]]);
});

test('counts a draining member as there, in maintenance too', () => {
  const members = [member('web-1', '10.0.0.1', { state: 'draining' })];
  const table = { ...TABLE, routes: [{ ...ROUTE, pools: { ...ROUTE.pools, a: { set: 'web', members } } }] };
  const stats = new Map([[SERVER, { ...OK, status: 'MAINT' }]]);
  expect(observedTable(table, SLOTS, stats).routes).toEqual(table.routes);
});
