import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paletteOf } from '../../../../src/commands/terminal.ts';
import type { Manifest } from '../../../../src/core/model.ts';
import { planAgainst } from '../../../../src/core/plan/against.ts';
import type { Change, Plan } from '../../../../src/core/plan/plan.ts';
import { renderPlan } from '../../../../src/core/plan/render.ts';
import { cases, isThorough, patience } from '../../../support/cases.ts';
import { desiredBy, NOW } from '../../../support/decisions.ts';
import { healthyWorld } from '../../../support/healthy-world.ts';
import { anyChange, anyManifests, readApart, readTogether } from '../../../support/manifests-arbitrary.ts';
import { job, loadBalancer, service } from '../../../support/manifests.ts';

const RUNS = isThorough ? 100 : 15;
const LIMIT = patience(60_000);
const GB = 1024 ** 3;
/** A comparison is made for a host that has room for one more of each. */
const NO_ROOM = /the node has no room for one more/;

function against(before: readonly Manifest[], after: readonly Manifest[]): Plan {
  const prune = { budget: { maxFraction: 0.2, maxCount: 3 }, all: false };
  return planAgainst(desiredBy({ wanted: before }), desiredBy({ wanted: after }), NOW, prune);
}

/** What others know of their past: a host whose balancer is gone cannot tell what is new from what was lost with it. */
function knowing(change: Change): Change {
  return { ...change, because: change.because.replace(", or was lost with the balancer's container", '') };
}

const text = (plan: Plan) => renderPlan(plan, paletteOf(false)).replaceAll(/@[0-9a-f]{7}/g, '@…');

describe('a plan against other manifests', () => {
  it('is empty where they mean the same, however they are written', LIMIT, () => {
    const isEmpty = fc.property(anyManifests, ({ first, second }) => {
      expect(against(readTogether(first).manifests, readApart(second).manifests).changes).toEqual([]);
    });
    fc.assert(isEmpty, cases(RUNS * 2));
  });

  it('says what the plan on a host says that has applied them', LIMIT, async () => {
    const isTheSame = fc.asyncProperty(anyChange, async ({ before, after }) => {
      const [old, changed] = [readTogether(before), readTogether(after)];
      fc.pre(changed.problems.length === 0);
      const world = healthyWorld([...old.manifests, ...changed.manifests]);
      const { plan: applied } = await world.take(old.manifests);
      world.commit(changed.manifests);
      const { plan } = await world.pass();
      // What that host has no place for it has not done.
      const waiting = applied.jobs.filter(({ obstacle }) => obstacle !== undefined);
      const lacking = plan.changes.filter(({ warnings }) => warnings.some(({ message }) => NO_ROOM.test(message)));
      fc.pre([...applied.unscheduled, ...plan.unscheduled, ...waiting, ...lacking].length === 0);
      expect(against(old.manifests, changed.manifests).changes).toEqual(plan.changes.map(knowing));
    });
    await fc.assert(isTheSame, cases(RUNS));
  });

  it('shows marks, causes, fields, steps and warnings as any other', () => {
    const old = { image: 'web:v1', version: 'v1' };
    const data = [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] as const;
    const before = [
      service({ container: old, instances: 2 }),
      service({ name: 'db', container: { ...old, mounts: data } }),
      service({ name: 'gone' }),
      job({ container: old }),
      loadBalancer(),
    ];
    const after = [
      service({ container: old, instances: 3 }),
      service({ name: 'db', container: { image: 'web:v2', version: 'v2', mounts: data } }),
      job({ container: { image: 'web:v2', version: 'v2' } }),
      loadBalancer({ hostnames: ['shop.example.com'] }),
    ];
    expect(text(against(before, after))).toBe(TEXT);
  });

  it('is of a host that has room for all of it, and whatever it requires', () => {
    const large = service({ resources: { cpu: 64, memory: 512 * GB, limits: {} }, instances: 100 });
    const picky = service({ name: 'db', requirements: ['gpu'] });
    const { changes, unscheduled } = against([], [large, picky]);
    expect(changes.map(({ action, name }) => `${action} ${name}`)).toEqual(['create db', 'create web']);
    expect(unscheduled).toEqual([]);
  });

  it('tells what no host can do, without the room that an unknown one has', () => {
    const container = { ports: [{ port: 80, protocol: 'tcp', hostPort: 8080, publish: false }] } as const;
    expect(text(against([service({ container })], [service({ container, instances: 2 })]))).toBe(
      `! Service web  instance 2 is not scheduled (needs 0 cores, 0 MB)
    any host: host-port-conflict

Plan: 1 unscheduled, 1 unchanged.
`,
    );
  });

  it('knows the limit up to which services may be removed at once', () => {
    const many = ['a', 'b', 'c', 'd'].map((name) => service({ name }));
    const { problems } = against([...many, service()], [service()]);
    expect(problems).toMatchObject([{ reason: 'prune-refused' }]);
    expect(against(many.slice(1), [...many.slice(3)]).problems).toEqual([]);
  });

  it('takes a schedule as one that waits for its time', () => {
    const schedule = { cron: '0 3 * * *', timeZone: 'UTC' };
    expect(against([job({ schedule })], [job({ schedule })]).changes).toEqual([]);
    const [change] = against([job({ schedule })], [job({ schedule: { ...schedule, cron: '0 4 * * *' } })]).changes;
    expect(change).toMatchObject({ action: 'update', because: 'schedule 0 3 * * * UTC → 0 4 * * * UTC' });
  });
});

const TEXT = `± Service db  replace (recreate)  db@… → db@…
    because image web:v1 → web:v2
      image: web:v1 → web:v2  forces a new release
    1. pull web:v2
    2. drain db@…
    3. stop db@…
    4. ensure db@… ×1
    5. await ready
    6. monitor 5 s
    7. remove db@…
    warning (gap): db does not answer between the stop of the old and the start of the new: two releases cannot share what they write to.

- Service gone  remove  gone@…
    because no manifest any more
    1. drain gone@…
    2. stop gone@…
    3. remove gone@…
    warning (removal): gone is removed: its manifest is gone. Volumes stay.

~ Service web  scale  web@… → web@…
    because instances 2 → 3
      instances: 2 → 3
    1. ensure web@… ×3
    2. await ready

± Job migrate  replace  migrate@… → migrate@…
    because image web:v1 → web:v2; version v1 → v2
      image: web:v1 → web:v2  forces a new release
      version: v1 → v2  forces a new release
    1. pull web:v2
    2. run migrate@… to its end

~ LoadBalancer web  route
    because hostnames web.example.com → shop.example.com
      hostnames: web.example.com → shop.example.com
    1. route shop.example.com/ to web

Plan: 2 to replace, 1 to scale, 1 to route, 1 to remove, 0 unchanged.
`;
