import { describe, expect, it } from 'vitest';
import { checked, NOW, reportOf } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';
import { instances, problem, said, served, table, wanted, web } from '../../../support/served.ts';

const MB = 1024 ** 2;
describe('all is well', () => {
  it('where everything is steady and served', () => {
    expect(reportOf(served)).toMatchObject({ ready: true, problems: [], observedAt: '2026-11-21T00:00:00.000Z' });
    expect(reportOf({ wanted: [{ ...web, enabled: false }] }).ready).toBe(true);
  });

  it.each<[string, ReturnType<typeof reportOf>]>([
    ['the newest revision has a problem', reportOf(served, { problems: [problem] })],
    ['a service is not steady', reportOf({ ...served, instances: instances.slice(0, 1) })],
    ['a load balancer is not known yet', reportOf({ wanted, instances, balancer: { state: 'absent' } })],
    ['services would be removed', reportOf({ wanted: [], instances })],
    [
      'the balancer refuses',
      reportOf({ ...served, balancer: { ...checked(table), problem: { reason: 'reload-failed', message: '' } } }),
    ],
    ['an instance does not fit', reportOf({ wanted: [{ ...web, instances: 3, maxPerNode: 2 }], instances })],
  ])('but not where %s', (_, { ready }) => {
    expect(ready).toBe(false);
  });

  it('is not told of services without a manifest', () => {
    expect(reportOf({ wanted: [service({ name: 'api' })], instances }).services.map((each) => each.name)).toEqual([
      'api',
    ]);
  });
});

describe('a problem that is nobody’s own', () => {
  const failure = (reason: 'reload-failed' | 'config-rejected') =>
    ({ problem: { layer: 'lb', reason, message: 'ours' }, attempts: 1, at: NOW, retryAt: NOW }) as const;

  it('is told once, in the words of the balancer', () => {
    const own = { ...checked(table), problem: { reason: 'reload-failed', message: 'its own' } } as const;
    const problems = (reason: 'reload-failed' | 'config-rejected') =>
      reportOf({ ...served, balancer: own, memory: { failures: { balancer: failure(reason) } } }).problems;
    expect(problems('reload-failed').map((each) => each.message)).toEqual(['its own']);
    expect(problems('config-rejected').map((each) => each.message)).toEqual(['its own', 'ours']);
  });
});

describe('a load balancer', () => {
  const [status] = said('up').loadBalancers;

  it('serves while one member is healthy', () => {
    expect(status).toMatchObject({
      name: 'web',
      state: 'serving',
      backends: loadBalancer().backends,
      urls: ['http://web.example.com/'],
    });
    const [one] = table.checks[0]?.servers ?? [];
    const half = reportOf({ ...served, balancer: checked(table, 'down', { [one?.id ?? '']: 'up' }) });
    expect(half.loadBalancers[0]?.state).toBe('serving');
  });

  it('is pending while it is not known to the balancer, and while nobody was asked', () => {
    expect(reportOf({ wanted, instances }).loadBalancers[0]).toMatchObject({ state: 'pending', members: [] });
    expect(said('starting').loadBalancers[0]?.state).toBe('pending');
  });

  it('has no members where all fail, and says what a client gets', () => {
    expect(said('down').loadBalancers[0]).toMatchObject({
      state: 'no-members',
      problem: { layer: 'lb', reason: 'no-members', message: 'web answers 503: web has no ready instance of 2.' },
    });
  });

  it('says where it leads while its target is not ready', () => {
    const api = service({ name: 'api', container: { image: 'api:v1' } });
    const led = { ...served, wanted: [web, api, loadBalancer({ service: 'api' })] };
    expect(reportOf(led).loadBalancers[0]).toMatchObject({
      state: 'target-not-ready',
      backends: [{ service: 'api', weight: 100 }],
      problem: { reason: 'target-not-ready', message: 'web still leads to web: api is not ready as a whole.' },
    });
  });

  it('tells of each member where it is, in the words of the balancer', () => {
    const [member] = said('down').loadBalancers[0]?.members ?? [];
    expect(member).toMatchObject({
      instance: 1,
      address: '10.0.0.1:8080',
      state: 'unhealthy',
      description: 'L7STS/503',
      weight: 100,
    });
    expect(said('starting').loadBalancers[0]?.members.map((each) => each.state)).toEqual(['starting', 'starting']);
  });

  it('counts sessions, and gives no weight to who leaves', () => {
    const [route] = table.routes;
    if (route === undefined) throw new Error('no route');
    const [leaving, ...staying] = route.pools.a.members;
    const pools = { ...route.pools, a: { set: 'web', members: [{ ...leaving, state: 'draining' }, ...staying] } };
    const draining = { ...table, routes: [{ ...route, pools }] } as typeof table;
    const key = `web/a/${leaving?.id ?? ''}`;
    const members = { [key]: { check: 'up', description: '', sessions: 7, errors: 1, requests: 0, queue: 0 } } as const;
    const told = reportOf({ ...served, balancer: { ...checked(draining), members } }).loadBalancers[0]?.members;
    expect(told?.map((each) => [each.state, each.weight, each.sessions, each.errors])).toEqual([
      ['draining', 0, 7, 1],
      ['healthy', 100, 0, 0],
    ]);
  });
});

describe('the node', () => {
  it('has what is neither reserved here nor by others', () => {
    const resources = { cpu: 0.3, memory: 64 * MB, limits: {} };
    const node = { cpu: 2, memory: 1024 * MB, foreign: { cpu: 0.5, memory: 24 * MB } };
    expect(reportOf({ wanted: [{ ...web, resources }], node }).nodes).toMatchObject([
      {
        cpu: { total: 2, reserved: 1.1, free: 0.9 },
        memory: { total: 1024, reserved: 152, free: 872 },
        engineVersion: '29.0.0',
      },
    ]);
  });
});

describe('a release in quarantine', () => {
  it('is listed with the revision that brought it, and why', () => {
    const next = service({ instances: 2, container: { image: 'web:v2' } });
    const mark = instanceOf(next, 1, { state: 'exited', exitCode: 9, restartPolicy: 'no' });
    expect(reportOf({ wanted: [next], instances: [...instances, mark] }).quarantined).toEqual([
      { service: 'web', release: `web@${mark.release}`, revision: 'c0ffee', reason: 'exited with code 9' },
    ]);
    expect(reportOf(served).quarantined).toEqual([]);
  });
});
