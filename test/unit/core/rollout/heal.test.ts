import { describe, expect, it } from 'vitest';
import type { HealthCheck } from '../../../../src/core/model.ts';
import type { Instance } from '../../../../src/core/observed.ts';
import { healSteps } from '../../../../src/core/rollout/heal.ts';
import type { Memory } from '../../../../src/core/rollout/memory.ts';
import type { Step } from '../../../../src/core/rollout/steps.ts';
import { decisionOf, NOW, planOf, viewOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

function healed(situation: Situation): Step[] {
  const { progress } = decisionOf(situation);
  return progress === undefined ? [] : healSteps(progress);
}

describe('what stands but is not as it should be', () => {
  const sized = (memory: number) => service({ resources: { cpu: 0.1, memory: 64, limits: { memory } } });

  it('is left alone where nothing is wrong with it', () => {
    expect(healed({ wanted: [service()], instances: [instanceOf(service())] })).toEqual([]);
  });

  it('goes on where somebody has paused it, before anything else is done to it', () => {
    const instance = instanceOf(sized(128), 1, { state: 'paused' });
    expect(healed({ wanted: [sized(256)], instances: [instance] })).toEqual([
      { do: 'unpause', instance, because: 'it was paused' },
    ]);
  });

  it('gets other limits, and a reservation as Docker holds it', () => {
    const instance = instanceOf(sized(128));
    const resources = { cpu: 0.1, memory: 64, limits: { memory: 256 } };
    expect(healed({ wanted: [sized(256)], instances: [instance] })).toEqual([{ do: 'update', instance, resources }]);
    expect(healed({ wanted: [sized(128)], instances: [instance] })).toEqual([]);
  });

  it('gets another restart policy', () => {
    const instance = instanceOf(service());
    const steps = healed({ wanted: [service({ restart: 'on-failure' })], instances: [instance] });
    expect(steps).toEqual([{ do: 'update', instance, restart: 'on-failure' }]);
  });

  it('goes where somebody else has made it, with our labels', () => {
    const made = instanceOf(service(), 9, { release: 'badcafe', restartPolicy: 'no', discoverable: undefined });
    const { spec: _, ...stranger } = { ...made, deviations: ['label io.fairlead.spec cannot be read'] };
    const { steps } = decisionOf({ wanted: [service()], instances: [instanceOf(service()), stranger] });
    expect(steps).toMatchObject([{ do: 'stop', instance: { slot: 9 }, mark: false }]);
  });

  it('does not stay behind once its slot has been filled anew', () => {
    const [renamed, fresh] = [instanceOf(service(), 1, { id: 'a', state: 'exited' }), instanceOf(service())];
    const { steps } = decisionOf({ wanted: [service()], instances: [renamed, fresh] });
    expect(steps.map((step) => step.do === 'remove' && step.instance.id)).toContain('a');
  });

  it('keeps the limits that it had where it only comes back', () => {
    const old = instanceOf(sized(128));
    const wanted = service({ ...sized(256), container: { image: 'web:v2' } });
    const mark = instanceOf(wanted, 1, { state: 'exited', restartPolicy: 'no' });
    expect(healed({ wanted: [wanted], instances: [old, mark] })).toEqual([]);
  });
});

describe('a candidate', () => {
  const old = instanceOf(service({ instances: 2, container: { image: 'web:v0' } }), 2);
  const web = service({ instances: 2 });
  const candidate = instanceOf(web, 1, { restartPolicy: 'no', discoverable: true, startedAt: NOW - 9_000 });
  const readyFor = (time: number) => ({
    wanted: [web],
    instances: [old, candidate],
    memory: { readySince: { [candidate.id]: { at: NOW - time, startedAt: NOW - 9_000 } } },
  });

  it('is trusted once its monitor window is over', () => {
    expect(healed(readyFor(4_999))).toEqual([]);
    expect(healed(readyFor(5_000))).toEqual([{ do: 'update', instance: candidate, restart: 'unless-stopped' }]);
  });

  it('is trusted at once where there is nothing to go back to', () => {
    expect(healed({ ...readyFor(0), instances: [candidate] })).toMatchObject([{ restart: 'unless-stopped' }]);
  });
});

describe('an instance that keeps failing its check', () => {
  const http = { path: '/', port: 8080, status: '200-399' };
  const healthCheck: HealthCheck = {
    http,
    interval: 2_000,
    timeout: 1_000,
    retries: 3,
    startPeriod: 4_000,
    restart: true,
  };
  const PATIENCE = 10_000;
  const failing = (slot: number): Instance =>
    instanceOf(service(), slot, { id: `failing${slot}`, health: 'unhealthy' });
  const ready = instanceOf(service(), 9, { id: 'ready', health: 'healthy', slot: 2 });
  const since = (time: number): Partial<Memory> => ({
    unreadySince: { failing1: NOW - time, failing2: NOW - time - 1 },
  });

  /** Without a load balancer and without answers of one: Docker's own health check speaks. */
  function restarted(instances: readonly Instance[], memory: Partial<Memory>, check?: HealthCheck): string[] {
    const { http: _, ...command } = check ?? healthCheck;
    const web = service({ instances: instances.length, ...(check && { healthCheck: command }) });
    return healed({ wanted: [web], instances, memory }).map((step) =>
      'instance' in step ? `${step.do} ${step.instance.id}` : step.do,
    );
  }

  it('is restarted after its start period and as many intervals as it has retries', () => {
    expect(restarted([failing(1), ready], since(PATIENCE - 1), healthCheck)).toEqual([]);
    expect(restarted([failing(1), ready], since(PATIENCE), healthCheck)).toEqual(['restart failing1']);
  });

  it('has a minute and a half where it has no check of its own', () => {
    expect(restarted([failing(1)], since(89_999))).toEqual([]);
    expect(restarted([failing(1)], since(90_000))).toEqual(['restart failing1']);
  });

  it('is not restarted where the manifest forbids it', () => {
    expect(restarted([failing(1), ready], since(PATIENCE), { ...healthCheck, restart: false })).toEqual([]);
  });

  it('is not restarted while all of several fail: what they depend on is down', () => {
    expect(restarted([failing(1), failing(2)], since(PATIENCE), healthCheck)).toEqual([]);
  });

  it('is not ready, and not restarted, where it fails the check of a load balancer alone', () => {
    const own = { port: 8080, http: { path: '/warm', status: '200' }, interval: 1000, timeout: 1000, rise: 1, fall: 2 };
    const wanted = [service({ instances: 2 }), loadBalancer({ healthCheck: own })];
    const instances = [instanceOf(service(), 1, { id: 'failing1' }), ready];
    const { table } = planOf({ wanted, instances });
    const failedBy = (checks: readonly string[]) => {
      const answers = table.checks.flatMap(({ name, check, servers }) =>
        servers.map(({ id }) => {
          const isUp = !id.includes('-1-10-') || !checks.includes(check.type);
          return [
            `${name}/${id}`,
            { check: isUp ? 'up' : 'down', description: check.type, sessions: 0, errors: 0, requests: 0, queue: 0 },
          ] as const;
        }),
      );
      return { wanted, instances, memory: since(90_000), balancer: { table, checks: Object.fromEntries(answers) } };
    };
    const byRoute = failedBy(['http']);
    expect(healed(byRoute)).toEqual([]);
    expect(viewOf(byRoute).conditions.get('failing1')).toEqual({
      state: 'unhealthy',
      description: 'http',
      byRoute: true,
    });
    expect(healed(failedBy(['tcp', 'http']))).toMatchObject([{ do: 'restart', because: 'tcp' }]);
  });

  it('is not restarted before it is known whether that helped another one', () => {
    const third = { ...ready, slot: 3 };
    const both = [failing(1), failing(2), third];
    expect(restarted(both, since(PATIENCE), healthCheck)).toEqual(['restart failing1']);
    const recovering = { ...since(PATIENCE), healed: { failing1: { count: 1, at: NOW - PATIENCE + 1 } } };
    expect(restarted(both, recovering, healthCheck)).toEqual([]);
    const inVain = { ...since(PATIENCE), healed: { failing1: { count: 9, at: NOW - PATIENCE } } };
    expect(restarted(both, inVain, healthCheck)).toEqual(['restart failing2']);
  });

  it.each([
    [1, 10],
    [2, 20],
    [5, 160],
    [6, 300],
    [50, 300],
  ])('waits longer after each restart: after %i for %i seconds', (count, seconds) => {
    const memory = (at: number) => ({ unreadySince: { failing1: 0 }, healed: { failing1: { count, at: NOW - at } } });
    expect(restarted([failing(1), ready], memory(seconds * 1000 - 1), healthCheck)).toEqual([]);
    expect(restarted([failing(1), ready], memory(seconds * 1000), healthCheck)).toEqual(['restart failing1']);
  });

  it('is left to Docker while Docker restarts it', () => {
    expect(restarted([{ ...failing(1), state: 'restarting' }, ready], since(PATIENCE), healthCheck)).toEqual([]);
  });
});
