import { expect, test } from 'vitest';
import type { Route, RoutingTable } from '../../../src/core/routing.ts';
import { renderConfig, serverArguments, skeletonOf } from '../../../src/haproxy/config.ts';
import { assignSlots } from '../../../src/haproxy/slots.ts';
import { member, POOL, ROUTE, SETTINGS, TABLE } from './tables.ts';

function render(table: RoutingTable, settings = SETTINGS): string {
  return renderConfig(table, settings, assignSlots({}, table));
}

function skeleton(table: RoutingTable, settings = SETTINGS): string {
  return skeletonOf(table, settings, assignSlots({}, table));
}

function withRoute(change: Partial<Route>): RoutingTable {
  return { ...TABLE, routes: [{ ...ROUTE, ...change }] };
}

test('renders routes as two backends whose members follow the slots of their check', () => {
  expect(render(TABLE).slice(render(TABLE).indexOf('backend web.a'))).toBe(`backend web.a
  balance roundrobin
  timeout connect 10000ms
  timeout server 50000ms
  timeout tunnel 3600000ms
  http-error status 503 content-type text/plain string 'Load balancer web has no member that answers.'
  server web-1-89d590 10.0.0.1:8080 track check:web.http.8080.1a2b3c4/s1

backend web.b
  balance roundrobin
  timeout connect 10000ms
  timeout server 50000ms
  timeout tunnel 3600000ms
  http-error status 503 content-type text/plain string 'Load balancer web has no member that answers.'

backend check:web.http.8080.1a2b3c4
  option httpchk
  http-check send meth GET uri '/health' ver HTTP/1.1 hdr Host web
  http-check expect status 200-399
  timeout connect 1000ms
  timeout check 1000ms
  default-server check inter 1000ms fastinter 500ms downinter 250ms fall 2 rise 1
  server s1 10.0.0.1:8080
  server s2 10.0.0.2:8080
  server s3 0.0.0.0:8080 disabled
  server s4 0.0.0.0:8080 disabled
`);
});

test('leaves members out whose check has no slot, and starts draining ones without traffic', () => {
  expect(renderConfig(TABLE, SETTINGS, { [POOL.name]: [null, null] })).not.toContain('server web-1');
  const draining = { ...ROUTE.pools, a: { set: 'web', members: [member('web-1', '10.0.0.1', { state: 'draining' })] } };
  expect(render(withRoute({ pools: draining }))).toMatch(/server web-1-\w+ 10\.0\.0\.1:8080 track \S+ disabled/);
});

test('connects only, where the check is no http', () => {
  const pool = { ...POOL, check: { type: 'tcp' as const, port: 5432 } };
  const config = render({ version: 1, checks: [pool], routes: [] });
  expect(config).not.toContain('httpchk');
  expect(config).toContain('server s1 10.0.0.1:5432\n');
});

test('gives a route a client timeout of its own, or before 3.0 the longest to all', () => {
  const withTimeout = (loadBalancer: string, client: number) => ({
    ...ROUTE,
    loadBalancer,
    timeouts: { ...ROUTE.timeouts, client },
  });
  const config = render({ ...TABLE, routes: [ROUTE, withTimeout('short', 5000), withTimeout('long', 90_000)] });
  expect(config).toContain(`
  .if version_atleast(3.0)
  timeout client 50000ms
  .else
  timeout client 90000ms
  .endif
`);
  expect(config).toContain(`
  .if version_atleast(3.0)
  http-request set-timeout client 5000ms if { var(txn.backend) -m str short.a short.b }
  http-request set-timeout client 90000ms if { var(txn.backend) -m str long.a long.b }
  .endif
`);
  expect(render(TABLE)).not.toMatch(/version_atleast|set-timeout/);
});

test('takes off the path itself, whatever signs it has', () => {
  expect(render(withRoute({ path: '/a.b', stripPath: true }))).toContain(
    `http-request replace-path '^/a\\.b/?(.*)' '/\\1'`,
  );
  expect(render(withRoute({ stripPath: true }))).not.toContain('replace-path');
});

test('listens on IPv6 addresses, and not at all with http turned off', () => {
  expect(render(TABLE, { ...SETTINGS, http: { address: '::', port: 80, shown: 80 } })).toContain('bind [::]:80\n');
  const { http: _, ...off } = SETTINGS;
  expect(render(TABLE, off)).not.toContain('frontend http');
});

