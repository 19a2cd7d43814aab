import { describe, expect, it } from 'vitest';
import { NO_MEMORY } from '../../../../src/core/rollout/memory.ts';
import { plan, planHash } from '../../../../src/core/plan/plan.ts';
import { quarantineProblems } from '../../../../src/core/plan/quarantined.ts';
import { desiredBy, NOW, planOf, stateOf } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const old = service({ container: { image: 'web:v0', version: 'v0' } });

describe('a plan', () => {
  it('is the same whenever it is made, and another where it does something else', () => {
    const hashOf = (now: number, name = 'web') => planHash(planOf({ wanted: [service({ name })], now }).changes);
    expect(hashOf(NOW)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(hashOf(NOW + 1)).toBe(hashOf(NOW));
    expect(hashOf(NOW, 'api')).not.toBe(hashOf(NOW));
  });

  it('is the same however long the last gap was', () => {
    const situation = { wanted: [service({ update: { strategy: 'recreate' } })], instances: [instanceOf(old)] };
    const changesAfter = (lasted: number) =>
      planOf({ ...situation, gaps: [{ service: 'web', replaced: 'c0ffee', lasted }] }).changes;
    expect(changesAfter(1_000)).not.toEqual(changesAfter(2_000));
    expect(planHash(changesAfter(1_000))).toBe(planHash(changesAfter(2_000)));
  });

  it('survives JSON: it holds no more than what it says', () => {
    const { changes, table, memory, unscheduled } = planOf({
      wanted: [service(), loadBalancer()],
      instances: [instanceOf(old)],
    });
    const whole = { changes, table, memory, unscheduled };
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
  });

  it('makes, changes and stops nothing of a service that is withheld, and goes on with the others', () => {
    const wanted = [service(), service({ name: 'api' }), loadBalancer()];
    const ended = (name: string) => instanceOf(service({ name }), 1, { state: 'exited', exitCode: 1 });
    const situation = { wanted, instances: [ended('web'), ended('api'), instanceOf(old)] };
    const desired = { ...desiredBy(situation), withheld: ['web'] };
    const permission = { budget: { maxFraction: 0, maxCount: 0 }, all: true };
    const { decisions, table } = plan(desired, stateOf(situation), NO_MEMORY, NOW, permission);
    const work = decisions.map(({ view, steps, steady }) => [view.name, steps.length > 0, steady]);
    expect(work).toEqual([
      ['api', true, false],
      ['web', false, false],
    ]);
    expect(table.routes.map((each) => each.loadBalancer)).toEqual(['web']);
    const gone = { ...desired, services: desired.services.map((each) => ({ ...each, instances: 0 })) };
    const after = plan(gone, stateOf(situation), NO_MEMORY, NOW, permission).decisions;
    expect(after.every(({ steps }) => steps.length > 0)).toBe(true);
  });

  it('takes services by name, then load balancers, and counts what stays', () => {
    const wanted = [loadBalancer({ name: 'z' }), service(), loadBalancer({ name: 'b' }), service({ name: 'api' })];
    const { changes, unchanged } = planOf({ wanted, instances: [instanceOf(service())] });
    expect(changes.map((each) => `${each.kind} ${each.name}`)).toEqual([
      'Service api',
      'LoadBalancer b',
      'LoadBalancer z',
    ]);
    expect(unchanged).toBe(1);
  });

  it('says what room is left once all of it runs', () => {
    const resources = { cpu: 1.5, memory: 0, limits: {} };
    expect(planOf({ wanted: [service({ instances: 2, resources })] }).free.cpu).toBe(1);
  });
});

describe('a release that has failed here', () => {
  it('is a problem that says what serves, and what to do', () => {
    const mark = instanceOf(service(), 1, { state: 'exited', restartPolicy: 'no' });
    const { decisions } = planOf({ wanted: [service()], instances: [instanceOf(old), mark] });
    const [problem, ...others] = quarantineProblems(decisions);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ layer: 'update', reason: 'rolled-back', object: 'web' });
    expect(problem?.message).toBe(
      `web@${mark.release} has failed here, and web@${instanceOf(old).release} serves on. ` +
        'It is tried again when the manifest changes, or by fairlead retry web.',
    );
  });

  it('is none where all goes well', () => {
    const { decisions } = planOf({ wanted: [service()], instances: [instanceOf(old)] });
    expect(quarantineProblems(decisions)).toEqual([]);
  });
});
