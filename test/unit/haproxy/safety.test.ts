import { expect, test } from 'vitest';
import type { CheckPool, Member, Route } from '../../../src/core/routing.ts';
import { assertSafe } from '../../../src/haproxy/safety.ts';
import { member, POOL, ROUTE, TABLE } from './tables.ts';

const refused = expect.objectContaining({ reason: 'config-rejected' }) as Error;

function withRoute(change: Partial<Route>) {
  return () => assertSafe({ ...TABLE, routes: [{ ...ROUTE, ...change }] });
}

function withPool(change: Partial<CheckPool>) {
  return () => assertSafe({ ...TABLE, checks: [{ ...POOL, ...change }] });
}

function withMember(change: Partial<Member>) {
  return withRoute({
    pools: { a: { set: 'web', members: [member('web-1', '10.0.0.1', change)] }, b: { set: '', members: [] } },
  });
}

function withCheck(path: string, status = '200') {
  return withPool({ check: { type: 'http', path, status, port: 80 } });
}

test('lets through what manifests may say', () => {
  expect(() => assertSafe(TABLE)).not.toThrow();
  for (const path of ['/', '/a/b.c~d', '/%20x', '/(a)+[]'.slice(0, 5)]) expect(withRoute({ path })).not.toThrow();
  expect(withCheck('/ready?full=1&x=%20', '200,204,300-399')).not.toThrow();
  expect(withMember({ address: 'fd00::1' })).not.toThrow();
});

test.each([
  withRoute({ loadBalancer: 'web\nglobal' }),
  withRoute({ loadBalancer: 'check:x' }),
  withRoute({ hostnames: ['web.example.com other.a'] }),
  withRoute({ previews: ['x\ny z'] }),
  withRoute({ path: "/'if TRUE" }),
  withRoute({ path: '/a b' }),
  withRoute({ timeouts: { ...ROUTE.timeouts, server: Number.NaN } }),
  withPool({ name: 'a b' }),
  withPool({ service: 'web\r\nX: y' }),
  withPool({ timeout: 2 ** 31 }),
  withCheck("/' hdr X y"),
  withCheck('/x\n'),
  withCheck('/', '200 if TRUE'),
  withMember({ id: 'x 10.0.0.9:80' }),
  withMember({ address: 'evil.example.com' }),
  withMember({ check: 'a/b' }),
  withMember({ port: 0 }),
])('refuses what would mean more to HAProxy than itself (%#)', (apply) => {
  expect(apply).toThrow(refused);
});
