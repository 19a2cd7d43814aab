import { beforeEach, describe, expect, it } from 'vitest';
import type { HealthCheck, Service } from '../../../src/core/model.ts';
import { decisionOf } from '../../support/decisions.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { instanceOf } from '../../support/observed.ts';
import { WITNESSES, World } from '../../support/world.ts';

/** What random histories and reading found; each one failed before it was put right. */

let world: World;
beforeEach(() => {
  world = new World();
});

const image = (tag: string, name = 'web') => ({ image: `${name}:${tag}`, version: tag });
const api = (tag: string) => service({ name: 'api', container: image(tag, 'api') });
const greenBlue = { strategy: 'green-blue' as const };
const hostPort = { ports: [{ port: 8080, protocol: 'tcp' as const, publish: false, hostPort: 9000 }] };

function http(path: string): HealthCheck {
  const check = { path, port: 8080, status: '200-399' };
  return { http: check, interval: 2000, timeout: 1000, retries: 3, startPeriod: 0, restart: true };
}

/** What a client of the load balancer saw since it first saw somebody. */
function gaps(): string[] {
  const first = world.seen.findIndex((each) => each !== '');
  return world.seen.slice(first).filter((each) => each === '');
}

function activeMembers(): string[] {
  const route = world.balancer.recorded?.routes[0];
  const members = route?.pools[route.active].members ?? [];
  return members.filter((each) => each.state === 'active').map((each) => each.instance);
}

describe('a route that moves to another service', () => {
  it('is served by the one it leaves until then, also while that one is updated', async () => {
    world.balancer.failingImages.add('web:v1');
    const web = service({ container: image('v1'), healthCheck: http('/') });
    await world.take([api('v1'), loadBalancer({ service: 'api' })]);
    world.commit([web, api('v2'), loadBalancer()]);
    await world.wait(20);
    expect(world.seen.at(-1)).toMatch(/^api@/);
    world.balancer.failingImages.clear();
    await world.steady();
    expect(world.seen.at(-1)).toMatch(/^web@/);
    expect(gaps()).toEqual([]);
  });

  it.each(['recreate', 'rolling', 'green-blue'] as const)(
    'waits for the release that is wanted there, whatever runs there until then: %s',
    async (strategy) => {
      await world.take([service(), api('v1'), loadBalancer({ service: 'api' })]);
      world.latency.set('pull', 5000);
      await world.take([service({ update: { strategy }, container: image('v2') }), api('v1'), loadBalancer()]);
      expect(gaps()).toEqual([]);
      const wanted = world.seen.at(-1) ?? '';
      const others = world.seen.filter((each) => each !== '' && !each.includes(wanted));
      expect(others).toEqual([expect.stringMatching(/^api@/)]);
    },
  );

  it('is served also while the one it leaves changes its strategy', async () => {
    await world.take([service(), api('v1'), loadBalancer({ service: 'api' })]);
    const swapped = service({ name: 'api', update: greenBlue, container: image('v2', 'api') });
    await world.take([service(), swapped, loadBalancer()]);
    expect(gaps()).toEqual([]);
  });

  it('follows at once where neither of them is to run', async () => {
    const none = service({ instances: 0 });
    await world.take([{ ...api('v1'), instances: 0 }, loadBalancer({ service: 'api' })]);
    const pass = await world.take([none, loadBalancer()]);
    expect(pass.plan.changes).toEqual([]);
  });

  it('still waits after the balancer was removed meanwhile', async () => {
    world.balancer.failingImages.add('web:v1');
    await world.take([api('v1'), loadBalancer({ service: 'api' })]);
    world.commit([service({ healthCheck: http('/') }), api('v1'), loadBalancer()]);
    await world.wait(5);
    world.balancer.lose();
    const pass = await world.wait(10);
    expect(world.balancer.reachable('web')).toEqual([expect.stringMatching(/^api@/)]);
    expect(world.status(pass).loadBalancers[0]).toMatchObject({ state: 'target-not-ready' });
    expect(pass.steady).toBe(false);
  });
});

it('changes of strategy switch nothing', async () => {
  await world.take([service(), loadBalancer()]);
  await world.take([service({ update: greenBlue }), loadBalancer()]);
  await world.take([service(), loadBalancer()]);
  expect(world.balancer.recorded?.routes[0]).toMatchObject({ active: 'a', switchedAt: 0 });
});

