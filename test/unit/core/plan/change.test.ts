import { describe, expect, it } from 'vitest';
import type { Manifest, Service } from '../../../../src/core/model.ts';
import type { Instance } from '../../../../src/core/observed.ts';
import { plan } from '../../../../src/core/plan/plan.ts';
import { NO_MEMORY } from '../../../../src/core/rollout/memory.ts';
import { desiredBy, NOW, planOf, stateOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const GB = 1024 ** 3;
const web = service({ instances: 2 });
const image = (tag: string) => ({ image: `web:${tag}`, version: tag });
const running = (of: Service, count = of.instances) =>
  Array.from({ length: count }, (_, index) => instanceOf(of, index + 1));

function changeOf(situation: Situation) {
  return planOf(situation).changes.find((each) => each.kind === 'Service');
}

describe('a service', () => {
  it('that is as wanted has no change, and is counted', () => {
    const { changes, unchanged } = planOf({ wanted: [web], instances: running(web) });
    expect({ changes, unchanged }).toEqual({ changes: [], unchanged: 1 });
  });

  it('that is new is created', () => {
    expect(changeOf({ wanted: [web, loadBalancer()] })).toMatchObject({
      action: 'create',
      strategy: 'rolling',
      because: 'web is new',
      to: expect.stringMatching(/^web@[0-9a-f]{7}$/) as string,
      steps: [
        'pull web:v1',
        expect.stringMatching(/^ensure web@.{7} ×2$/) as string,
        'await ready',
        expect.stringMatching(/^route web to web@.{7}$/) as string,
      ],
    });
  });

  it('that does not fit at all has no change, and is listed with the reason', () => {
    const resources = { cpu: 99, memory: 0, limits: {} };
    const { changes, unscheduled } = planOf({ wanted: [service({ resources })] });
    expect(changes).toEqual([]);
    expect(unscheduled).toMatchObject([{ service: 'web', problems: [{ reason: 'not-enough-cpu' }] }]);
  });

  it('that lost its manifest is removed, without its volumes', () => {
    const change = changeOf({ wanted: [service({ name: 'other' })], instances: running(web) });
    expect(change).toMatchObject({ action: 'create' });
    const removal = planOf({ wanted: [service({ name: 'other' })], instances: running(web) }).changes[1];
    expect(removal).toMatchObject({
      action: 'remove',
      name: 'web',
      because: 'no manifest any more',
      warnings: [{ code: 'removal', message: 'web is removed: its manifest is gone. Volumes stay.' }],
    });
    expect(removal?.steps.map((each) => each.split(' ')[0])).toEqual(['drain', 'stop', 'remove']);
    const mark = instanceOf(service({ container: image('v0') }), 1, { state: 'exited', restartPolicy: 'no' });
    expect(changeOf({ wanted: [], instances: [mark, ...running(web)] })?.from).toBe(removal?.from);
  });

  it.each<[string, Service, string]>([
    ['is disabled', { ...web, enabled: false }, 'enabled: false'],
    ['is set to none', { ...web, instances: 0 }, 'instances 2 → 0'],
  ])('that %s is scaled to nothing', (_, wanted, because) => {
    const others = Array.from({ length: 2 }, (__, index) => service({ name: `other${index}` }));
    const instances = [...running(web), ...others.map((each) => instanceOf(each))];
    expect(changeOf({ wanted: [wanted, ...others], instances })).toMatchObject({
      action: 'scale',
      because,
      drift: false,
    });
  });
});

describe('a new release', () => {
  const next = (change: Parameters<typeof service>[0] = {}) =>
    service({ instances: 2, ...change, container: { ...image('v2'), ...change.container } });

  it('replaces the old one, and says which fields have changed', () => {
    const environment = { MODE: 'fast' };
    const change = changeOf({ wanted: [next({ container: { environment } })], instances: running(web) });
    expect(change).toMatchObject({ action: 'replace', strategy: 'rolling', drift: false, warnings: [] });
    expect(change?.because).toBe('environment.MODE (none) → fast; image web:v1 → web:v2');
    expect(change?.fields.every((each) => each.forcesReplacement)).toBe(true);
    expect(change?.steps).toEqual([
      'pull web:v2',
      `1 at a time: ensure ${change?.to ?? ''}, await ready, monitor 5 s, drain and stop ${change?.from ?? ''}`,
      `remove ${change?.from ?? ''}`,
    ]);
  });

  it('says of each field whether it takes a new release', () => {
    const limits = { resources: { cpu: 0, memory: 0, limits: { cpu: 1 } } };
    const change = changeOf({
      wanted: [{ ...web, ...limits, container: { ...web.container, ...image('v2') } }],
      instances: running(web),
    });
    expect(change?.fields.map(({ path, forcesReplacement }) => [path, forcesReplacement])).toEqual([
      ['image', true],
      ['limits.cpu', false],
    ]);
  });

  it('names three changes and counts the others', () => {
    const environment = { A: '1', B: '2', C: '3', D: '4' };
    const change = changeOf({ wanted: [next({ container: { environment } })], instances: running(web) });
    expect(change?.because).toMatch(/^environment\.A .*; environment\.B .*; environment\.C .*; and \d more$/);
  });

  it('is switched to as a whole where it is green-blue', () => {
    const wanted = [next({ update: { ...web.update, strategy: 'green-blue' } }), loadBalancer()];
    const change = changeOf({ wanted, instances: running(web) });
    expect(change).toMatchObject({ action: 'swap', strategy: 'green-blue' });
    expect(change?.steps.map((each) => each.replaceAll(/web@.{7}/g, 'R'))).toEqual([
      'pull web:v2',
      'ensure R ×2',
      'await ready',
      'switch web to R',
      'monitor 5 s',
      'drain R',
      'keep R for 600 s',
      'remove R',
    ]);
  });

  it.each<[string, Partial<Service['container']>, string]>([
    [
      'a host port',
      { ports: [{ port: 80, protocol: 'tcp', publish: false, hostPort: 80 }] },
      'its host port belongs to one container at a time',
    ],
    [
      'a volume that both would write to',
      { mounts: [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] },
      'two releases cannot share what they write to',
    ],
  ])('leaves a gap where it has %s', (_, container, reason) => {
    const change = changeOf({ wanted: [next({ instances: 1, container })], instances: running(web, 1) });
    expect(change).toMatchObject({ action: 'replace', strategy: 'recreate' });
    expect(change?.warnings).toEqual([
      {
        code: 'gap',
        message: `web does not answer between the stop of the old and the start of the new: ${reason}.`,
      },
    ]);
    expect(change?.steps.map((each) => each.split(' ')[0])).toEqual([
      'pull',
      'drain',
      'stop',
      'ensure',
      'await',
      'monitor',
      'remove',
    ]);
  });

  it('says how long the gap was the last time, where that is known', () => {
    const mounts = [{ type: 'volume' as const, source: 'data', target: '/data', readOnly: false }];
    const words = (service: string) =>
      changeOf({
        wanted: [next({ instances: 1, container: { mounts } })],
        instances: running(web, 1),
        gaps: [{ service, replaced: 'c0ffee', lasted: 3_240 }],
      })?.warnings[0]?.message;
    expect(words('web')).toMatch(/: two releases cannot share what they write to; last time that took 3\.2 s\.$/);
    expect(words('other')).toMatch(/: two releases cannot share what they write to\.$/);
  });

  it('runs with one less where the node has no room for one more, unless that is wanted', () => {
    const resources = { cpu: 0, memory: 8 * GB, limits: {} };
    const instances = running({ ...web, resources });
    const warnings = (order: 'start-first' | 'stop-first') =>
      changeOf({ wanted: [next({ resources, update: { ...web.update, order } })], instances })?.warnings;
    expect(warnings('start-first')).toEqual([
      { code: 'gap', message: 'web runs with 1 of 2 instances meanwhile: the node has no room for one more.' },
    ]);
    expect(warnings('stop-first')).toEqual([]);
  });

  it('is under way until all of it stands', () => {
    const fresh = instanceOf(next(), 1, { restartPolicy: 'no', address: '10.0.1.1' });
    expect(changeOf({ wanted: [next()], instances: [...running(web), fresh] })?.action).toBe('replace');
  });

  it('that has failed is no change', () => {
    const mark = instanceOf(next(), 1, { state: 'exited', restartPolicy: 'no' });
    expect(changeOf({ wanted: [next()], instances: [...running(web), mark] })).toBeUndefined();
  });
});

describe('drift', () => {
  const [first, second] = running(web);
  const drifted = (...instances: (Instance | undefined)[]) =>
    changeOf({ wanted: [web], instances: instances.filter((each) => each !== undefined) });

  it.each<[string, Partial<Instance>, string, string]>([
    ['has stopped', { state: 'exited', exitCode: 1 }, 'update', ' exited with code 1'],
    ['is paused', { state: 'paused' }, 'update', ' is paused'],
    ['was changed', { deviations: ['environment.A is 2, not 1'] }, 'replace', ': environment.A is 2, not 1'],
  ])('is an instance that %s', (_, change, action, words) => {
    const fallen = first && { ...first, ...change };
    expect(drifted(fallen, second)).toMatchObject({ action, drift: true, because: `${first?.name ?? ''}${words}` });
  });

  it('is an instance that is gone from among others', () => {
    expect(drifted(second)).toMatchObject({ action: 'update', drift: true, because: 'instance 1 is gone' });
  });

  it('names all that has happened', () => {
    const because = drifted(
      first && { ...first, state: 'exited', exitCode: 1 },
      second && { ...second, state: 'paused' },
    );
    expect(because?.because.split('; ')).toHaveLength(2);
  });
});

describe('a change without a restart', () => {
  it.each([
    [1, 'instances 2 → 1', 'drain instances above 1'],
    [3, 'instances 2 → 3', expect.stringMatching(/^ensure web@.{7} ×3$/) as string],
  ])('is the number of instances: %i', (instances, because, step) => {
    const change = changeOf({ wanted: [{ ...web, instances }], instances: running(web) });
    expect(change).toMatchObject({ action: 'scale', because, drift: false });
    expect(change?.steps[0]).toEqual(step);
  });

  it('is what is reserved, limited and restarted', () => {
    const small = { ...web, resources: { cpu: 0.5, memory: GB, limits: { memory: GB } } };
    const large = { ...web, resources: { cpu: 1, memory: GB, limits: { memory: 2 * GB } } };
    const change = changeOf({ wanted: [{ ...large, restart: 'always' }], instances: running(small) });
    expect(change).toMatchObject({
      action: 'update',
      because: 'cpu 0.5 → 1; limits.memory 1024M → 2048M; restart unless-stopped → always',
    });
    expect(change?.steps).toEqual([`update ${change?.to ?? ''} in place`]);
  });

  describe('is the http check', () => {
    const withCheck = (path: string, timeout = 1000): Service => {
      const http = { path, port: 8080, status: '200' };
      return { ...web, healthCheck: { http, interval: 1000, timeout, retries: 3, startPeriod: 0, restart: true } };
    };
    const change = (before: readonly Manifest[], wanted: readonly Manifest[]) => {
      const { table } = planOf({ wanted: before, instances: running(web) });
      return changeOf({ wanted, instances: running(web), balancer: { table } });
    };

    it('as another one, which concerns the balancer alone', () => {
      const before = [withCheck('/a'), loadBalancer()];
      expect(change(before, [withCheck('/b'), loadBalancer()])).toMatchObject({
        action: 'update',
        because: 'healthCheck.http.path /a → /b',
        steps: ['check with the new rules'],
      });
      expect(change(before, before)).toBeUndefined();
    });

    it.each([
      ['as a new one', [web], [withCheck('/')], 'healthCheck.http.path (none) → /'],
      ['as none any more', [withCheck('/')], [web], 'healthCheck.http.path / → (none)'],
      ['with its timeout', [withCheck('/')], [withCheck('/', 500)], 'healthCheck.timeout 1s → 500ms'],
    ])('%s, also where no route leads to the service', (_, before, wanted, because) => {
      expect(change(before, wanted)?.because).toContain(because);
    });

    it('but not what only routes ask for', () => {
      const more = [loadBalancer(), loadBalancer({ name: 'other', path: '/other', port: 8081 })];
      expect(change([web, loadBalancer()], [web, ...more])).toBeUndefined();
    });

    it('where the balancer is gone, but not where nobody knows what it does', () => {
      const situation = { wanted: [withCheck('/')], instances: running(web) };
      const lost = changeOf({ ...situation, balancer: { state: 'absent' } });
      expect(lost?.because).toMatch(/^healthCheck.* → .*, or was lost with the balancer's container$/);
      const balancer = { state: 'unreachable' as const, checks: {}, members: {}, oldWorkers: 0 };
      const permission = { budget: { maxFraction: 0, maxCount: 0 }, all: false };
      const state = { ...stateOf(situation), balancer };
      expect(plan(desiredBy(situation), state, NO_MEMORY, NOW, permission).changes).toEqual([]);
    });
  });
});
