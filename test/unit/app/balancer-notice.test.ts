import { describe, expect, it } from 'vitest';
import { noticeBalancer } from '../../../src/app/balancer-notice.ts';
import type { FoundCertificate } from '../../../src/core/certificate.ts';
import type { ObservedBalancer, ObservedState, Refusal } from '../../../src/core/observed.ts';
import type { Member, RoutingTable } from '../../../src/core/routing.ts';
import { checked, stateOf } from '../../support/decisions.ts';
import { member, POOL, ROUTE, TABLE } from '../haproxy/tables.ts';

const ONE = member('web-1', '10.0.0.1');
const TWO = member('web-2', '10.0.0.2', { slot: 2 });

function tableWith(a: readonly Member[], b: readonly Member[] = []): RoutingTable {
  const pools = { a: { set: 'web', members: a }, b: { set: '', members: b } };
  return { ...TABLE, routes: [{ ...ROUTE, pools }] };
}

function stateWith(balancer: Partial<ObservedBalancer>, certificates?: ObservedState['certificates']): ObservedState {
  return { ...stateOf({ balancer }), ...(certificates && { certificates }) };
}

function told(before: ObservedState, now: ObservedState): string[] {
  return noticeBalancer(before, now).map(([type, object, message]) => `${type} ${object}: ${message}`);
}

describe('members', () => {
  it('register, drain and deregister', () => {
    const states = [[], [ONE], [ONE, TWO], [{ ...ONE, state: 'draining' as const }, TWO], [TWO]].map((members) =>
      stateWith({ table: tableWith(members) }),
    );
    expect(states.slice(1).map((now, index) => told(states[index] ?? now, now))).toEqual([
      ['registered web: web takes web@3f9c1a2/1 (10.0.0.1:8080)'],
      ['registered web: web takes web@3f9c1a2/2 (10.0.0.2:8080)'],
      ['draining web: web drains web@3f9c1a2/1 (10.0.0.1:8080)'],
      ['deregistered web: web has let go web@3f9c1a2/1 (10.0.0.1:8080)'],
    ]);
  });

  it('are no news where they go over to the other colour, or nothing is known of before', () => {
    const [blue, green] = [stateWith({ table: tableWith([ONE]) }), stateWith({ table: tableWith([], [ONE]) })];
    expect(told(blue, green)).toEqual([]);
    expect(told(blue, blue)).toEqual([]);
  });

  it('are told in one event, however many they are', () => {
    const many = Array.from({ length: 7 }, (_, index) =>
      member(`web-${index}`, `10.0.0.${index}`, { slot: index + 1 }),
    );
    const [event, ...others] = told(stateWith({ table: tableWith([]) }), stateWith({ table: tableWith(many) }));
    expect(event).toMatch(/^registered web: web takes (?:web@3f9c1a2\/\d \(\S+\)(?:, )?){5}; and 2 more$/);
    expect(others).toEqual([]);
  });

  it("fail in HAProxy's own words, and answer again", () => {
    const table = tableWith([ONE]);
    const [up, down, starting] = (['up', 'down', 'starting'] as const).map((check) => stateWith(checked(table, check)));
    if (up === undefined || down === undefined || starting === undefined) throw new Error('unreachable');
    expect(told(up, down)).toEqual(['unhealthy web: web: web@3f9c1a2/1 (10.0.0.1:8080) fails: L7STS/503']);
    expect(told(down, up)).toEqual(['healthy web: web: web@3f9c1a2/1 (10.0.0.1:8080) answers again']);
    expect([...told(starting, up), ...told(starting, down), ...told(up, starting)]).toEqual([]);
    expect(POOL.servers).toHaveLength(2);
  });
});

it('tells once what a load balancer does not get', () => {
  const refusal = (at: number): Refusal => ({
    loadBalancer: 'db',
    reason: 'host-port-conflict',
    message: 'Port 9000 of the host is taken.',
    isDeaf: true,
    at,
  });
  const [before, refused, again] = [[], [refusal(1)], [refusal(2)]].map((refusals) => stateWith({ refusals }));
  if (before === undefined || refused === undefined || again === undefined) throw new Error('unreachable');
  expect(told(before, refused)).toEqual(['refused db: Port 9000 of the host is taken.']);
  expect([...told(refused, again), ...told(again, before)]).toEqual([]);
});

describe('certificates', () => {
  const certificate = (id: string): FoundCertificate => ({
    certificate: { id, names: ['shop.example.com'], issuer: 'us', notBefore: 0, notAfter: Date.UTC(2027, 0, 1) },
  });
  const states = (...found: FoundCertificate[]) =>
    found.map((each) => stateWith({}, { shop: each })) as [ObservedState, ObservedState];

  it('are told when there is a new one', () => {
    const event = 'certified shop: shop has a new certificate, until 2027-01-01T00:00:00.000Z';
    expect(told(...states({}, certificate('1')))).toEqual([event]);
    expect(told(...states(certificate('1'), certificate('2')))).toEqual([event]);
    expect(told(...states(certificate('1'), certificate('1')))).toEqual([]);
    expect(told(stateWith({}), stateWith({}, { shop: certificate('1') }))).toEqual([]);
  });

  it('are told when there is none to be had, once', () => {
    const failed = { ...certificate('1'), problem: 'shop.pem cannot be read: it is not there.' };
    expect(told(...states(certificate('1'), failed))).toEqual([
      'failed shop: shop gets no new certificate: shop.pem cannot be read: it is not there.',
    ]);
    expect(told(...states(failed, failed))).toEqual([]);
  });
});