describe('a changed check', () => {
  it('is followed only once it has passed', async () => {
    await world.take([service({ healthCheck: http('/') }), loadBalancer()]);
    await world.take([service({ healthCheck: http('/health') }), loadBalancer()]);
    const down = world.balancer.tables.filter((table) => {
      const members = table.routes.flatMap(({ pools }) => pools.a.members);
      const added = world.balancer.tables.findIndex((each) =>
        each.checks.some(({ check }) => isAbout(check, '/health')),
      );
      const isFirst = world.balancer.tables[added] === table;
      return (
        isFirst &&
        members.some((each) => table.checks.some((pool) => pool.name === each.check && isAbout(pool.check, '/health')))
      );
    });
    expect(down).toEqual([]);
    expect(gaps()).toEqual([]);
  });

  it('does not take anybody out of the name before it was asked', async () => {
    await world.take([service()]);
    await world.take([service(), loadBalancer()]);
    expect(world.engine.mutations.filter((each) => each.startsWith('hide'))).toEqual([]);
  });
});

function isAbout(check: object, path: string): boolean {
  return 'path' in check && check.path === path;
}

describe('a name', () => {
  it.each(['rolling', 'green-blue'] as const)('always leads to somebody: %s', async (strategy) => {
    const update = { strategy, monitor: 0 };
    await world.take([service({ update })]);
    const counts: number[] = [];
    world.onMutation = () => {
      counts.push([...world.engine.containers.values()].filter((each) => each.discoverable).length);
    };
    await world.take([service({ update, container: image('v2') })]);
    expect(Math.min(...counts)).toBe(1);
  });
});

describe('failures that are put up with', () => {
  it('end in giving up for good once they are too many', async () => {
    const update = { maxFailureRatio: 0.5, timeout: 3_000, monitor: 1_000 };
    await world.take([service({ instances: 3, update }), loadBalancer()]);
    world.balancer.failingImages.add('web:v2');
    await world.take([service({ instances: 3, update, container: image('v2') }), loadBalancer()]);
    const before = world.engine.mutations.length;
    await world.wait(60);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v1#3']);
    expect(world.engine.mutations.slice(before)).toEqual([]);
  });

  it('are left to Docker to restart', async () => {
    const update = { failureAction: 'continue' as const, monitor: 1_000 };
    await world.take([service({ instances: 2, update })]);
    world.engine.behave('web:v2', { exitsAfter: 500 });
    world.commit([service({ instances: 2, update, container: image('v2') })]);
    await world.wait(60);
    expect(world.up()).toEqual(['web:v2#1', 'web:v2#2']);
    const starts = world.engine.mutations.filter((each) => each.startsWith('start') || each.startsWith('restart'));
    expect(starts.length).toBeLessThan(8);
  });
});

it('a release with a host port comes back once, however many the new one was to have', async () => {
  await world.take([service({ container: { ...image('v1'), ...hostPort } })]);
  world.engine.behave('web:v2', { exitsAfter: 500 });
  await world.take([service({ instances: 3, container: image('v2') })]);
  expect(world.up()).toEqual(['web:v1#1']);
  expect(world.stopped()).toEqual(['web:v2#1']);
});

describe('what is under way', () => {
  it('is not stopped while the balancer is being told to lead there', async () => {
    await world.take([service({ instances: 2 }), loadBalancer()]);
    world.latency.set('route', 5_000);
    world.commit([service({ instances: 4 }), loadBalancer()]);
    await world.until(() => world.up().length === 4);
    await world.wait(2);
    world.commit([service({ instances: 2 }), loadBalancer()]);
    await world.steady();
    const active = world.balancer.tables.map(
      (table) => table.routes[0]?.pools.a.members.filter((each) => each.state === 'active').length,
    );
    expect(Math.max(...active.map(Number))).toBeLessThanOrEqual(4);
    expect(gaps()).toEqual([]);
  });

  it('is not routed to any more once its stop has begun', async () => {
    world.latency.set('stop', 10_000);
    await world.take([service(), loadBalancer()]);
    world.commit([service({ container: image('v2') }), loadBalancer()]);
    await world.until((pass) => pass.state.underWay?.stopping.length === 1);
    world.commit([service(), loadBalancer()]);
    const leaving = [...world.engine.containers.keys()].find((each) => each.includes('9aec98d')) ?? '';
    for (let count = 0; count < 8; count++) {
      await world.pass();
      expect(activeMembers()).not.toContain(leaving);
    }
    await world.steady();
    expect(world.up()).toEqual(['web:v1#1']);
    expect(gaps()).toEqual([]);
  });
});