test('listens only where there is a route, and checks without one', () => {
  expect(render({ ...TABLE, routes: [] })).not.toMatch(/frontend http|:80\n/);
  expect(render({ ...TABLE, routes: [] })).toContain('backend check:');
});

test('logs requests in the frontend alone, where it is wanted', () => {
  const [before = '', frontend = '', after = ''] = render(TABLE).split(/(frontend http\n.*?)\n\n/s);
  expect(frontend).toContain('log stdout len 4096 format raw local0 info\n');
  expect(frontend).toContain('path="%HPO"');
  expect(before + after).not.toMatch(/\blog(-format)? /);
  expect(render(TABLE, { ...SETTINGS, accessLog: false })).not.toMatch(/\blog(-format)? |capture/);
});

test('needs no reload for servers, colours, hostnames and drains', () => {
  const members = [member('web-1', '10.0.0.1', { state: 'draining' }), member('web-2', '10.0.0.2')];
  const same = [
    withRoute({ active: 'b', previews: ['x.example.com'], hostnames: ['y.example.com'] }),
    withRoute({ pools: { a: { set: 'web', members }, b: { set: 'web@1', members } } }),
    { ...TABLE, checks: [{ ...POOL, servers: [] }] },
  ];
  expect(new Set([TABLE, ...same].map((table) => skeleton(table))).size).toBe(1);
});

test('is the same config whatever the order of the table', () => {
  const other = { ...ROUTE, loadBalancer: 'api' };
  expect(render({ ...TABLE, routes: [ROUTE, other] })).toBe(render({ ...TABLE, routes: [other, ROUTE] }));
});

