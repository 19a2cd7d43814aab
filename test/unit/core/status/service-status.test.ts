import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../src/core/model.ts';
import type { Instance } from '../../../../src/core/observed.ts';
import type { Failure } from '../../../../src/core/rollout/memory.ts';
import type { ServiceStatus } from '../../../../src/core/status/status.ts';
import type { ReportContext } from '../../../../src/core/status/report.ts';
import { NOW, reportOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const web = service({ instances: 2 });
const old = service({ instances: 2, container: { image: 'web:v0', version: 'v0' } });
const running = [1, 2].map((slot) => instanceOf(web, slot));
const before = [1, 2].map((slot) => instanceOf(old, slot));
const [first, second] = [1, 2].map((slot) => `web@${instanceOf(web, slot).release}`);

function candidate(change: Partial<Instance> = {}): Instance {
  const own = { restartPolicy: 'no', discoverable: false, address: '10.0.1.1' } as const;
  return instanceOf(web, 1, { ...own, ...change });
}

function statusOf(situation: Partial<Situation>, more: Partial<ReportContext> = {}): ServiceStatus {
  const [status] = reportOf({ wanted: [web], ...situation }, more).services;
  if (status === undefined) throw new Error('The report has no service.');
  return status;
}

function failing(release: string, message: string): Record<string, Failure> {
  const problem = { layer: 'image', reason: 'pull-failed', message } as const;
  return { [release]: { problem, attempts: 1, at: NOW, retryAt: NOW + 2000 } };
}

describe('the state of a service', () => {
  const paused: Service = { ...web, update: { ...web.update, failureAction: 'pause' } };
  const large = { ...web, resources: { cpu: 99, memory: 0, limits: {} } };

  it.each<[string, string, string | undefined, Partial<Situation>]>([
    ['steady', 'all of it runs', undefined, { instances: running }],
    ['disabled', 'nothing of it is wanted', undefined, { wanted: [{ ...web, enabled: false }] }],
    ['unknown', 'it was never seen', undefined, {}],
    ['rolling-out', 'some of it is missing', undefined, { instances: running.slice(0, 1) }],
    ['rolling-out', 'its new release comes', undefined, { instances: [candidate(), ...before] }],
    [
      'rolling-out',
      'its failed release is being left',
      'rolled-back',
      { instances: [candidate({ health: 'unhealthy' })].concat(before.slice(0, 1)) },
    ],
    [
      'rolled-back',
      'its old release serves on',
      'rolled-back',
      { instances: [candidate({ state: 'exited' }), ...before] },
    ],
    ['unscheduled', 'it does not fit', 'not-enough-cpu', { wanted: [large] }],
    ['unscheduled', 'its new release does not fit', 'not-enough-cpu', { wanted: [large], instances: before }],
    [
      'degraded',
      'its rollout has paused',
      'paused',
      { wanted: [paused], instances: [candidate({ state: 'exited' }), ...before] },
    ],
    ['failed', 'its image cannot be pulled', 'pull-failed', { memory: { failures: failing(first ?? '', 'no') } }],
    [
      'degraded',
      'one of it cannot be started',
      'pull-failed',
      { instances: running.slice(0, 1), memory: { failures: failing(`${second ?? ''}/2`, 'no') } },
    ],
  ])('is %s while %s', (state, _, reason, situation) => {
    const status = statusOf(situation);
    expect(status.state).toBe(state);
    expect(status.problem?.reason).toBe(reason);
  });

  it('does not know the failures of another service or release', () => {
    const failures = {
      ...failing('web-2@1a2b3c4', 'no'),
      ...failing('web@1a2b3c4', 'no'),
      ...failing('balancer', 'no'),
    };
    expect(statusOf({ instances: running, memory: { failures } }).problem).toBeUndefined();
  });

  it('is failed where the release to go back to does not come up either', () => {
    const fallen = before.map((each) => ({ ...each, state: 'restarting' as const, restarts: 1 }));
    const status = statusOf({ instances: [candidate({ state: 'exited' }), ...fallen] });
    expect(status).toMatchObject({ state: 'failed', problem: { reason: 'rollback-failed' } });
    expect(status.problem?.message).toContain('does not get ready either');
  });
});

describe('an instance that is not ready', () => {
  const unready = (change: Partial<Instance>, time: number) => {
    const instance = instanceOf(service(), 1, { startedAt: NOW, ...change });
    return statusOf({
      wanted: [service()],
      instances: [instance],
      memory: { unreadySince: { [instance.id]: NOW - time } },
    });
  };

  it.each<[string, Partial<Instance>, number, string | undefined]>([
    ['in its first minute', { health: 'starting' }, 59_999, undefined],
    ['after its first minute', { health: 'starting' }, 60_000, 'not-ready-in-time'],
    ['as it fails its check', { health: 'unhealthy' }, 9_999, undefined],
    ['as it has failed its check for ten seconds', { health: 'unhealthy' }, 10_000, 'unhealthy'],
    ['as it fell', { state: 'restarting', exitCode: 1 }, 0, 'exited'],
  ])('%s is a problem or not', (_, change, time, reason) => {
    expect(unready(change, time).problem?.reason).toBe(reason);
  });

  it('tells its last words', () => {
    const instances = [instanceOf(service(), 1, { state: 'restarting', restarts: 1 })];
    const logTails = { web: ['bye'], api: ['hello'] };
    expect(statusOf({ wanted: [service()], instances }, { logTails }).problem?.logTail).toEqual(['bye']);
    expect(statusOf({ wanted: [service()], instances }, { logTails: { web: [] } }).problem).not.toHaveProperty(
      'logTail',
    );
  });
});

describe('what is told of a service', () => {
  it('is what runs, how much of it, and where', () => {
    const instances = running.map((each) => ({ ...each, digest: 'sha256:abc' }));
    const wanted = [web, loadBalancer({ name: 'shop', path: '/shop', service: 'web' })];
    expect(
      statusOf({ wanted, instances: [...instances].reverse() }, { balancerPorts: { http: 8080, https: 8443 } }),
    ).toMatchObject({
      name: 'web',
      version: 'v1',
      release: first,
      image: 'web:v1',
      digest: 'sha256:abc',
      desired: 2,
      url: ['http://web.example.com:8080/shop'],
      instances: [{ slot: 1 }, { slot: 2 }],
    });
  });

  it('counts who is ready, and who is missing', () => {
    const instances = [running[0], { ...running[1], health: 'starting' }].filter(
      (each): each is Instance => !!each?.id,
    );
    expect(statusOf({ instances })).toMatchObject({ desired: 2, running: 1, pending: 1 });
  });

  it.each<[string, readonly Instance[], string]>([
    ['starting', before, 'starting 0 of 2'],
    ['awaiting ready', [candidate({ health: 'starting' }), ...before], 'awaiting ready 0 of 2'],
    ['draining', [candidate(), instanceOf(web, 2, { address: '10.0.1.2' }), ...before.slice(0, 1)], 'draining 2 of 2'],
  ])('is how far its rollout is: %s', (_, instances, text) => {
    const { rollout } = statusOf({ instances });
    expect(`${rollout?.step ?? ''} ${rollout?.ready ?? ''} of ${rollout?.total ?? ''}`).toBe(text);
    expect(rollout).toMatchObject({ from: `web@${before[0]?.release ?? ''}`, to: first, strategy: 'rolling' });
  });

  it('is no rollout where only instances are missing', () => {
    expect(statusOf({ instances: running.slice(0, 1) })).not.toHaveProperty('rollout');
  });

  it('is why a release was left, and which container shows it', () => {
    const mark = candidate({ state: 'exited', exitCode: 3 });
    const problem = statusOf({ instances: [mark, ...before] }).problem;
    expect(problem).toMatchObject({ layer: 'update', reason: 'rolled-back', evidence: mark.name });
    expect(problem?.message).toBe(
      `${first ?? ''} failed: exited with code 3. web@${before[0]?.release ?? ''} serves on. ` +
        'It is tried again when the manifest changes, or by fairlead retry web.',
    );
    const condemned = { [mark.id]: { reason: 'unhealthy', description: 'L7STS/503' } } as const;
    expect(statusOf({ instances: [mark, ...before], memory: { condemned } }).problem?.message).toContain(
      'failed: L7STS/503.',
    );
  });
});

describe('what is told of an instance', () => {
  const told = (change: Partial<Instance>) =>
    statusOf({ wanted: [service()], instances: [instanceOf(service(), 1, change)] }).instances[0];

  it('is where it is and what it runs', () => {
    const resources = { cpu: 0, memory: 64 * 1024 ** 2, limits: {} };
    expect(told({ resources, restarts: 3, createdAt: NOW - 1000, startedAt: NOW - 600 })).toMatchObject({
      node: 'node1',
      slot: 1,
      address: '10.0.0.1',
      state: 'running',
      desiredState: 'running',
      health: 'ready',
      created: '2026-11-20T23:59:59.000Z',
      since: '2026-11-20T23:59:59.400Z',
      restarts: 3,
      definition: { image: 'web:v1', memory: 64, ports: [8080] },
    });
  });

  it('is what is wrong with it', () => {
    expect(told({})).not.toHaveProperty('error');
    expect(told({ state: 'exited', exitCode: 3 })).toMatchObject({
      health: 'stopped',
      error: 'exited with code 3',
      desiredState: 'stopped',
    });
  });

  it('is that a candidate is to run, and an old one is not once it has been replaced', () => {
    const states = statusOf({ instances: [candidate({ health: 'starting' }), ...before] }).instances;
    expect(states.map((each) => each.desiredState)).toEqual(['running', 'running', 'running']);
    const done = statusOf({ instances: [...running, ...before.slice(1)] }).instances;
    expect(done.map((each) => each.desiredState)).toEqual(['running', 'running', 'stopped']);
  });
});