describe('a container whose start hangs', () => {
  const nameOf = (tag: string) =>
    [...world.engine.containers.values()].find((each) => each.slot.container.version === tag);
  const hang = async (tag: string, next: Service) => {
    world.latency.set('start', 60_000);
    world.commit([service(), next]);
    await world.until(() => nameOf(tag) !== undefined);
    world.latency.delete('start');
  };

  it('holds up no other service', async () => {
    await world.take([service(), api('v1')]);
    await hang('v2', api('v2'));
    const started = world.clock.now();
    world.engine.stop(nameOf('v1')?.name ?? '');
    await world.until(() => world.up().includes('web:v1#1'));
    expect(world.clock.now() - started).toBeLessThan(10_000);
    await world.steady();
    expect(world.up()).toEqual(['api:v2#1', 'web:v1#1']);
  });

  it('does not stand beside another release that cannot', async () => {
    const exclusive = (tag: string) => service({ ...api(tag), update: { strategy: 'recreate' } });
    await world.take([service(), exclusive('v1')]);
    await hang('v2', exclusive('v2'));
    world.commit([service(), exclusive('v3')]);
    const counts = new Set<number>();
    await world.until((pass) => {
      counts.add(world.up().filter((each) => each.startsWith('api')).length);
      return pass.steady;
    });
    expect([...counts].sort()).toEqual([0, 1]);
    expect(world.up()).toEqual(['api:v3#1', 'web:v1#1']);
  });
});