test('needs a reload for routes, checks, timeouts, and settings', () => {
  const others = [
    { ...TABLE, routes: [] },
    { ...TABLE, checks: [] },
    { ...TABLE, checks: [{ ...POOL, timeout: 2000 }] },
    withRoute({ path: '/x', stripPath: true }),
    withRoute({ timeouts: { ...ROUTE.timeouts, server: 1000 } }),
  ];
  const hashes = [
    ...others.map((table) => skeleton(table)),
    skeleton(TABLE, { ...SETTINGS, hardStopAfter: 86_400_000 }),
    skeleton(TABLE, { ...SETTINGS, accessLog: false }),
    skeleton(TABLE),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(render(TABLE)).toContain(`description ${skeleton(TABLE)}\n`);
});

function withTraffic(traffic: Partial<Route['traffic']>, change: Partial<Route> = {}): RoutingTable {
  return withRoute({ ...change, traffic: { ...ROUTE.traffic, ...traffic } });
}

test('spreads requests as the route has it, and by address so that few clients change their member', () => {
  expect(render(withTraffic({ algorithm: 'leastconn' }))).toContain('\n  balance leastconn\n  timeout connect');
  expect(render(withTraffic({ algorithm: 'source' }))).toContain('\n  balance source\n  hash-type consistent\n');
});

test('lets a client stay with its member by a cookie of the route, on its path alone', () => {
  const config = render(withTraffic({ affinity: 'cookie' }, { path: '/shop' }));
  expect(config).toContain('set-var-fmt(txn.token) "!%[req.cook(fairlead-web)]"');
  expect(config).toContain("Set-Cookie 'fairlead-web=%[var(txn.given)]; Path=/shop; HttpOnly; SameSite=Lax'");
  const pathOf = (path: string) =>
    /; Path=(.*?); HttpOnly/.exec(render(withTraffic({ affinity: 'cookie' }, { path })))?.[1];
  expect(['/a%20b', '/a$b', '/a;b'].map(pathOf)).toEqual(['/a%%20b', '/a$b', '/']);
  expect(render(withTraffic({ affinity: 'source' }))).toContain('\n  balance source\n  hash-type consistent\n');
  expect(render(TABLE)).not.toContain('cook');
});

test('answers addresses that are not on the list 403, however long it is', () => {
  const allow = Array.from({ length: 51 }, (_, index) => `10.0.${index}.0/24`);
  const config = render(withTraffic({ allow }, { path: '/a', stripPath: true }));
  expect(config.match(/acl allowed src .*/g)?.map((line) => line.split(' ').length)).toEqual([53, 4, 53, 4]);
  expect(config).toMatch(
    /acl allowed src 10\.0\.50\.0\/24\n {2}http-request return status 403 .* unless allowed\n {2}http-request replace-path/,
  );
});

test('shares the requests that a route may have among its members', () => {
  const members = ['web-1', 'web-2'].map((id, index) => member(id, `10.0.0.${index + 1}`));
  const gone = member('web-3', '10.0.0.3', { state: 'draining' });
  const limits = (maxConnections: number, all = members) =>
    render(withTraffic({ maxConnections }, { pools: { ...ROUTE.pools, a: { set: 'web', members: all } } })).match(
      /maxconn \d+ track/g,
    );
  expect(limits(7)).toEqual(['maxconn 4 track', 'maxconn 3 track']);
  expect(limits(1)).toEqual(['maxconn 1 track', 'maxconn 1 track']);
  const shared = [member('web-1', '10.0.0.1', { weight: 256 }), member('web-2', '10.0.0.2', { weight: 0 })];
  expect(limits(9, shared)).toEqual(['maxconn 9 track']);
  const weighed = [member('web-1', '10.0.0.1', { weight: 200 }), member('web-2', '10.0.0.2', { weight: 100 })];
  expect(limits(9, weighed)).toEqual(['maxconn 6 track', 'maxconn 3 track']);
  expect(limits(6, [...members, gone])).toEqual(['maxconn 3 track', 'maxconn 3 track']);
  expect(render(withTraffic({ maxConnections: 7 }))).toContain('\n  timeout queue 10000ms\n');
});

test('needs a reload where a limit comes or goes, but none where it changes', () => {
  const [none, one, two] = [
    skeleton(TABLE),
    skeleton(withTraffic({ maxConnections: 1 })),
    skeleton(withTraffic({ maxConnections: 2 })),
  ];
  expect(one).not.toBe(none);
  expect(two).toBe(one);
});

const TCP = { ...SETTINGS, tcp: { address: '0.0.0.0', from: 9000, to: 9001 } };
const LISTENER: Partial<Route> = { loadBalancer: 'db', hostnames: [], listen: 9000 };

test('takes connections on the ports that the host has for that', () => {
  const table = {
    ...TABLE,
    routes: [ROUTE, { ...ROUTE, ...LISTENER, traffic: { ...ROUTE.traffic, allow: ['10.0.0.0/8'] } }],
  };
  const config = render(table, TCP);
  expect(config).toContain(`frontend tcp:db
  mode tcp
  bind 0.0.0.0:9000
  timeout client 50000ms
  acl allowed src 10.0.0.0/8
  tcp-request connection reject unless allowed
  use_backend %[str(!tcp:9000),map(/files/routes.map)]
`);
  const backend = config.slice(config.indexOf('backend db.a'), config.indexOf('backend db.b'));
  expect(backend).toContain('  mode tcp\n');
  expect(backend).not.toMatch(/^ {2}http/m);
});

test('takes none on a port that the host has not', () => {
  expect(render(withRoute({ ...LISTENER, listen: 9002 }), TCP)).not.toContain('frontend tcp');
  expect(render(withRoute(LISTENER))).not.toContain('frontend tcp');
});

test('takes no port for requests where only connections are wanted', () => {
  expect(render(withRoute(LISTENER), TCP)).not.toContain('frontend http');
});

test('asks at the pace of a load balancer that checks for itself', () => {
  const pools = [{ ...POOL, pace: { interval: 300, rise: 2, fall: 5 } }];
  expect(render({ ...TABLE, checks: pools })).toContain(
    'check inter 300ms fastinter 300ms downinter 250ms fall 5 rise 2\n',
  );
});

test('speaks HTTP/2 to members that want it, whose servers are others for that', () => {
  const [plain, h2c] = [{}, { protocol: 'h2c' as const }].map((change) =>
    serverArguments(member('web-1', '10.0.0.1', change), 's1', undefined),
  );
  expect(plain).not.toContain('proto');
  expect(h2c).toContain(' 10.0.0.1:8080 proto h2 track ');
  expect(h2c?.split(' ')[0]).not.toBe(plain?.split(' ')[0]);
});
