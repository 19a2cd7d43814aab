import { expect, test } from 'vitest';
import { routedTable, routeMap, sameMap } from '../../../src/haproxy/routes.ts';
import { ROUTE, TABLE } from './tables.ts';

test('leads hosts to the active colour and previews to the idle one', () => {
  const routes = [
    { ...ROUTE, active: 'b' as const, hostnames: ['a.example.com', 'b.example.com'], previews: ['new.example.com'] },
    { ...ROUTE, loadBalancer: 'api', path: '/api' },
  ];
  expect([...routeMap({ ...TABLE, routes })]).toEqual([
    ['new.example.com/', 'web.a'],
    ['a.example.com/', 'web.b'],
    ['b.example.com/', 'web.b'],
    ['web.example.com/api/', 'api.a'],
  ]);
});

test('lets a hostname win over a preview of the same name', () => {
  expect(routeMap({ ...TABLE, routes: [{ ...ROUTE, previews: ROUTE.hostnames }] }).get('web.example.com/')).toBe(
    'web.a',
  );
});

test('tells the colours and hostnames that a map really has', () => {
  const recorded = { ...TABLE, routes: [{ ...ROUTE, hostnames: ['a.example.com', 'b.example.com'] }] };
  const [route] = routedTable(recorded, new Map([['a.example.com/', 'web.b']])).routes;
  expect(route).toMatchObject({ active: 'b', hostnames: ['a.example.com'] });
  expect(routedTable(recorded, routeMap(recorded))).toEqual(recorded);
});

test('compares maps by their entries', () => {
  const map = new Map([['a/', 'x']]);
  expect([sameMap(map, new Map(map)), sameMap(map, new Map()), sameMap(map, new Map([['a/', 'y']]))]).toEqual([
    true,
    false,
    false,
  ]);
});
