import { expect, test } from 'vitest';
import { routedTable, routeMap, sameMap } from '../../../src/haproxy/routes.ts';
import { assignSlots } from '../../../src/haproxy/slots.ts';
import { member, ROUTE, TABLE } from './tables.ts';

const SLOTS = assignSlots({}, TABLE);

test('leads hosts to the active colour and previews to the idle one', () => {
  const routes = [
    { ...ROUTE, active: 'b' as const, hostnames: ['a.example.com', 'b.example.com'], previews: ['new.example.com'] },
    { ...ROUTE, loadBalancer: 'api', path: '/api' },
  ];
  expect([...routeMap({ ...TABLE, routes }, SLOTS)]).toEqual([
    ['new.example.com/', 'web.a'],
    ['a.example.com/', 'web.b'],
    ['b.example.com/', 'web.b'],
    ['web.example.com/api/', 'api.a'],
  ]);
});

test('lets a hostname win over a preview of the same name', () => {
  expect(routeMap({ ...TABLE, routes: [{ ...ROUTE, previews: ROUTE.hostnames }] }, SLOTS).get('web.example.com/')).toBe(
    'web.a',
  );
});

test('tells the colours and hostnames that a map really has', () => {
  const recorded = { ...TABLE, routes: [{ ...ROUTE, hostnames: ['a.example.com', 'b.example.com'] }] };
  const [route] = routedTable(recorded, new Map([['a.example.com/', 'web.b']])).routes;
  expect(route).toMatchObject({ active: 'b', hostnames: ['a.example.com'] });
  expect(routedTable(recorded, routeMap(recorded, SLOTS))).toEqual(recorded);
});

test('compares maps by their entries', () => {
  const map = new Map([['a/', 'x']]);
  expect([sameMap(map, new Map(map)), sameMap(map, new Map()), sameMap(map, new Map([['a/', 'y']]))]).toEqual([
    true,
    false,
    false,
  ]);
});

test('has a token for each member that clients may stay with, and none for one that leaves', () => {
  const [stays, leaves] = [member('web-1', '10.0.0.1'), member('web-2', '10.0.0.2', { state: 'draining' })];
  const idle = member('web-2', '10.0.0.2', { weight: 0 });
  const pools = { a: { set: 'web', members: [stays, leaves] }, b: { set: '', members: [stays, idle] } };
  const route = { ...ROUTE, pools, traffic: { ...ROUTE.traffic, affinity: 'cookie' as const } };
  const map = routeMap({ ...TABLE, routes: [route] }, SLOTS);
  const token = map.get('!web-1-89d590') ?? '';
  expect(token).toMatch(/^[0-9a-f]{16}$/);
  expect([...map]).toEqual([
    ['web.example.com/', 'web.a'],
    [`!${token}`, 'web-1-89d590'],
    ['!web-1-89d590', token],
  ]);
});

test('leads a port to its route, and tells where a map has not got it yet', () => {
  const table = { ...TABLE, routes: [{ ...ROUTE, hostnames: [], listen: 9000, previews: ['new.example.com'] }] };
  expect([...routeMap(table, SLOTS)]).toEqual([['!tcp:9000', 'web.a']]);
  expect(routedTable(table, routeMap(table, SLOTS))).toEqual(table);
  expect(routedTable(table, new Map([['!tcp:9000', 'web.b']])).routes[0]).toMatchObject({ active: 'b', listen: 9000 });
  expect(routedTable(table, new Map()).routes[0]).not.toHaveProperty('listen');
});
