import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../src/core/model.ts';
import type { Instance } from '../../../../src/core/observed.ts';
import type { Memory } from '../../../../src/core/rollout/memory.ts';
import { instanceProblem, judge, type Verdict } from '../../../../src/core/rollout/target.ts';
import { checked, NOW, planOf, viewOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const old = service({ instances: 2, container: { image: 'web:v0' } });
const web = service({ instances: 2 });
const [first, second] = [instanceOf(old, 1), instanceOf(old, 2)];

/** An instance of the new release that is on trial, with an address of its own. */
function candidate(slot = 1, change: Partial<Instance> = {}): Instance {
  return instanceOf(web, slot, { restartPolicy: 'no', discoverable: false, address: `10.0.1.${slot}`, ...change });
}

function verdictOn(candidates: readonly Instance[], more: Partial<Situation> = {}): Verdict {
  const view = viewOf({ wanted: [web], instances: [first, second, ...candidates], ...more });
  if (view.desired === undefined) throw new Error('web is not wanted');
  return judge(view, view.desired);
}

function targetOf({ target: { release, rollback } }: Verdict): string {
  const image = release === first.release ? 'v0' : release === candidate().release ? 'v1' : 'another';
  return rollback ? `back to ${image}` : image;
}

describe('an instance on trial', () => {
  const unready = { health: 'starting' } as const;
  const since = (time: number): Partial<Memory> => ({ unreadySince: { [candidate().id]: NOW - time } });

  it.each<[string, Partial<Instance>, Partial<Memory>, string]>([
    ['fails its command', { health: 'unhealthy' }, {}, 'unhealthy: its health check command fails'],
    ['was restarted', { state: 'restarting', restarts: 1, exitCode: 2 }, {}, 'exited: restarting, exited with code 2'],
    [
      'ran out of memory',
      { state: 'restarting', restarts: 1, oomKilled: true },
      {},
      'oom-killed: restarting, killed: out of memory',
    ],
    [
      'is not ready in time',
      unready,
      since(60_000),
      'not-ready-in-time: not ready after 60 s: its health check has not passed yet',
    ],
    [
      'was given up, although it is ready by now',
      {},
      { condemned: { [candidate().id]: { reason: 'exited', description: 'it fell' } } },
      'exited: it fell',
    ],
  ])('that %s has failed: its release is left for the one before', (_, change, memory, failure) => {
    const verdict = verdictOn([candidate(1, change)], { memory });
    expect(verdict.failed.map(({ reason, description }) => `${reason}: ${description}`)).toEqual([failure]);
    expect(verdict.quarantined).toBe(true);
    expect(targetOf(verdict)).toBe('back to v0');
    expect(verdict.target).toMatchObject({ container: old.container, instances: 2 });
  });

  it.each<[string, Partial<Instance>, Partial<Memory>]>([
    ['is ready', {}, {}],
    ['is not ready yet', unready, since(59_999)],
    ['was seen only now', unready, {}],
    ['is paused by somebody', { state: 'paused' }, since(99_000)],
    ['was restarted and is ready again', { restarts: 1 }, {}],
  ])('that %s has not failed', (_, change, memory) => {
    const verdict = verdictOn([candidate(1, change)], { memory });
    expect(verdict).toMatchObject({ failed: [], quarantined: false });
    expect(targetOf(verdict)).toBe('v1');
  });
});

describe('an instance that fails the check of the balancer', () => {
  const wanted = [web, loadBalancer()];
  const judged = (change: Partial<Instance>) => {
    const instances = [first, second, candidate(1, change)];
    const { table } = planOf({ wanted, instances });
    const own = table.checks.flatMap((pool) => pool.servers).find((each) => each.address === '10.0.1.1');
    const balancer = checked(table, 'up', { [own?.id ?? '']: 'down' });
    return verdictOn([candidate(1, change)], { wanted, balancer }).failed.map((each) => each.reason);
  };

  it('has time to get ready', () => {
    expect(judged({})).toEqual([]);
  });

  it('has failed at once where it has served already', () => {
    expect(judged({ discoverable: true })).toEqual(['unhealthy']);
    expect(judged({ restartPolicy: 'unless-stopped' })).toEqual(['unhealthy']);
  });
});

describe('a release', () => {
  const failing = { health: 'unhealthy' } as const;

  it('that has nothing before it is never left', () => {
    const view = viewOf({ wanted: [web], instances: [candidate(1, failing)] });
    expect(view.desired && judge(view, view.desired)).toMatchObject({ failed: [], quarantined: false });
  });

  it('of which all have passed their trial is not left when one of them falls later', () => {
    const settled = [1, 2].map((slot) => candidate(slot, { restartPolicy: 'unless-stopped', ...failing }));
    expect(verdictOn(settled)).toMatchObject({ failed: [], quarantined: false });
  });

  it.each<[string, Partial<Instance>, Partial<Memory>, boolean]>([
    ['stopped', { state: 'exited' }, {}, true],
    ['stopped, having fallen with the engine', { state: 'exited' }, { fellWithEngine: { [candidate().id]: 0 } }, false],
    ['stopped, and trusted before', { state: 'exited', restartPolicy: 'unless-stopped' }, {}, false],
    ['not able to start', { state: 'created', error: 'no such file' }, {}, true],
    ['half made', { state: 'created' }, {}, false],
  ])('is judged by a candidate that is %s', (_, change, memory, quarantined) => {
    expect(verdictOn([candidate(1, change)], { memory })).toMatchObject({ quarantined, failed: [] });
  });

  it('that does not fit makes room for the one before, and has not failed', () => {
    const resources = { cpu: 9, memory: 0, limits: {} };
    const verdict = verdictOn([], { wanted: [{ ...web, resources }] });
    expect(targetOf(verdict)).toBe('back to v0');
    expect(verdict.quarantined).toBe(false);
  });
});

describe('the update policy', () => {
  const failing = [candidate(1, { health: 'unhealthy' }), candidate(2, { state: 'exited' })];
  const under = (update: Partial<Service['update']>, candidates: readonly Instance[] = failing) =>
    verdictOn(candidates, { wanted: [{ ...web, update: { ...web.update, ...update } }] });

  it('stops everything on pause, and goes neither forward nor back', () => {
    const verdict = under({ failureAction: 'pause' });
    expect(verdict).toMatchObject({ paused: true, quarantined: false, failed: [] });
    expect(targetOf(verdict)).toBe('v1');
  });

  it('puts up with everything on continue', () => {
    const verdict = under({ failureAction: 'continue' });
    expect(verdict.tolerated.map((each) => each.slot).sort()).toEqual([1, 2]);
    expect(verdict).toMatchObject({ paused: false, quarantined: false });
  });

  it('puts up with as many as it says, stopped ones counted', () => {
    expect(under({ maxFailureRatio: 0.5 }, failing.slice(0, 1))).toMatchObject({ quarantined: false });
    expect(under({ maxFailureRatio: 0.5 })).toMatchObject({ quarantined: true, tolerated: [] });
    expect(under({ maxFailureRatio: 1 }).tolerated).toHaveLength(2);
  });
});

describe('the release to go back to', () => {
  const older = service({ instances: 2, container: { image: 'web:older' } });
  const mark = candidate(1, { state: 'exited' });
  const backTo = (...instances: Instance[]) => {
    const view = viewOf({ wanted: [web], instances: [mark, ...instances] });
    const container = view.desired && judge(view, view.desired).target;
    return `${container?.container.image ?? ''} ×${container?.instances ?? 0}`;
  };

  it('is the one with the most ready instances', () => {
    const starting = { health: 'starting', createdAt: 9 } as const;
    expect(backTo(instanceOf(older, 1, starting), instanceOf(older, 2, starting), first)).toBe('web:v0 ×2');
  });

  it('is the newest among equals', () => {
    expect(backTo(instanceOf(older, 1, { createdAt: 9 }), first)).toBe('web:older ×2');
  });

  it('is none that has failed itself, nor one that nobody can read', () => {
    expect(backTo(instanceOf(older, 1, { state: 'exited', restartPolicy: 'no', createdAt: 9 }), first)).toBe(
      'web:v0 ×2',
    );
    const { spec: _, ...unreadable } = first;
    expect(backTo(unreadable)).toBe('web:v1 ×2');
  });

  it('runs once where it has a host port', () => {
    const ports = [{ port: 8080, protocol: 'tcp' as const, publish: false, hostPort: 9000 }];
    expect(backTo(instanceOf(service({ container: { image: 'web:port', ports } })))).toBe('web:port ×1');
  });
});

describe('what is wrong with an instance', () => {
  it.each<[Partial<Instance>, string, string]>([
    [{ state: 'exited', oomKilled: true }, 'container oom-killed', 'killed: out of memory'],
    [{ state: 'created', error: 'no such file' }, 'container start-failed', 'no such file'],
    [{ state: 'exited', exitCode: 3 }, 'container exited', 'exited with code 3'],
    [
      { state: 'restarting', restarts: 1, exitCode: 3 },
      'container exited',
      'restarted once; restarting, exited with code 3',
    ],
    [
      { state: 'restarting', restarts: 3, exitCode: 3 },
      'container crash-loop',
      'restarted 3 times; restarting, exited with code 3',
    ],
    [{ health: 'unhealthy' }, 'health unhealthy', 'its health check command fails'],
    [{ health: 'starting' }, 'health not-ready-in-time', 'its health check has not passed yet'],
    [{ health: 'starting', restarts: 1 }, 'container exited', 'restarted once; its health check has not passed yet'],
  ])('%o: %s', (change, code, words) => {
    const instance = instanceOf(web, 1, { createdAt: NOW, ...change });
    const problem = instanceProblem(viewOf({ wanted: [web], instances: [instance] }), instance);
    expect(`${problem.layer} ${problem.reason}`).toBe(code);
    expect(problem).toMatchObject({ object: 'web', message: `${instance.name}: ${words}` });
  });
});
