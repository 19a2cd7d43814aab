import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../../src/core/observed.ts';
import { memberSets, type MemberSet } from '../../../../src/core/rollout/members.ts';
import { decisionOf, NOW, type Situation } from '../../../support/decisions.ts';
import { service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const web = service({ instances: 2 });
const before = service({ instances: 2, container: { image: 'web:v0' } });
const old = [1, 2].map((slot) => instanceOf(before, slot, { id: `old${slot}` }));

function fresh(slot: number, change: Partial<Instance> = {}): Instance {
  const own = { id: `new${slot}`, address: `10.0.1.${slot}`, restartPolicy: 'no', discoverable: true } as const;
  return instanceOf(web, slot, { ...own, ...change });
}

/** The new image is there. */
const memory = { images: { [`web@${fresh(1).release}`]: { id: 'sha256:new' } } };

function setsOf(situation: Situation): { serving: string; standby?: string } {
  const { progress } = decisionOf(situation);
  if (progress === undefined) throw new Error('web is not wanted');
  const { serving, standby } = memberSets(progress);
  return { serving: textOf(serving), ...(standby && { standby: textOf(standby) }) };
}

/** `web: new1 old2`; `web@v0` where a release is named. */
function textOf({ id, members }: MemberSet): string {
  const [v0, v1] = [old[0]?.release ?? '', fresh(1).release];
  return `${id.replace(v0, 'v0').replace(v1, 'v1')}: ${members.map((each) => each.id).join(' ')}`;
}

describe('members of a rolling service', () => {
  const sets = (...own: Instance[]) => setsOf({ wanted: [web], instances: [...own, ...old] }).serving;

  it('are all that are ready, new ones beside as many old ones as are needed', () => {
    expect(sets(fresh(1))).toBe('web: new1 old1 old2');
    expect(sets(fresh(1, { restartPolicy: 'unless-stopped' }))).toBe('web: new1 old1');
    expect(sets(fresh(1, { restartPolicy: 'unless-stopped' }), fresh(2))).toBe('web: new1 new2 old1');
  });

  it('are not those that are not ready yet', () => {
    expect(sets(fresh(1, { health: 'starting', discoverable: false }))).toBe('web: old1 old2');
  });

  it('are routed to once they have their name, which a route does not wait for where the wanted release has failed', () => {
    expect(sets(fresh(1, { discoverable: false }))).toBe('web: old1 old2');
    expect(sets(fresh(1, { discoverable: undefined }))).toBe('web: old1 old2');
    const mark = fresh(1, { state: 'exited', discoverable: false });
    const back = old.map((each) => ({ ...each, discoverable: false }));
    expect(setsOf({ wanted: [web], instances: [mark, ...back] }).serving).toBe('web: old1 old2');
  });

  it('are all the old ones until the new image is there', () => {
    const update = { ...web.update, order: 'stop-first' as const };
    const situation = { wanted: [{ ...web, update }], instances: old };
    expect(setsOf(situation).serving).toBe('web: old1 old2');
    expect(setsOf({ ...situation, memory }).serving).toBe('web: old1');
  });

  it.each<[string, Partial<Instance>, string]>([
    ['stay while they only start again', { state: 'restarting' }, 'web: new1 new2'],
    ['leave when their command fails', { health: 'unhealthy' }, 'web: new2'],
    ['leave when somebody pauses them', { state: 'paused' }, 'web: new2'],
  ])('%s', (_, change, members) => {
    const trusted = { restartPolicy: 'unless-stopped', discoverable: true } as const;
    const instances = [fresh(1, { ...trusted, ...change }), fresh(2, trusted)];
    expect(setsOf({ wanted: [web], instances }).serving).toBe(members);
  });

  it('leave once their stop has begun', () => {
    const instances = [fresh(1), fresh(2, { discoverable: true })];
    expect(setsOf({ wanted: [web], instances, underWay: { starting: [], stopping: ['new2'] } }).serving).toBe(
      'web: new1',
    );
  });

  it('are not more than wanted, but only once enough others are ready', () => {
    const instances = [fresh(1), fresh(2), fresh(3)];
    expect(setsOf({ wanted: [web], instances }).serving).toBe('web: new1 new2');
    const [first, second, third] = [fresh(1), fresh(2, { health: 'starting', discoverable: false }), fresh(3)];
    expect(setsOf({ wanted: [web], instances: [first, second, third] }).serving).toBe('web: new1 new3');
  });
});

describe('members of a green-blue service', () => {
  const update = { ...web.update, strategy: 'green-blue' as const };
  const wanted = [{ ...web, update }];

  it('are one set for each release, the old one serving until all of the new one is ready', () => {
    expect(setsOf({ wanted, instances: [fresh(1, { discoverable: false }), ...old] })).toEqual({
      serving: 'web@v0: old1 old2',
      standby: 'web@v1: new1',
    });
    expect(setsOf({ wanted, instances: [fresh(1), fresh(2), ...old] })).toEqual({
      serving: 'web@v1: new1 new2',
      standby: 'web@v0: old1 old2',
    });
  });

  it('switch once all of the new set have their names', () => {
    const instances = [fresh(1), fresh(2, { discoverable: false }), ...old];
    expect(setsOf({ wanted, instances }).serving).toBe('web@v0: old1 old2');
  });

  it('leave the name only after those that come have joined it', () => {
    const told = (...own: Instance[]) =>
      decisionOf({ wanted, memory, instances: [...own, ...old] }).steps.flatMap((step) =>
        step.do === 'discover' ? `${step.instance.id} ${step.discoverable ? 'joins' : 'leaves'}` : [],
      );
    expect(told(fresh(1), fresh(2, { discoverable: false }))).toEqual(['new2 joins']);
    expect(told(fresh(1), fresh(2))).toEqual(['old1 leaves', 'old2 leaves']);
  });

  it('are one set where there is nothing to switch from', () => {
    expect(setsOf({ wanted, instances: [fresh(1)] })).toEqual({ serving: 'web@v1: new1' });
  });

  it('lose the old set once it was kept long enough', () => {
    const trusted = { restartPolicy: 'unless-stopped', discoverable: true } as const;
    const instances = [fresh(1, trusted), fresh(2, trusted), ...old];
    const readySince = { new1: { at: NOW, startedAt: 0 }, new2: { at: NOW, startedAt: 0 } };
    const at = (now: number) => setsOf({ wanted, instances, memory: { readySince }, now }).standby;
    expect(at(NOW + 599_999)).toBe('web@v0: old1 old2');
    expect(at(NOW + 600_000)).toBeUndefined();
  });
});
