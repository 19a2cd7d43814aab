import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RoutingTable } from '../../../src/core/routing.ts';
import { renderConfig } from '../../../src/haproxy/config.ts';
import { assignSlots } from '../../../src/haproxy/slots.ts';
import { readManifests } from '../../../src/manifest/read.ts';
import { assertSafe } from '../../../src/haproxy/safety.ts';
import { planOf } from '../../support/decisions.ts';
import { instanceOf } from '../../support/observed.ts';
import { SETTINGS } from './tables.ts';

/** What reaches HAProxy's configuration out of manifests: one value that it refuses would hold up all others. */

interface Texts {
  readonly hostname: string;
  readonly path: string;
  readonly preview: string;
  readonly health: string;
  readonly status: string;
  readonly timeout?: string | number;
}

const GOOD: Texts = {
  hostname: 'web.example.com',
  path: '/',
  preview: 'new.example.com',
  health: '/',
  status: '200',
};

/** The table that is made from manifests; undefined where they are not valid. */
function tableOf(change: Partial<Texts>): RoutingTable | undefined {
  const { hostname, path, preview, health, status, timeout } = { ...GOOD, ...change };
  const service = {
    ...{ kind: 'Service', name: 'web', image: 'web:v1', ports: [80] },
    healthCheck: { http: { path: health, status }, timeout },
    update: { strategy: 'green-blue', preview },
  };
  const route = { hostnames: [hostname], path, stripPath: true, service: 'web', port: 80 };
  const timeouts = { connect: timeout, client: timeout, server: timeout, tunnel: timeout };
  const documents = [service, { kind: 'LoadBalancer', name: 'web', ...route, timeouts }];
  const text = documents.map((each) => JSON.stringify(each)).join('\n---\n');
  const { manifests, problems } = readManifests([{ path: 'web.yaml', text }]);
  if (problems.length > 0) return undefined;
  const instances = manifests.filter((each) => each.kind === 'Service').map((each) => instanceOf(each));
  const { table } = planOf({ wanted: manifests, instances });
  expect(table).toMatchObject({
    checks: [{ servers: [{ address: '10.0.0.1' }] }],
    routes: [{ loadBalancer: 'web', previews: [preview.toLowerCase()] }],
  });
  return table;
}

/** Whether the manifests are valid; throws where the balancer then refuses their table. */
function isTaken(change: Partial<Texts>): boolean {
  const table = tableOf(change);
  if (table !== undefined) assertSafe(table);
  return table !== undefined;
}

const SIGNS = Array.from({ length: 0x17f - 0x20 }, (_, index) => String.fromCodePoint(0x20 + index));
const LETTERS = /^[A-Za-z0-9]$/;

test.each<[keyof Texts, (sign: string) => string, string]>([
  ['health', (sign) => `/a${sign}b`, '!$%&()*+,-./:;=?@_~'],
  ['path', (sign) => `/a${sign}b`, '!$%&()*+,-./:;=@_~'],
  ['hostname', (sign) => `a${sign}b`, '-.'],
  ['preview', (sign) => `a${sign}b`, '-.'],
  ['status', (sign) => `200${sign}201`, ',-'],
])('of all signs manifests may have those in %s that HAProxy can be told', (field, text, expected) => {
  const taken = SIGNS.filter((sign) => isTaken({ [field]: text(sign) }));
  expect(taken.filter((sign) => !LETTERS.test(sign)).join('')).toBe(expected);
});

test('whatever is valid can be told to HAProxy', { timeout: 60_000 }, () => {
  const path = fc.string({ unit: fc.constantFrom(...'/.-_~!$&()*+,;=:@%?az09#\'"[ '.split('')), maxLength: 6 });
  const host = fc.string({ unit: fc.constantFrom(...'aZ09.-_*'.split('')), minLength: 1, maxLength: 5 });
  const status = fc.string({ unit: fc.constantFrom('200', '-', ',', '599', ' '), maxLength: 5 });
  const seconds = fc.double({ noNaN: true, min: 0, max: 3_000_000 });
  const timeout = fc.oneof(seconds, fc.constantFrom('0.1ms', '0.0001s', '1h30m', '0s', '600h'));
  const texts = fc.record({ path, health: path, hostname: host, preview: host, status, timeout });
  const slashed = texts.map((each) => ({ ...each, path: `/${each.path}`, health: `/${each.health}` }));
  fc.assert(
    fc.property(slashed, fc.constantFrom(...Object.keys(GOOD)), (wild, field) => {
      isTaken({ [field]: wild[field as keyof Texts] });
    }),
  );
});

test.each<[string | undefined, string]>([
  [undefined, 'timeout check 5000ms'],
  ['20s', 'timeout check 20000ms'],
  ['200ms', 'timeout check 200ms'],
])('waits for the answer to a check as long as the manifest says: %s', (timeout, line) => {
  const table = tableOf(timeout === undefined ? {} : { timeout });
  expect(table && renderConfig(table, SETTINGS, assignSlots({}, table))).toContain(`  ${line}\n`);
});
