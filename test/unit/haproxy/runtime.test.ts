import { expect, test } from 'vitest';
import type { RoutingTable } from '../../../src/core/routing.ts';
import type { LiveServer, LiveServers } from '../../../src/haproxy/live.ts';
import { runtimeChange, wantedMembers } from '../../../src/haproxy/runtime.ts';
import { member, POOL, ROUTE, TABLE } from './tables.ts';

const SLOTS = { [POOL.name]: ['web-1', null] };
const CHECK = `check:${POOL.name}`;
const [SERVER = ''] = wantedMembers(TABLE, SLOTS).keys();
const FREE: LiveServer = { address: '0.0.0.0', port: 8080, maintenance: true, draining: false, weight: 1 };
const UP: LiveServer = { address: '10.0.0.1', port: 8080, maintenance: false, draining: false, weight: 1 };
const RUNNING: LiveServers = new Map([
  [`${CHECK}/s1`, UP],
  [`${CHECK}/s2`, FREE],
  [SERVER, UP],
]);

function commands(
  table: RoutingTable,
  live: LiveServers,
  slots: Readonly<Record<string, readonly (string | null)[]>> = SLOTS,
) {
  const { join, leave } = runtimeChange(table, slots, live);
  return { join: join.map(({ text }) => text), leave: leave.map(({ text }) => text) };
}

function withMembers(...members: readonly ReturnType<typeof member>[]): RoutingTable {
  return { ...TABLE, routes: [{ ...ROUTE, pools: { ...ROUTE.pools, a: { set: 'web', members } } }] };
}

test('asks nothing of a balancer that is as the table wants it', () => {
  expect(commands(TABLE, RUNNING)).toEqual({ join: [], leave: [] });
});

test('lets a new server be checked from down before its member joins', () => {
  const live = new Map([
    [`${CHECK}/s1`, FREE],
    [`${CHECK}/s2`, FREE],
  ]);
  expect(commands(TABLE, live)).toEqual({
    join: [
      `set server ${CHECK}/s1 state maint`,
      `set server ${CHECK}/s1 addr 10.0.0.1`,
      `set server ${CHECK}/s1 state ready`,
      `set server ${CHECK}/s1 health down`,
      `add server ${CHECK}/s1-probe 10.0.0.1:8080 check inter 1s downinter 100ms fall 1 rise 1`,
      `enable health ${CHECK}/s1-probe`,
      `add server ${SERVER} 10.0.0.1:8080 track ${CHECK}/s1`,
      `set server ${SERVER} state ready`,
    ],
    leave: [],
  });
});

test('probes the newest address of a slot, and none of a free one', () => {
  const probed = new Map([...RUNNING, [`${CHECK}/s1`, FREE], [`${CHECK}/s1-probe`, UP]]);
  const gone = `del server ${CHECK}/s1-probe`;
  expect(commands(TABLE, probed).join.slice(4, 6)).toEqual([
    gone,
    `add server ${CHECK}/s1-probe 10.0.0.1:8080 check inter 1s downinter 100ms fall 1 rise 1`,
  ]);
  const { leave } = commands({ ...withMembers(), checks: [{ ...POOL, servers: [] }] }, probed, { [POOL.name]: [null] });
  expect(leave).toEqual([`set server ${SERVER} state maint`, `del server ${SERVER}`, gone]);
});

test('drains, and takes back who is wanted again', () => {
  const draining = withMembers(member('web-1', '10.0.0.1', { state: 'draining' }));
  expect(commands(draining, RUNNING)).toEqual({ join: [], leave: [`set server ${SERVER} state drain`] });
  expect(commands(draining, new Map([...RUNNING, [SERVER, { ...UP, draining: true }]]))).toEqual({
    join: [],
    leave: [],
  });
  expect(commands(TABLE, new Map([...RUNNING, [SERVER, { ...UP, draining: true }]])).join).toEqual([
    `set server ${SERVER} state ready`,
  ]);
});

test('takes out who is not wanted, after the routes, and frees the slot last', () => {
  const empty = { ...withMembers(), checks: [{ ...POOL, servers: [] }] };
  expect(commands(empty, RUNNING, { [POOL.name]: [null, null] })).toEqual({
    join: [],
    leave: [`set server ${SERVER} state maint`, `del server ${SERVER}`, `set server ${CHECK}/s1 state maint`],
  });
});

test('tries again to delete what was left over', () => {
  const left = new Map([...RUNNING, ['web.a/old-123456', { ...UP, maintenance: true }]]);
  expect(runtimeChange(TABLE, SLOTS, left)).toEqual({
    join: [],
    leave: [{ text: 'del server web.a/old-123456', optional: true }],
  });
});

test('takes another port for another server, which joins before the old one leaves', () => {
  const { join, leave } = commands(withMembers(member('web-1', '10.0.0.1', { port: 9090 })), RUNNING);
  expect(join[0]).toMatch(/^add server web\.a\/web-1-\w{6} 10\.0\.0\.1:9090 track /);
  expect(leave).toEqual([`set server ${SERVER} state maint`, `del server ${SERVER}`]);
});

test('leaves servers of backends that are not in the table alone', () => {
  expect(commands(TABLE, new Map([...RUNNING, ['control/master', UP], ['other.a/x', UP]]))).toEqual({
    join: [],
    leave: [],
  });
});

test('tells each member its share of what the route may have, also those that are there', () => {
  const table = withMembers(member('web-1', '10.0.0.1'), member('web-2', '10.0.0.2'));
  const limited = {
    ...table,
    routes: table.routes.map((each) => ({ ...each, traffic: { ...each.traffic, maxConnections: 5 } })),
  };
  const { join } = commands(limited, RUNNING, { [POOL.name]: ['web-1', 'web-2'] });
  expect(join).toContain(`set maxconn server ${SERVER} 3`);
  expect(join).toContainEqual(expect.stringMatching(/^add server web\.a\/web-2-\w+ 10\.0\.0\.2:8080 maxconn 2 track /));
});

test('gives members other weights as they are', () => {
  const heavy = withMembers(member('web-1', '10.0.0.1', { weight: 200 }));
  expect(commands(heavy, RUNNING)).toEqual({ join: [`set server ${SERVER} weight 200`], leave: [] });
  expect(commands(heavy, new Map([...RUNNING, [SERVER, { ...UP, weight: 200 }]])).join).toEqual([]);
  const none = new Map([...RUNNING].filter(([name]) => name !== SERVER));
  expect(commands(heavy, none).join[0]).toContain('10.0.0.1:8080 weight 200 track');
});

test('lets a member weigh what all do where nothing is said of it any more, and leaves one that goes as it is', () => {
  const light = new Map([...RUNNING, [SERVER, { ...UP, weight: 0 }]]);
  expect(commands(TABLE, light).join).toEqual([`set server ${SERVER} weight 1`]);
  const leaving = withMembers(member('web-1', '10.0.0.1', { state: 'draining', weight: 256 }));
  expect(commands(leaving, RUNNING).join).toEqual([]);
});

test('makes no probe for a server that has to succeed more than once', () => {
  const live = new Map([[`${CHECK}/s1`, FREE]]);
  const patient = { ...TABLE, checks: [{ ...POOL, pace: { interval: 1000, rise: 3, fall: 2 } }] };
  expect(commands(patient, live).join.filter((each) => each.includes('probe'))).toEqual([]);
});
