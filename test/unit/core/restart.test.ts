import { beforeEach, describe, expect, it } from 'vitest';
import type { Pass } from '../../../src/app/reconcile.ts';
import type { ContainerSpec, Manifest } from '../../../src/core/model.ts';
import { courseAfter, courseBefore, endOf, restartOf, whyNotKept, type Restart } from '../../../src/core/restart.ts';
import type { Decision } from '../../../src/core/rollout/decide.ts';
import type { ServiceStatus } from '../../../src/core/status/status.ts';
import { desiredBy } from '../../support/decisions.ts';
import { job, loadBalancer, service } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const web = (change: Parameters<typeof service>[0] = {}): Manifest[] => [service(change), loadBalancer()];

const CHECKED: Partial<ContainerSpec> = {
  healthCommand: { command: ['check'], interval: 1_000, timeout: 1_000, retries: 3, startPeriod: 0 },
};
/** It cannot stand beside another one. */
const DATABASE = { container: { ...CHECKED, ports: [] }, update: { strategy: 'recreate' as const, monitor: 0 } };

function seenIn(pass: Pass): [Decision, ServiceStatus] {
  const decision = pass.plan.decisions.find(({ view }) => view.name === 'web');
  const status = world.status(pass).services.find(({ name }) => name === 'web');
  if (decision === undefined || status === undefined) throw new Error('There is no web.');
  return [decision, status];
}

/** What is answered to who wants `web` restarted now. */
async function asked(wanted: readonly Manifest[], withheld: readonly string[] = []): Promise<Restart> {
  const { plan } = await world.pass();
  return restartOf('web', { ...desiredBy({ wanted }), withheld }, plan.decisions);
}

async function refusal(wanted: readonly Manifest[], withheld?: readonly string[]): Promise<string> {
  const answer = await asked(wanted, withheld);
  return answer.status === 'refused' ? answer.why : 'granted';
}

/** Names of what is to be replaced, without their release. */
async function marked(wanted: readonly Manifest[]): Promise<string[]> {
  const answer = await asked(wanted);
  return answer.status === 'refused'
    ? [answer.why]
    : answer.instances.map(({ spec, slot }) => `${spec?.image}#${slot}`);
}

/** Asks for it, looks after each pass, and says how it ended; `meanwhile` hears how many milliseconds ago it was asked for. */
async function restarted(wanted: readonly Manifest[], meanwhile?: (after: number) => void): Promise<string> {
  const answer = await asked(wanted);
  if (answer.status === 'refused') return answer.why;
  const [before, { problem }] = seenIn(await world.pass());
  let course = courseBefore(before, problem);
  const runtime = new MemoryRuntime(world.engine);
  for (const each of answer.instances) await runtime.askForRestart(each);
  const begun = world.clock.now();
  let end: ReturnType<typeof endOf>;
  await world.until((pass) => {
    const [decision, status] = seenIn(pass);
    course = courseAfter(course, decision, status.problem);
    end = endOf(course, decision, status.problem);
    meanwhile?.(world.clock.now() - begun);
    return end !== undefined;
  });
  return end?.status === 'stuck' ? end.message : 'done';
}

function ids(): string[] {
  return [...world.engine.containers.values()].filter(({ alive }) => alive).map(({ id }) => id);
}

