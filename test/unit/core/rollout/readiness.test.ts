import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../../src/core/observed.ts';
import { NO_MEMORY, type Memory } from '../../../../src/core/rollout/memory.ts';
import { checksFor, conditionOf, hasStood, isCrashLooping, serverId } from '../../../../src/core/rollout/readiness.ts';
import { indexRouting } from '../../../../src/core/rollout/routing-index.ts';
import { desiredBy, NOW, planOf, stateOf, viewOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const web = service();
const [check, other] = ['a', 'b'].map((name) => ({
  name,
  service: 'web',
  check: { type: 'tcp' as const, port: 8080 },
  timeout: 1000,
}));
const checks = [check, other].filter((each) => each !== undefined);

function conditionWith(change: Partial<Instance>, said?: readonly string[]) {
  const instance = instanceOf(web, 1, { startedAt: NOW - 500, ...change });
  const results = (said ?? []).map((word, index) => [`${checks[index]?.name ?? ''}/${serverId(instance)}`, word]);
  const health = Object.fromEntries(
    results.map(([key, word]) => [key, { check: word, description: `says ${word ?? ''}`, sessions: 0, errors: 0 }]),
  ) as Parameters<typeof conditionOf>[2]['checks'];
  const { balancer } = stateOf({ balancer: { checks: health } });
  return conditionOf(instance, said === undefined ? [] : checks, balancer, hasStood(NO_MEMORY, instance, NOW));
}

describe('an instance', () => {
  it.each<[string, Partial<Instance>, readonly string[] | undefined, string, string]>([
    ['runs for half a second', {}, undefined, 'ready', 'running'],
    ['has just started', { startedAt: NOW - 499 }, undefined, 'starting', 'just started'],
    ['passes its command at once', { health: 'healthy', startedAt: NOW }, undefined, 'ready', 'running'],
    [
      'has not passed its command yet',
      { health: 'starting' },
      ['up', 'up'],
      'starting',
      'its health check has not passed yet',
    ],
    ['fails its command', { health: 'unhealthy' }, ['up', 'up'], 'unhealthy', 'its health check command fails'],
    ['passes all checks', {}, ['up', 'up'], 'ready', 'running'],
    ['fails one of its checks', {}, ['up', 'down'], 'unhealthy', 'says down'],
    ['was asked by one check only', {}, ['up'], 'unknown', 'the balancer has not checked it yet'],
    ['was added to the balancer just now', {}, ['up', 'starting'], 'unknown', 'the balancer has not checked it yet'],
    ['is paused', { state: 'paused' }, ['up', 'up'], 'unhealthy', 'paused'],
    [
      'is restarted by Docker',
      { state: 'restarting', exitCode: 3 },
      undefined,
      'unhealthy',
      'restarting, exited with code 3',
    ],
    ['ended', { state: 'exited', exitCode: 0 }, ['up', 'up'], 'stopped', 'exited with code 0'],
    ['ended, nobody knows how', { state: 'dead' }, undefined, 'stopped', 'exited with code unknown'],
    [
      'ran out of memory',
      { state: 'exited', exitCode: 137, oomKilled: true },
      undefined,
      'stopped',
      'killed: out of memory',
    ],
    ['was never started', { state: 'created' }, undefined, 'stopped', 'created, not started'],
    ['could not start', { state: 'created', error: 'no such file' }, undefined, 'stopped', 'no such file'],
  ])('that %s', (_, change, said, state, description) => {
    expect(conditionWith(change, said)).toEqual({ state, description });
  });
});

describe('a container without any check', () => {
  const looksAt = (startedAt: number, looks: readonly number[]) => {
    let memory: Memory = NO_MEMORY;
    return looks.map((at) => {
      const instance = instanceOf(web, 1, { startedAt: NOW + startedAt });
      const view = viewOf({ wanted: [web], instances: [instance], memory, now: NOW + at });
      ({ memory } = view);
      return view.conditions.get(instance.id)?.state;
    });
  };

  it('stands after half a second, also where the clock of the engine is ahead', () => {
    expect(looksAt(90_000, [0, 499, 500])).toEqual(['starting', 'starting', 'ready']);
    expect(looksAt(-200, [0, 299, 300])).toEqual(['starting', 'starting', 'ready']);
  });
});

describe('the checks that decide', () => {
  const situation = { wanted: [web, loadBalancer()], instances: [instanceOf(web)] };
  const routing = indexRouting(planOf(situation).table);
  const [desired] = desiredBy({ wanted: [web, loadBalancer({ port: 9090 })] }).services;
  const asks = (instance: Instance) => checksFor(instance, desired, routing).map((each) => each.check.port);

  it('are those of the manifest for the release that is wanted', () => {
    expect(asks(instanceOf(web))).toEqual([9090]);
  });

  it('stay for an older release those that it is asked by', () => {
    expect(checksFor(instanceOf(web), { release: 'another', checks: [] }, routing)).toMatchObject([
      { check: { port: 8080 } },
    ]);
  });

  it('are those of the manifest where an older release was never asked', () => {
    const old = instanceOf(service({ container: { image: 'web:v0' } }), 1, { address: '10.0.0.99' });
    expect(asks(old)).toEqual([9090]);
    expect(checksFor(old, undefined, routing)).toEqual([]);
  });
});

describe('the memory of one look', () => {
  const remembered = (change: Partial<Instance>, memory: Partial<Memory>, situation: Partial<Situation> = {}) => {
    const instances = [instanceOf(web, 1, { id: 'a', startedAt: NOW - 5000, ...change })];
    return viewOf({ wanted: [web], instances, memory, ...situation }).memory;
  };
  const since = { a: { at: NOW - 1000, startedAt: NOW - 5000 } };

  it('counts from when it was first seen ready', () => {
    expect(remembered({}, {}).readySince).toEqual({ a: { at: NOW, startedAt: NOW - 5000 } });
    expect(remembered({}, { readySince: since }).readySince).toEqual(since);
  });

  it('begins anew when the container was restarted', () => {
    const { readySince } = remembered({ startedAt: NOW - 600 }, { readySince: since });
    expect(readySince).toEqual({ a: { at: NOW, startedAt: NOW - 600 } });
  });

  it('ends with a break', () => {
    const memory = remembered({ health: 'unhealthy' }, { readySince: since });
    expect(memory).toMatchObject({ readySince: {}, unreadySince: { a: NOW } });
    expect(remembered({ health: 'unhealthy' }, { unreadySince: { a: NOW - 7 } }).unreadySince).toEqual({ a: NOW - 7 });
    expect(remembered({}, { unreadySince: { a: NOW - 7 } }).unreadySince).toEqual({});
  });

  it('does not count against anybody that the balancer cannot be asked', () => {
    const wanted = [web, loadBalancer()];
    expect(remembered({}, {}, { wanted })).toMatchObject({ readySince: {}, unreadySince: {} });
  });

  it('forgets containers that are gone', () => {
    const gone = { at: NOW, count: 1 };
    const condemned = { gone: { reason: 'exited', description: '' } } as const;
    const memory = remembered(
      {},
      { healed: { gone }, condemned, restarts: { gone: [gone] }, fellWithEngine: { gone: 1 } },
    );
    expect(memory).toMatchObject({ healed: {}, condemned: {}, fellWithEngine: {} });
    expect(Object.keys(memory.restarts)).toEqual(['a']);
  });

  it('forgives restarts after five minutes in which it was ready', () => {
    const healed = { a: { at: 0, count: 3 } };
    const readyFor = (time: number) => ({ a: { at: NOW - time, startedAt: NOW - 5000 } });
    expect(remembered({}, { healed, readySince: readyFor(299_999) }).healed).toEqual(healed);
    expect(remembered({}, { healed, readySince: readyFor(300_000) }).healed).toEqual({});
  });

  it('knows what fell with the engine until it is up again', () => {
    const fellWithEngine = { a: 5 };
    expect(remembered({ state: 'exited', finishedAt: 5 }, { fellWithEngine }).fellWithEngine).toEqual(fellWithEngine);
    // Started and fallen again between two looks.
    expect(remembered({ state: 'exited', finishedAt: 6 }, { fellWithEngine }).fellWithEngine).toEqual({});
    expect(remembered({}, { fellWithEngine }).fellWithEngine).toEqual({});
  });
});

describe('a crash loop', () => {
  /** Looks each second at a container that Docker has restarted at these seconds. */
  const loopsAt = (restarts: readonly number[], second: number) => {
    let memory: Memory = NO_MEMORY;
    const look = (at: number) => {
      const count = restarts.filter((each) => each <= at).length;
      const instance = instanceOf(web, 1, { restarts: count, createdAt: NOW });
      ({ memory } = viewOf({ wanted: [web], instances: [instance], memory, now: NOW + at * 1000 }));
      return isCrashLooping(memory, instance, NOW + at * 1000);
    };
    for (let at = 0; at < second; at++) look(at);
    return look(second);
  };

  it.each([
    ['is three restarts within two minutes', [10, 60, 120], 120, true],
    ['is not two', [10, 60], 120, false],
    ['is not three in a longer time', [10, 70, 131], 131, false],
    ['is over two minutes after the last of them', [1, 2, 3], 200, false],
    ['counts anew after a long rest', [1, 2, 3, 300, 301], 302, false],
  ])('%s', (_, restarts, second, isLooping) => {
    expect(loopsAt(restarts, second)).toBe(isLooping);
  });

  it('is no news where it was over before a process looked', () => {
    const instance = instanceOf(web, 1, { restarts: 5, createdAt: NOW - 3_600_000 });
    const { memory } = viewOf({ wanted: [web], instances: [instance] });
    expect(isCrashLooping(memory, instance, NOW)).toBe(false);
  });

  it('is seen by a process that has just begun from what Docker counts', () => {
    const instance = instanceOf(web, 1, { restarts: 5, createdAt: NOW - 30_000 });
    const { memory } = viewOf({ wanted: [web], instances: [instance] });
    expect(isCrashLooping(memory, instance, NOW)).toBe(true);
  });
});
