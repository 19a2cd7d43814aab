import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../../src/core/reason.ts';
import {
  afterAbsence,
  failuresByRelease,
  NO_MEMORY,
  sharedFailures,
  withFailuresOf,
  withHealed,
  withImages,
  withoutImages,
  withOutcomes,
  type Memory,
} from '../../../../src/core/rollout/memory.ts';
import { service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const problem: Problem = { layer: 'image', reason: 'pull-failed', message: 'the registry is down' };

/** The memory after the object failed this often, always at time 0. */
function failed(count: number, object = 'web@1a2b3c4', memory: Memory = NO_MEMORY): Memory {
  return Array.from({ length: count }).reduce<Memory>((each) => withOutcomes(each, [{ object, problem }], 0), memory);
}

describe('what failed', () => {
  it.each([
    [1, 2],
    [2, 4],
    [3, 8],
    [6, 64],
    [7, 120],
    [40, 120],
  ])('for time number %i is tried again after %i seconds', (attempts, seconds) => {
    expect(failed(attempts).failures['web@1a2b3c4']).toEqual({ problem, attempts, at: 0, retryAt: seconds * 1000 });
  });

  it('begins anew once it was done', () => {
    const done = withOutcomes(failed(5), [{ object: 'web@1a2b3c4' }], 0);
    expect(done.failures).toEqual({});
    expect(failed(1, 'web@1a2b3c4', done).failures['web@1a2b3c4']?.attempts).toBe(1);
  });

  it('is forgotten once it needs nothing any more, and nothing else is', () => {
    const memory = failed(1, 'api@1a2b3c4', failed(1));
    expect(Object.keys(withFailuresOf(memory, new Set(['api@1a2b3c4'])).failures)).toEqual(['api@1a2b3c4']);
  });

  it('leaves the memory as it is where nothing ended and nothing is over', () => {
    const memory = failed(1);
    expect(withOutcomes(memory, [], 5)).toBe(memory);
    expect(withFailuresOf(memory, new Set(['web@1a2b3c4']))).toBe(memory);
  });

  it('is found by release, whether the release or one of its instances failed', () => {
    const objects = ['web@1a2b3c4/2', 'web@1a2b3c4', 'web@5d6e7f8/1', 'web-2@1a2b3c4'];
    const memory = objects.reduce((each, object) => failed(1, object, each), NO_MEMORY);
    const counts = [...failuresByRelease(memory)].map(([release, failures]) => `${release} ${failures.length}`);
    expect(counts).toEqual(['web@1a2b3c4 2', 'web@5d6e7f8 1', 'web-2@1a2b3c4 1']);
  });

  it('concerns everybody where it is the networks or the balancer', () => {
    const memory = ['web@1a2b3c4', 'balancer', 'networks'].reduce((each, object) => failed(1, object, each), NO_MEMORY);
    const { networks, balancer } = memory.failures;
    expect(sharedFailures(memory)).toEqual({ networks, balancer });
  });
});

describe('images', () => {
  it('that were taken away are pulled again', () => {
    const pulled = withImages(NO_MEMORY, [
      ['web@1a2b3c4', { id: 'sha256:1' }],
      ['api@1a2b3c4', { id: 'sha256:2' }],
    ]);
    expect(withoutImages(pulled, new Set(['web@1a2b3c4'])).images).toEqual({ 'api@1a2b3c4': { id: 'sha256:2' } });
  });
});

describe('restarts for failing checks', () => {
  it('are counted for each container', () => {
    const once = withHealed(NO_MEMORY, ['a', 'b'], 10);
    expect(withHealed(once, ['a'], 20).healed).toEqual({ a: { count: 2, at: 20 }, b: { count: 1, at: 10 } });
  });
});

describe('an engine that was away', () => {
  const [up, fell, wasDown] = [1, 2, 3].map((slot) => instanceOf(service(), slot));
  const exited = { state: 'exited' } as const;

  it('is what felled whatever was up before and is not now', () => {
    if (up === undefined || fell === undefined || wasDown === undefined) throw new Error('no instances');
    const instances = [up, { ...fell, ...exited, finishedAt: 9 }, { ...wasDown, ...exited }];
    const memory = afterAbsence(
      { ...NO_MEMORY, fellWithEngine: { earlier: 7 } },
      instances,
      new Set([wasDown.id]),
      true,
    );
    expect(memory.fellWithEngine).toEqual({ earlier: 7, [fell.id]: 9 });
  });

  it.each([true, false])('has what was being stopped judged anew only where it has restarted: %s', (hasRestarted) => {
    if (fell === undefined) throw new Error('no instances');
    const condemned = { [fell.id]: { reason: 'unhealthy' as const, description: 'L7STS/503' } };
    const memory = afterAbsence({ ...NO_MEMORY, condemned }, [{ ...fell, ...exited }], new Set(), hasRestarted);
    expect(memory.condemned).toEqual(hasRestarted ? {} : condemned);
  });

  it('stops the clocks of who was not ready', () => {
    expect(afterAbsence({ ...NO_MEMORY, unreadySince: { a: 1 } }, [], new Set(), true).unreadySince).toEqual({});
  });
});
