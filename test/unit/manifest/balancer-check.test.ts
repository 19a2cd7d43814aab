import { describe, expect, it } from 'vitest';
import type { LoadBalancer } from '../../../src/core/load-balancer.ts';
import { checkBalancer, type BalancerAbility } from '../../../src/manifest/balancer-check.ts';
import { loadBalancer, service } from '../../support/manifests.ts';

const http = {
  http: { path: '/', port: 8080, status: '200-499' },
  interval: 1,
  timeout: 1,
  retries: 1,
  startPeriod: 0,
  restart: true,
};

const HOST: BalancerAbility = { enabled: 'auto', http: 80, https: 443, network: 'host', bind: '0.0.0.0' };

describe('what the host can balance', () => {
  it('is everything on the host network', () => {
    const apart = service({ healthCheck: http, container: { networks: ['back'] } });
    expect(checkBalancer([apart, loadBalancer()], HOST)).toEqual([]);
  });

  it('is nothing where it is turned off', () => {
    const problems = checkBalancer([service({ healthCheck: http }), loadBalancer(), service({ name: 'plain' })], {
      ...HOST,
      enabled: false,
    });
    expect(problems.map((each) => each.message.split(':')[0])).toEqual(['LoadBalancer web', 'Service web']);
    expect(problems[0]).toMatchObject({ reason: 'unsupported', file: 'test.yaml', line: 1, column: 1 });
  });

  it.each(['host', 'bridge'] as const)('is checks only, where there is no port for requests: %s', (network) => {
    const checked = service({ healthCheck: http });
    expect(checkBalancer([checked], { ...HOST, network, http: 0 })).toEqual([]);
    expect(checkBalancer([checked, loadBalancer()], { ...HOST, network, http: 0 })).toMatchObject([
      { reason: 'unsupported', message: expect.stringMatching(/^LoadBalancer web gets no requests/) as string },
    ]);
  });

  it('is connections on the ports that it has for them', () => {
    const listener = loadBalancer({ hostnames: [], listen: 9000 });
    const told = (tcp?: BalancerAbility['tcp']) =>
      checkBalancer([listener], { ...HOST, http: 0, ...(tcp && { tcp }) }).map(
        ({ reason, message }) => `${reason}: ${message}`,
      );
    expect(told({ from: 9000, to: 9000 })).toEqual([]);
    expect(told({ from: 9001, to: 9009 })).toEqual([
      'policy: LoadBalancer web listens on port 9000, which is not among the ports that this host has for that (`balancer.tcp`: 9001-9009).',
    ]);
    expect(told()).toEqual([expect.stringContaining('(`balancer.tcp`: none)')]);
  });

  it('is TLS where it has a port for it, and a folder of certificates', () => {
    const entry = { http: false, https: true, forceHttps: false };
    const byFile = loadBalancer({ entry, tls: { file: 'shop.pem' } });
    const byAuthority = loadBalancer({ entry, tls: { acme: { email: 'ops@example.com' } } });
    const told = (manifest: LoadBalancer, change: Partial<BalancerAbility>) =>
      checkBalancer([manifest], { ...HOST, ...change }).map(({ message }) => message);
    expect(told(byFile, { http: 0, certificates: '/etc/certificates' })).toEqual([]);
    expect(told(byFile, {})).toEqual([
      'LoadBalancer web: this host has no folder of certificates (`balancer.certificates`).',
    ]);
    expect(told(byAuthority, {})).toEqual([]);
    expect(told(byAuthority, { https: 0 })).toEqual([expect.stringContaining('(`balancer.https: 0`)')]);
    expect(told(byAuthority, { http: 0 })).toEqual([expect.stringContaining('(`balancer.http: 0`)')]);
  });

  it("is the host's addresses where it is on the host's network", () => {
    const own = loadBalancer({ externalIPs: ['192.0.2.7'] });
    expect(checkBalancer([own], HOST)).toEqual([]);
    expect(checkBalancer([own], { ...HOST, network: 'bridge' })).toMatchObject([
      { message: expect.stringContaining('has no address of the host for `externalIPs`') as string },
    ]);
  });

  it('is the network `default` on a bridge', () => {
    const apart = service({ container: { networks: ['back'] } });
    const bridge: BalancerAbility = { ...HOST, network: 'bridge' };
    expect(checkBalancer([apart], bridge)).toEqual([]);
    expect(checkBalancer([apart, loadBalancer()], bridge)).toHaveLength(1);
    expect(checkBalancer([service(), loadBalancer()], bridge)).toEqual([]);
  });
});
