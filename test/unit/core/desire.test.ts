import { describe, expect, it } from 'vitest';
import { desire } from '../../../src/core/desire.ts';
import type { Service } from '../../../src/core/model.ts';
import { loadBalancer, service } from '../../support/manifests.ts';

const port = { port: 8080, protocol: 'tcp' as const, publish: false };
const volume = (readOnly: boolean) => [{ type: 'volume' as const, source: 'data', target: '/data', readOnly }];
const revision = { id: 'c0ffee', message: '', author: '', at: 0 };

const TIMES = { interval: 2000, retries: 3, startPeriod: 0, restart: true };

function desired(...manifests: Parameters<typeof desire>[0]) {
  return desire(manifests, { cluster: 'demo', revision });
}

describe('the strategy of an update', () => {
  const strategyOf = (wanted: Service) => desired(wanted).services[0]?.strategy;

  it('is rolling where two releases can stand side by side', () => {
    expect(strategyOf(service())).toBe('rolling');
    expect(strategyOf(service({ container: { mounts: volume(true) } }))).toBe('rolling');
    expect(strategyOf(service({ container: { mounts: [{ type: 'tmpfs', target: '/tmp' }] } }))).toBe('rolling');
  });

  it('is recreate where both would write to one place, unless the manifest says otherwise', () => {
    const mounts = volume(false);
    expect(strategyOf(service({ container: { mounts } }))).toBe('recreate');
    expect(strategyOf(service({ container: { mounts }, update: { strategy: 'rolling' } }))).toBe('rolling');
  });

  it('is recreate with a host port, whatever the manifest says', () => {
    const container = { ports: [{ ...port, hostPort: 9000 }] };
    expect(strategyOf(service({ container, update: { strategy: 'green-blue' } }))).toBe('recreate');
  });
});

describe('checks', () => {
  it('are the http check where there is one, routed or not', () => {
    const http = { path: '/health', port: 9000, status: '200-399' };
    const healthCheck = { http, ...TIMES, timeout: 5000 };
    const [web] = desired(service({ healthCheck }), loadBalancer()).services;
    expect(web?.checks).toMatchObject([{ service: 'web', check: { type: 'http', ...http }, timeout: 5000 }]);
  });

  it('of a command leave the connection its own short time', () => {
    const healthCheck = { command: ['CMD', 'true'], ...TIMES, timeout: 60_000 };
    expect(desired(service({ healthCheck }), loadBalancer()).services[0]?.checks).toMatchObject([
      { check: { type: 'tcp', port: 8080 }, timeout: 1000 },
    ]);
  });

  it('else connect to each routed port once', () => {
    const [web] = desired(service(), loadBalancer({ name: 'a' }), loadBalancer({ name: 'b' })).services;
    expect(web?.checks).toMatchObject([{ check: { type: 'tcp', port: 8080 } }]);
    expect(web?.routedBy).toEqual(['a', 'b']);
    expect(desired(service()).services[0]?.checks).toEqual([]);
  });

  it('are known by names that say all that they ask', () => {
    const names = [8080, 8081].map((to) => desired(service(), loadBalancer({ port: to })).services[0]?.checks[0]?.name);
    expect(new Set(names).size).toBe(2);
    expect(names[0]).toMatch(/^web\.tcp\.8080\.[0-9a-f]{7}$/);
  });
});

describe('what is not wanted', () => {
  it('runs nothing where it is disabled, and is not forgotten', () => {
    const [web] = desired(service({ enabled: false, instances: 3 })).services;
    expect(web).toMatchObject({ name: 'web', instances: 0 });
  });

  it('leaves disabled load balancers out', () => {
    const state = desired(service(), loadBalancer({ enabled: false }));
    expect(state.loadBalancers).toEqual([]);
    expect(state.services[0]?.routedBy).toEqual([]);
  });

  it('asks for the networks of services that run', () => {
    const one = service({ name: 'one', container: { networks: ['default', 'back'] } });
    const none = service({ name: 'none', instances: 0, container: { networks: ['dark'] } });
    expect(desired(one, none).networks).toEqual(['back', 'default']);
  });
});
