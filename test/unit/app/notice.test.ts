import { describe, expect, it } from 'vitest';
import { notice } from '../../../src/app/notice.ts';
import type { Room } from '../../../src/core/disk.ts';
import type { Instance, ObservedBalancer } from '../../../src/core/observed.ts';
import type { Step } from '../../../src/core/rollout/steps.ts';
import { stateOf } from '../../support/decisions.ts';
import { service } from '../../support/manifests.ts';
import { instanceOf } from '../../support/observed.ts';

const web = instanceOf(service());

/** What is noticed where this instance is seen instead. */
function noticed(
  now: Partial<Instance> | undefined,
  done: readonly Step[] = [],
  before: Partial<Instance> = {},
): string[] {
  const instances = now === undefined ? [] : [{ ...web, ...now }];
  const events = notice(stateOf({ instances: [{ ...web, ...before }] }), stateOf({ instances }), done);
  return events.map(([type, object, message]) => `${type} ${object}: ${message.replace(web.name, 'it')}`);
}

describe('what happens to an instance by itself', () => {
  it.each<[string, Partial<Instance> | undefined, string]>([
    ['was removed', undefined, 'fell web: it is gone: it was removed from outside'],
    ['was stopped', { state: 'exited', exitCode: 0 }, 'fell web: it fell: exited with code 0'],
    ['ran out of memory', { state: 'exited', oomKilled: true }, 'fell web: it fell: killed: out of memory'],
    ['was paused', { state: 'paused' }, 'paused web: it was paused from outside'],
    ['is being restarted', { state: 'restarting', restarts: 1 }, 'fell web: it fell, and Docker starts it again'],
    ['was restarted', { restarts: 1 }, 'fell web: it fell, and Docker starts it again'],
    ['is called otherwise', { deviations: ['name is x'] }, 'changed web: it was changed from outside: name is x'],
    [
      'has other limits',
      { resources: { cpu: 0, memory: 0, limits: { cpu: 1 } } },
      'changed web: it was changed from outside: it has other limits',
    ],
    [
      'can find nobody',
      { discoverable: undefined },
      'changed web: it was changed from outside: it was taken off its names',
    ],
    ['was started anew', { startedAt: 5 }, 'fell web: it fell, and Docker starts it again'],
  ])('is noticed where it %s', (_, now, event) => {
    expect(noticed(now)).toEqual([event]);
  });

  it('is not noticed where nothing did', () => {
    expect(noticed({})).toEqual([]);
    expect(noticed({ state: 'exited' }, [], { state: 'exited' })).toEqual([]);
    expect(noticed({ state: 'paused' }, [], { state: 'paused' })).toEqual([]);
    expect(noticed({ deviations: ['name is x'] }, [], { deviations: ['name is x'] })).toEqual([]);
    expect(noticed({}, [], { discoverable: undefined })).toEqual([]);
  });

  it('is not noticed where a step has done it', () => {
    expect(noticed(undefined, [{ do: 'stop', instance: web, mark: false, because: '' }])).toEqual([]);
    const other = { ...web, slot: 2 };
    expect(noticed(undefined, [{ do: 'stop', instance: other, mark: false, because: '' }])).toHaveLength(1);
  });
});

describe('a network', () => {
  const two = stateOf({ networks: ['back', 'default'] });
  const one = stateOf({ networks: ['default'] });

  it('is told of where somebody else has removed it', () => {
    expect(notice(two, one, [])).toEqual([
      ['fell', 'cluster', 'the network back is gone: it was removed from outside'],
    ]);
    expect(notice(two, two, [])).toEqual([]);
  });

  it('is not told of where a step has done it', () => {
    expect(notice(two, one, [{ do: 'prune-networks', keep: ['default'] }])).toEqual([]);
  });
});

describe('the balancer', () => {
  type State = ObservedBalancer['state'];
  it.each<[State, State, string[]]>([
    ['running', 'stopped', ['the balancer has stopped']],
    ['running', 'absent', ['the balancer is gone: it was removed from outside']],
    ['running', 'unreachable', []],
    ['stopped', 'absent', []],
    ['absent', 'absent', []],
  ])('that was %s and is %s: %j', (before, now, messages) => {
    const seen = (state: State) => stateOf({ balancer: { state } });
    expect(notice(seen(before), seen(now), []).map((each) => each[2])).toEqual(messages);
    expect(notice(seen(before), seen(now), [{ do: 'remove-balancer' }])).toEqual([]);
  });

  it('was changed by somebody else, which is said once', () => {
    const running = stateOf({ balancer: { state: 'running' } });
    const touched = stateOf({ balancer: { state: 'running', deviation: 'its file routes.map is touched' } });
    expect(notice(running, touched, [])).toEqual([
      ['changed', 'balancer', 'the balancer was changed from outside: its file routes.map is touched'],
    ]);
    expect(notice(touched, touched, [])).toEqual([]);
  });
});

it('a disk that fills up is noticed, and that it has room again', () => {
  const limits = { warnAbove: 0.85, refuseAbove: 0.95 };
  const seenWith = (room: Room) => {
    const { runtime, ...state } = stateOf({ instances: [] });
    return {
      ...state,
      runtime: { ...runtime, node: { ...runtime.node, disk: { size: 100, free: 10, limits, room } } },
    };
  };
  const between = (before: Room, now: Room) => notice(seenWith(before), seenWith(now), []).map((each) => each[2]);
  expect(between('scarce', 'scarce')).toEqual([]);
  expect(between('ample', 'scarce')).toEqual([expect.stringContaining('more than 85 % full')]);
  expect(between('scarce', 'none')).toEqual([expect.stringContaining('no image is fetched')]);
  expect(between('none', 'ample')).toEqual(['The disk of the engine has room again.']);
});
