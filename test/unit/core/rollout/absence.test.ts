import { describe, expect, it } from 'vitest';
import type { Instance, ObservedRuntime } from '../../../../src/core/observed.ts';
import { lookAt, withAbsence } from '../../../../src/core/rollout/absence.ts';
import { NO_MEMORY } from '../../../../src/core/rollout/memory.ts';
import { stateOf } from '../../../support/decisions.ts';
import { service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const SECOND = 1_000;
/** When the engine was up again. */
const START = 1_000 * SECOND;
/** Docker started it again with the engine. */
const back = instanceOf(service(), 1, { finishedAt: START - 20 * SECOND, startedAt: START + SECOND });
const candidate = (finishedAt: number) =>
  instanceOf(service({ container: { image: 'web:v2' } }), 1, { state: 'exited', restartPolicy: 'no', finishedAt });

function runtime(instances: readonly Instance[], engineStartedAt = START): ObservedRuntime {
  return { ...silent(instances), engineStartedAt };
}

/** Of an engine that does not tell when it started. */
function silent(instances: readonly Instance[]): ObservedRuntime {
  return stateOf({ instances }).runtime;
}

function felled(...[now, last, wasAway = false]: [ObservedRuntime, ObservedRuntime?, boolean?]): string[] {
  return Object.keys(withAbsence(NO_MEMORY, now, last && lookAt(last), wasAway).fellWithEngine);
}

describe('to a process that did not live when the engine went down', () => {
  it.each([
    ['with the others', -20, true],
    ['at once, while the others used their grace', -29, true],
    ['with a crash of the machine, which Docker finds out later', -0.5, true],
    ['long before', -60, false],
    ['after its start', 5, false],
  ])('what ended %s fell with it or not', (_, seconds, isFelled) => {
    const fallen = candidate(START + seconds * SECOND);
    expect(felled(runtime([back, fallen]))).toEqual(isFelled ? [fallen.id] : []);
  });

  it('what ended fell with it where nothing else tells when that was', () => {
    const fallen = candidate(START - 500 * SECOND);
    expect(felled(runtime([fallen]))).toEqual([fallen.id]);
  });

  it('a long grace of another one counts', () => {
    const spec = { ...service().container, stopGracePeriod: 120 * SECOND };
    const fallen = candidate(START - 130 * SECOND);
    expect(felled(runtime([{ ...back, spec }, fallen]))).toEqual([fallen.id]);
  });

  it('nothing fell with it where its start is not known', () => {
    expect(felled(silent([back, candidate(START - 20 * SECOND)]))).toEqual([]);
  });
});

describe('to a process that lives', () => {
  const fallen = candidate(START - 20 * SECOND);
  const up: Instance = { ...fallen, state: 'running' };
  const before = START - 5_000 * SECOND;

  it('what was up when it last looked fell with an engine that has restarted, whether it was seen to be away or not', () => {
    expect(felled(runtime([fallen]), runtime([up], before))).toEqual([fallen.id]);
  });

  it('so it did with one of which only the absence is known', () => {
    expect(felled(silent([fallen]), silent([up]), true)).toEqual([fallen.id]);
  });

  it.each([
    ['with the grace of another one', undefined, 14, true],
    ['with its own long grace', 60, 64, true],
    ['long before', undefined, 16, false],
  ])('what it saw fall %s before the engine was away fell with it or not', (_, grace, seconds, isFelled) => {
    const spec = { ...service().container, ...(grace !== undefined && { stopGracePeriod: grace * SECOND }) };
    const first = { ...runtime([fallen], before), observedAt: 0 };
    const again = lookAt({ ...first, observedAt: seconds * SECOND }, lookAt(first));
    const known = withAbsence(NO_MEMORY, runtime([{ ...fallen, spec }]), again, true);
    expect(Object.keys(known.fellWithEngine)).toEqual(isFelled ? [fallen.id] : []);
  });

  it('what it saw fall before an engine that did not restart was away fell by itself', () => {
    expect(felled(runtime([fallen]), runtime([fallen]), true)).toEqual([]);
  });

  it('what falls while the engine is up fell by itself', () => {
    expect(felled(runtime([fallen]), runtime([up]))).toEqual([]);
  });
});