describe('what is not the fault of a release', () => {
  const update = { timeout: 5_000 };

  it('is a balancer that takes no table', async () => {
    await world.take([service({ update }), loadBalancer()]);
    world.balancer.problem = { reason: 'reload-failed', message: 'no' };
    world.commit([service({ update, container: image('v2') }), loadBalancer()]);
    await world.wait(60);
    expect(world.stopped()).toEqual([]);
    expect(world.up()).toEqual(['web:v1#1', 'web:v2#1']);
    world.balancer.problem = undefined;
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1']);
    expect(gaps()).toEqual([]);
  });

  it('is a balancer that does not answer, and nobody leaves the name for it', async () => {
    await world.take([service({ update }), loadBalancer()]);
    world.balancer.answers = false;
    world.commit([service({ update, container: image('v2') }), loadBalancer()]);
    const before = world.engine.mutations.length;
    await world.wait(60);
    expect(world.stopped()).toEqual([]);
    expect(world.engine.mutations.slice(before).filter((each) => each.startsWith('hide'))).toEqual([]);
    world.balancer.answers = true;
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1']);
  });

  it.each(WITNESSES)('is an engine that restarts in the middle of its trial: %s', async (witness) => {
    await world.take([service({ update }), loadBalancer()]);
    world.commit([service({ update, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.up().includes('web:v2#1'));
    await world.restartEngine(witness);
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1']);
    expect(world.stopped()).toEqual([]);
  });

  it('is a pause by hand', async () => {
    await world.take([service({ update }), loadBalancer()]);
    world.commit([service({ update, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.up().includes('web:v2#1'));
    const candidate = [...world.engine.containers.values()].find((each) => each.restartPolicy === 'no');
    if (candidate !== undefined) candidate.state = 'paused';
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1']);
  });

  it.each(WITNESSES)('but an engine that restarts gives a failed release no other chance: %s', async (witness) => {
    await world.take([service({ update })]);
    world.engine.behave('web:v2', { exitsAfter: 500 });
    await world.take([service({ update, container: image('v2') })]);
    await world.wait(30);
    await world.restartEngine(witness);
    const before = world.engine.mutations.length;
    await world.wait(30);
    expect(world.engine.mutations.slice(before).filter((each) => /^(create|start|remove)/.test(each))).toEqual([]);
  });
});

it('an image that was taken away after it was pulled is pulled again', async () => {
  world.commit([service()]);
  await world.pass();
  world.engine.forgetImage('web:v1');
  await world.steady();
  expect(world.engine.mutations.filter((each) => each === 'pull web:v1')).toHaveLength(2);
});

it('a crash loop is told, also at the moments when it answers', async () => {
  await world.take([service()]);
  world.engine.behave('web:v1', { exitsAfter: 4_000 });
  await world.wait(20);
  const seen = new Set<string>();
  for (let count = 0; count < 60; count++) {
    const [web] = world.status(await world.pass()).services;
    seen.add(`${web?.state ?? ''} ${web?.problem?.reason ?? ''}`);
  }
  expect([...seen].filter((each) => !each.endsWith('crash-loop'))).toEqual([]);
});

it('green-blue without room for both sets is refused, and the old one serves on', async () => {
  world = new World({ cpu: 3 });
  const resources = { cpu: 1, memory: 0, limits: {} };
  await world.take([service({ instances: 2, resources, update: greenBlue }), loadBalancer()]);
  const next = service({ instances: 2, resources, update: greenBlue, container: image('v2') });
  world.commit([next, loadBalancer()]);
  const pass = await world.wait(10);
  expect(world.up()).toEqual(['web:v1#1', 'web:v1#2']);
  expect(world.status(pass).services[0]).toMatchObject({
    state: 'unscheduled',
    problem: { layer: 'scheduling', reason: 'not-enough-cpu' },
  });
});

it('a release that cannot be started does not serve on when its successor fails, and nobody says so', async () => {
  world.engine.behave('web:v1', { startError: 'exec: "/app": no such file' });
  world.commit([service()]);
  await world.wait(5);
  world.engine.behave('web:v2', { exitsAfter: 0 });
  world.commit([service({ container: image('v2') })]);
  const [web] = world.status(await world.wait(20)).services;
  expect(web).toMatchObject({ state: 'failed', problem: { reason: 'rollback-failed' } });
});

it('green-blue stays where it is while a third release is fetched, however much of the second one is ready', async () => {
  const set = (tag: string, instances: number) => service({ update: greenBlue, container: image(tag), instances });
  await world.take([set('v1', 1), loadBalancer()]);
  const before = world.seen.at(-1);
  world.commit([set('v2', 3), loadBalancer()]);
  await world.until(() => world.up().includes('web:v2#3'));
  world.latency.set('pull', 60_000);
  world.commit([set('v3', 3), loadBalancer()]);
  await world.wait(30);
  expect(world.seen.at(-1)).toBe(before);
  expect(world.up()).toEqual(['web:v1#1']);
  await world.steady();
  expect(gaps()).toEqual([]);
});

describe('what an update that cannot be fetched leaves as it is', () => {
  const release = (tag: string, change: Parameters<typeof service>[0] = {}) =>
    service({ container: image(tag), ...change });
  const draining = () =>
    Object.values(world.balancer.recorded?.routes[0]?.pools ?? {}).some(({ members }) =>
      members.some(({ state }) => state === 'draining'),
    );
  /** v2 serves, and requests of before keep v1 going; v3 is in no registry that answers. */
  const begin = async (change: Parameters<typeof service>[0]) => {
    await world.take([release('v1', change), loadBalancer()]);
    for (const { id } of world.balancer.recorded?.checks[0]?.servers ?? []) world.balancer.sessions.set(id, 3);
    world.commit([release('v2', change), loadBalancer()]);
    await world.until(() => draining() && world.up().some((each) => each.startsWith('web:v2')));
    await world.wait(2);
    world.latency.set('pull', 600_000);
    world.commit([release('v3', change), loadBalancer()]);
    await world.wait(2);
  };

  it('is the one before, where the one that follows it falls', async () => {
    await begin({ healthCheck: http('/') });
    world.balancer.failingImages.add('web:v2');
    await world.wait(60);
    expect(world.up()).toContain('web:v1#1');
    expect(world.seen.at(-1)).not.toBe('');
  });

  it('is as many instances as are wanted', async () => {
    await begin({ instances: 2, update: { order: 'stop-first' } });
    await world.wait(60);
    expect(world.up()).toHaveLength(2);
  });

  it('is the set that green-blue keeps', async () => {
    const set = (tag: string) => release(tag, { instances: 2, update: greenBlue });
    await world.take([set('v1'), loadBalancer()]);
    await world.take([set('v2'), loadBalancer()]);
    const serving = world.seen.at(-1);
    world.latency.set('pull', 600_000);
    world.commit([set('v3'), loadBalancer()]);
    await world.wait(60);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v2#1', 'web:v2#2']);
    expect(world.seen.at(-1)).toBe(serving);
  });
});

it('a release that is gone back to has its networks made again', async () => {
  const on = (tag: string, network: string) =>
    service({ container: { ...image(tag), ...hostPort, networks: [network] } });
  await world.take([on('v1', 'a')]);
  world.engine.behave('web:v2', { exitsAfter: 1_000 });
  world.commit([on('v2', 'b')]);
  await world.until(() => world.up().includes('web:v2#1'));
  world.engine.networks.delete('demo/a');
  await world.steady();
  expect(world.up()).toEqual(['web:v1#1']);
  expect(world.engine.networks).toContain('demo/a');
});

it('a container that has lost its label is not told again and again whether it is found', () => {
  const { spec: _, ...unreadable } = instanceOf(service(), 1, { discoverable: undefined });
  for (const wanted of [service(), service({ container: image('v2') })]) {
    const { steps } = decisionOf({ wanted: [wanted], instances: [unreadable] });
    expect(steps.map((each) => each.do)).not.toContain('discover');
  }
});
