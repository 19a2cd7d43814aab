import { describe, expect, it } from 'vitest';
import type { ObservedBalancer } from '../../../../src/core/observed.ts';
import { planOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const api = service({ name: 'api', container: { image: 'api:v1' } });
const instances = [instanceOf(service()), instanceOf(api)];
const { table } = planOf({ wanted: [service(), api, loadBalancer()], instances });

/** What is planned for load balancers, where the table of one that leads to `web` is recorded. */
function changes(wanted: Situation['wanted'], balancer: Partial<ObservedBalancer> = {}) {
  const plan = planOf({ wanted: [service(), api, ...wanted], instances, balancer: { table, ...balancer } });
  return plan.changes.filter((each) => each.kind === 'LoadBalancer');
}

function texts(...given: Parameters<typeof changes>): string[] {
  return changes(...given).map((each) => `${each.action} ${each.name}: ${each.drift ? 'drift: ' : ''}${each.because}`);
}

describe('the change of a load balancer', () => {
  it('is none where the balancer does as it says', () => {
    expect(texts([loadBalancer()])).toEqual([]);
  });

  it('is to create one that the balancer does not know', () => {
    expect(changes([loadBalancer(), loadBalancer({ name: 'shop', path: '/shop' })])).toMatchObject([
      {
        action: 'create',
        name: 'shop',
        because: 'shop is new',
        to: 'web',
        steps: ['route web.example.com/shop to web'],
      },
    ]);
  });

  it.each<[string, Parameters<typeof loadBalancer>[0], string]>([
    ['a host name', { hostnames: ['a.example.com'] }, 'hostnames web.example.com → a.example.com'],
    ['its path', { path: '/a', stripPath: true }, 'path / → /a; stripPath (none) → true'],
    ['its port', { port: 9090 }, 'port 8080 → 9090'],
    ['a time limit', { timeouts: { ...loadBalancer().timeouts, server: 1 } }, 'timeouts.server 50000 → 1'],
  ])('is a route with %s', (_, change, because) => {
    expect(texts([loadBalancer(change)])).toEqual([`route web: ${because}`]);
  });

  it('is a route with the host name that its service has for its other set', () => {
    const web = service({ update: { strategy: 'green-blue', preview: 'next.example.com' } });
    const plan = planOf({ wanted: [web, api, loadBalancer()], instances, balancer: { table } });
    expect(plan.changes.map((each) => each.because)).toEqual(['update.preview (none) → next.example.com']);
    const settled = planOf({ wanted: [web, api, loadBalancer()], instances, balancer: { table: plan.table } });
    expect(settled.changes).toEqual([]);
  });

  it('does not know what is new where the balancer was lost with all that it led to', () => {
    const lost = { state: 'absent', table: undefined } as unknown as Partial<ObservedBalancer>;
    expect(texts([loadBalancer()], lost)).toEqual([
      "create web: web is new, or was lost with the balancer's container",
    ]);
  });

  it('names both services where it leads to another one', () => {
    expect(changes([loadBalancer({ service: 'api' })])).toMatchObject([
      {
        action: 'route',
        because: 'service web → api',
        from: 'web',
        to: 'api',
        fields: [{ path: 'service', from: 'web', to: 'api', forcesReplacement: false }],
      },
    ]);
  });

  it('names the shares where it leads to several', () => {
    const shares = (weight: number) => [
      { service: 'api', weight },
      { service: 'web', weight: 100 - weight },
    ];
    expect(texts([loadBalancer({ backends: shares(10) })])).toEqual(['route web: backends web → api 10, web 90']);
  });

  it.each(['stopped', 'unreachable'] as const)('is drift where the balancer is %s', (state) => {
    expect(texts([loadBalancer()], { state })).toEqual([`update web: drift: the balancer is ${state}`]);
  });

  it('is drift where somebody else has changed the balancer', () => {
    const deviation = 'its file routes.map is not as Fairlead left it';
    expect(texts([loadBalancer()], { deviation })).toEqual([
      `update web: drift: the balancer was changed: ${deviation}`,
    ]);
  });

  it('is a removal where it is disabled, which is not to be gone', () => {
    expect(texts([loadBalancer({ enabled: false })])).toEqual(['remove web: enabled: false']);
  });

  it('is a removal with a warning where its manifest is gone', () => {
    expect(changes([])).toMatchObject([
      { action: 'remove', because: 'no manifest any more', steps: ['remove the route web.example.com/'] },
    ]);
    expect(changes([])[0]?.warnings).toEqual([
      { code: 'removal', message: 'The route web.example.com/ is removed; web goes on running.' },
    ]);
    expect(texts([], { state: 'absent' })).toEqual([]);
  });
});
