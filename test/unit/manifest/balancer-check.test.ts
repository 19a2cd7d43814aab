import { describe, expect, it } from 'vitest';
import { checkBalancer } from '../../../src/manifest/balancer-check.ts';
import { loadBalancer, service } from '../../support/manifests.ts';

const http = {
  http: { path: '/', port: 8080, status: '200-499' },
  interval: 1,
  timeout: 1,
  retries: 1,
  startPeriod: 0,
  restart: true,
};

describe('what the host can balance', () => {
  it('is everything on the host network', () => {
    const apart = service({ healthCheck: http, container: { networks: ['back'] } });
    expect(checkBalancer([apart, loadBalancer()], { enabled: 'auto', network: 'host' })).toEqual([]);
  });

  it('is nothing where it is turned off', () => {
    const problems = checkBalancer([service({ healthCheck: http }), loadBalancer(), service({ name: 'plain' })], {
      enabled: false,
      network: 'host',
    });
    expect(problems.map((each) => each.message.split(':')[0])).toEqual(['LoadBalancer web', 'Service web']);
    expect(problems[0]).toMatchObject({ reason: 'unsupported', file: 'test.yaml', line: 1, column: 1 });
  });

  it('is the network `default` on a bridge', () => {
    const apart = service({ container: { networks: ['back'] } });
    expect(checkBalancer([apart], { enabled: 'auto', network: 'bridge' })).toEqual([]);
    expect(checkBalancer([apart, loadBalancer()], { enabled: 'auto', network: 'bridge' })).toHaveLength(1);
    expect(checkBalancer([service(), loadBalancer()], { enabled: 'auto', network: 'bridge' })).toEqual([]);
  });
});
