import { describe, expect, it } from 'vitest';
import type { Certificate, FoundCertificate } from '../../../../src/core/certificate.ts';
import type { LoadBalancer } from '../../../../src/core/load-balancer.ts';
import type { Refusal } from '../../../../src/core/observed.ts';
import { EMPTY_TABLE, type Route } from '../../../../src/core/routing.ts';
import { entryStatus, isOutOfReach } from '../../../../src/core/status/entry-status.ts';
import { urlsOf } from '../../../../src/core/status/load-balancer-status.ts';
import { stateOf } from '../../../support/decisions.ts';
import { loadBalancer } from '../../../support/manifests.ts';
import { ROUTE } from '../../haproxy/tables.ts';

const DAY = 24 * 3_600_000;
const ENTRY = { http: true, https: true, forceHttps: false };
const SHOP = loadBalancer({ entry: ENTRY, tls: { file: 'shop.pem' } });
const { date } = stateOf({});

function certificate(days: number, names = ['web.example.com']): Certificate {
  return { id: 'a'.repeat(32), names, issuer: 'us', notBefore: 0, notAfter: date + days * DAY };
}

function statusOf(own?: Certificate, found: FoundCertificate = {}, refusals: readonly Refusal[] = []) {
  const route = { ...ROUTE, ...(own && { certificate: own }) };
  const state = { ...stateOf({ balancer: { table: EMPTY_TABLE, refusals } }), certificates: { web: found } };
  const { certificate: shown, problem, warnings } = entryStatus(SHOP, route, state);
  return { expires: shown?.expires, says: problem?.message ?? warnings?.[0]?.message, reason: problem?.reason };
}

const expires = (days: number) => new Date(date + days * DAY).toISOString();

describe('the certificate of a load balancer', () => {
  it('is told with its end', () => {
    expect(statusOf(certificate(30))).toEqual({ expires: expires(30) });
    expect(statusOf()).toEqual({});
  });

  it('is worth a word before it ends, and a problem after it', () => {
    expect(statusOf(certificate(13))).toEqual({
      expires: expires(13),
      says: `The certificate of web expires ${expires(13)}.`,
    });
    expect(statusOf(certificate(-1))).toMatchObject({
      reason: 'no-certificate',
      says: `The certificate of web has expired ${expires(-1)}.`,
    });
  });

  it('stays where there is no newer one, which is said', () => {
    const problem = 'shop.pem cannot be read: it is not there.';
    expect(statusOf(certificate(30), { problem })).toMatchObject({
      reason: 'no-certificate',
      says: `web keeps its certificate, which expires ${expires(30)}: ${problem}`,
    });
    expect(statusOf(undefined, { problem }).says).toBe(`web has no certificate: ${problem}`);
    expect(statusOf(certificate(-1), { problem }).says).toBe(
      `The certificate of web has expired ${expires(-1)}: ${problem}`,
    );
  });

  it('has to be for its host names', () => {
    expect(statusOf(certificate(30, ['*.example.com']))).toEqual({ expires: expires(30) });
    expect(statusOf(certificate(30, ['example.com'])).says).toBe(
      'The certificate of web is not for web.example.com; clients will not trust it there.',
    );
  });
});

describe('what the host does not have', () => {
  const refusal: Refusal = {
    loadBalancer: 'web',
    reason: 'host-port-conflict',
    message: 'Port 443 is taken.',
    isDeaf: true,
    at: 0,
  };
  const state = stateOf({ balancer: { refusals: [refusal] } });
  const reach = (change: Partial<LoadBalancer>, route: Partial<Route> = {}, of = state) =>
    isOutOfReach({ ...SHOP, ...change }, { ...ROUTE, ...route }, of);

  it('is told as a problem', () => {
    expect(statusOf(certificate(30), {}, [refusal])).toMatchObject({
      reason: 'host-port-conflict',
      says: refusal.message,
    });
    expect(statusOf(certificate(30), {}, [{ ...refusal, loadBalancer: 'other' }])).toEqual({ expires: expires(30) });
  });

  it('keeps everybody from it where there is no other way in', () => {
    const secure = { entry: { ...ENTRY, http: false } };
    const partly = stateOf({ balancer: { refusals: [{ ...refusal, isDeaf: false }] } });
    expect(reach({ listen: 9000 })).toBe(true);
    expect(reach({ listen: 9000 }, {}, partly)).toBe(false);
    expect(reach(secure, { certificate: certificate(30) }, partly)).toBe(false);
    expect(reach(secure, {}, stateOf({}))).toBe(true);
    expect(reach(secure, {}, { ...stateOf({}), certificates: { web: { isComing: true } } })).toBe(false);
    expect(reach(secure, { certificate: certificate(30) }, stateOf({}))).toBe(false);
  });
});

describe('addresses', () => {
  const urls = (change: Partial<LoadBalancer>, balancerPorts = { http: 80, https: 443 }) =>
    urlsOf({ ...SHOP, ...change }, { balancerPorts, state: stateOf({}) });

  it('are those that requests are taken at', () => {
    expect(urls({})).toEqual(['https://web.example.com/', 'http://web.example.com/']);
    expect(urls({ entry: { ...ENTRY, forceHttps: true } })).toEqual(['https://web.example.com/']);
    expect(urls({}, { http: 8080, https: 8443 })).toEqual([
      'https://web.example.com:8443/',
      'http://web.example.com:8080/',
    ]);
    expect(urls({ listen: 9000, externalIPs: ['192.0.2.7', '2001:db8::7'] })).toEqual([
      'tcp://192.0.2.7:9000',
      'tcp://[2001:db8::7]:9000',
    ]);
  });
});