describe('a restart', () => {
  it('ends when all are new and ready, and nothing that stood in for them is left', async () => {
    const wanted = web({ instances: 2 });
    await world.take(wanted);
    const before = ids();
    expect(await restarted(wanted)).toBe('done');
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2']);
    expect(ids().filter((id) => before.includes(id))).toEqual([]);
    expect(world.stopped()).toEqual([]);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('of what cannot stand side by side waits for the successor, however long that may take', async () => {
    const wanted = [service(DATABASE)];
    await world.take(wanted);
    world.engine.behave('web:v1', { healthy: 40_000 });
    const [before, begun] = [ids(), world.clock.now()];
    expect(await restarted(wanted)).toBe('done');
    expect(world.clock.now() - begun).toBeGreaterThan(40_000);
    expect(ids()).not.toEqual(before);
  });

  it('gives a successor whose check fails at first the time of its update', async () => {
    const wanted = web({ update: { strategy: 'recreate' } });
    await world.take(wanted);
    const { failingImages } = world.balancer;
    const begun = world.clock.now();
    const end = await restarted(wanted, (after) => {
      if (after < 40_000) failingImages.add('web:v1');
      else failingImages.clear();
    });
    expect(end).toBe('done');
    expect(world.clock.now() - begun).toBeGreaterThan(40_000);
  });

  it('does not get on where the successor does not get ready in time', async () => {
    const wanted = [service(DATABASE)];
    await world.take(wanted);
    world.engine.behave('web:v1', { healthy: 1_000_000 });
    const begun = world.clock.now();
    expect(await restarted(wanted)).toMatch(/^demo-web-[0-9a-f]{7}-1: its health check has not passed yet$/);
    expect(world.clock.now() - begun).toBeLessThan(80_000);
  });

  it('does not get on where the successor falls again and again', async () => {
    const wanted = [service(DATABASE)];
    await world.take(wanted);
    const begun = world.clock.now();
    const end = await restarted(wanted, () => world.engine.behave('web:v1', { exitsAfter: 2_000, healthy: 'never' }));
    expect(end).toMatch(/^demo-web-[0-9a-f]{7}-1: .*exited with code 1$/);
    expect(world.clock.now() - begun).toBeLessThan(120_000);
  });

  it('does not wait for ever for what nobody hears of', async () => {
    const wanted = [service(DATABASE)];
    await world.take(wanted);
    world.latency.set('stop', 500_000);
    expect(await restarted(wanted)).toBe('nothing of it has changed for 110 s');
  });

  it('is none of the business of other services', async () => {
    const wanted = [...web(), service({ name: 'api', container: { image: 'api:v1' } })];
    world.engine.behave('api:v1', { exitsAfter: 500 });
    world.commit(wanted);
    await world.until((pass) =>
      world.status(pass).services.some(({ name, state }) => name === 'web' && state === 'steady'),
    );
    expect(await restarted(wanted)).toBe('done');
  });

  it('may be the cure', async () => {
    const wanted = web({ update: { strategy: 'recreate' } });
    await world.take(wanted);
    world.balancer.failingImages.add('web:v1');
    await world.until((pass) => world.status(pass).services[0]?.problem?.reason === 'unhealthy');
    const cures = () => world.balancer.failingImages.clear();
    expect(await restarted(wanted, cures)).toBe('done');
  });

  it('of a release that is back since the wanted one failed ends well', async () => {
    await world.take(web());
    world.engine.behave('web:v2', { exitsAfter: 500 });
    const wanted = web({ container: { image: 'web:v2', version: 'v2' } });
    world.commit(wanted);
    await world.until((pass) => world.status(pass).services[0]?.state === 'rolled-back');
    const before = ids();
    expect(await restarted(wanted)).toBe('done');
    expect(world.up()).toEqual(['web:v1#1']);
    expect(ids()).not.toEqual(before);
  });
});

describe('what is replaced', () => {
  it('is what serves, and no set that is kept to go back to', async () => {
    const greenBlue = (tag: string) =>
      web({ instances: 2, container: { image: `web:${tag}`, version: tag }, update: { strategy: 'green-blue' } });
    await world.take(greenBlue('v1'));
    await world.take(greenBlue('v2'));
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v2#1', 'web:v2#2']);
    expect(await marked(greenBlue('v2'))).toEqual(['web:v2#1', 'web:v2#2']);
  });

  it('is not what is down', async () => {
    const wanted = web({ instances: 2 });
    await world.take(wanted);
    world.engine.stop([...world.engine.containers.keys()][0] ?? '');
    const { plan } = await world.pass(0);
    const answer = restartOf('web', desiredBy({ wanted }), plan.decisions);
    expect(answer).toMatchObject({ status: 'granted', instances: [{ slot: 2 }] });
  });

  it('is nothing where nothing runs', async () => {
    const wanted = web();
    world.engine.behave('web:v1', { startError: 'no such command' });
    world.commit(wanted);
    await world.wait(5);
    expect(await refusal(wanted)).toBe('No instance of web runs now.');
  });
});

describe('a restart is refused', () => {
  const newer = (update: object = {}) =>
    web({ instances: 2, container: { image: 'web:v2', version: 'v2' }, update: { timeout: 10_000, ...update } });
  const UNDER_WAY =
    'web is being updated: wait for the end of that first, or, where it has stopped after a failure, change its manifest or run fairlead retry web; fairlead status web tells how far it is.';

  it('while another release comes, whether beside the old one or in its place', async () => {
    for (const strategy of ['rolling', 'green-blue', 'recreate'] as const) {
      world = new World();
      await world.take(web({ instances: 2 }));
      world.commit(newer({ strategy }));
      await world.until(() => world.up().includes('web:v2#1'));
      expect(await refusal(newer({ strategy })), strategy).toBe(UNDER_WAY);
      await world.steady();
      expect(await refusal(newer({ strategy })), strategy).toBe('granted');
    }
  });

  it('where a rollout has stopped', async () => {
    await world.take(web({ instances: 2 }));
    world.balancer.failingImages.add('web:v2');
    world.commit(newer({ failureAction: 'pause' }));
    await world.until((pass) => world.status(pass).services[0]?.problem?.reason === 'paused');
    expect(await refusal(newer({ failureAction: 'pause' }))).toBe(UNDER_WAY);
  });

  it('where the host does not allow the service any more', async () => {
    await world.take(web());
    expect(await refusal(web(), ['web'])).toBe(
      "The host's policy does not allow web any more, so that nothing would take the place of what runs of it: change its manifest, or `policy` in the configuration of the host.",
    );
  });

  it('where no manifest wants the service', async () => {
    await world.take(web());
    expect(await refusal([])).toBe(
      'The revision that this cluster is kept equal to has no service web, so that nothing would take the place of what runs of it: put its manifest back first.',
    );
  });

  it.each([{ enabled: false }, { instances: 0 }])('where none of it is wanted: %j', async (change) => {
    await world.take(web());
    expect(await refusal(web(change))).toBe(
      'No instance of web is wanted: set `enabled: true` and `instances` in its manifest first.',
    );
  });

  it('where the node has no room for what is wanted', async () => {
    world = new World({ cpu: 1 });
    const big = (cpu: number) => web({ container: { image: `web:${cpu}` }, resources: { cpu, memory: 0, limits: {} } });
    await world.take(big(1));
    world.commit(big(2));
    expect(await refusal(big(2))).toBe(
      'web does not fit on the node: make room there first; fairlead status web tells what is missing.',
    );
  });

  it('of a job', () => {
    const desired = desiredBy({ wanted: [job({ name: 'web' })] });
    expect(whyNotKept('web', desired)).toBe('web is a job; fairlead job run web runs it once more.');
  });
});
