import { beforeEach, describe, expect, it } from 'vitest';
import { loadBalancer, service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

/** Bad nights: what goes wrong beside a release, and what must not come of it. */

let world: World;
beforeEach(() => {
  world = new World();
});

const GB = 1024 ** 3;
const image = (tag: string) => ({ image: `web:${tag}`, version: tag });
const web = (tag: string, more: Parameters<typeof service>[0] = {}) => service({ container: image(tag), ...more });
const recreate = { update: { strategy: 'recreate' as const } };
const greenBlue = { update: { strategy: 'green-blue' as const, monitor: 5000 } };

function stateOf(name = 'web') {
  return async (seconds = 20) => world.status(await world.wait(seconds)).services.find((each) => each.name === name);
}

function activeMembers(): number {
  const route = world.balancer.recorded?.routes[0];
  return route?.pools[route.active].members.filter((each) => each.state === 'active').length ?? 0;
}

describe('a full node', () => {
  it('gives the place of a service that is being replaced to nobody else', async () => {
    world = new World({ memory: GB });
    const half = { resources: { cpu: 0, memory: 0.6 * GB, limits: {} } };
    const batch = service({ name: 'batch', ...half });
    await world.take([web('v1', { ...recreate, ...half })]);
    world.commit([web('v2', { ...recreate, ...half }), batch]);
    await world.wait(30);
    expect(world.up()).toEqual(['web:v2#1']);
  });

  it('does not make a release that failed any better by having no room for it for a while', async () => {
    world = new World({ memory: GB });
    const sized = (share: number) => ({ resources: { cpu: 0, memory: share * GB, limits: {} } });
    const others = (instances: number) => service({ name: 'a', instances, ...sized(0.2) });
    world.engine.behave('web:v2', { exitsAfter: 0 });
    await world.take([web('v1', sized(0.2)), others(2)]);
    await world.take([web('v2', sized(0.5)), others(2)]);
    await world.take([web('v2', sized(0.5)), others(3)]);
    await world.take([web('v2', sized(0.5)), others(2)]);
    expect(world.stopped()).toEqual(['web:v2#1']);
    expect(world.engine.mutations.filter((each) => /^start demo-web/.test(each))).toHaveLength(3);
  });
});

describe('a network that is still being made', () => {
  it('is waited for, however long that takes', async () => {
    world.latency.set('network', 20_000);
    await world.take([web('v1'), loadBalancer()]);
    expect(orderOf('network', 'create demo-web')).toEqual(['network default', 'create demo-web']);
  });

  it('costs nobody his place until it is there', async () => {
    await world.take([web('v1', recreate), loadBalancer()]);
    world.latency.set('network', 20_000);
    const networks = { container: { ...image('v2'), networks: ['default', 'data'] } };
    await world.take([service({ ...recreate, ...networks }), loadBalancer()]);
    expect(orderOf('network data', 'stop demo-web', 'create demo-web').slice(-3)).toEqual([
      'network data',
      'stop demo-web',
      'create demo-web',
    ]);
  });

  function orderOf(...wanted: string[]): string[] {
    return world.engine.mutations.flatMap((each) => {
      const found = wanted.find((word) => each.startsWith(word));
      return found === undefined ? [] : found === 'network' ? each : found;
    });
  }
});

describe('a candidate that is stopped on purpose', () => {
  it('is no mark of its release: fewer instances are wanted meanwhile', async () => {
    await world.take([web('v1', { ...greenBlue, instances: 3 }), loadBalancer()]);
    world.commit([web('v2', { ...greenBlue, instances: 3 }), loadBalancer()]);
    await world.until(() => world.seen.at(-1)?.includes('v2') === true || world.up().length === 6);
    await world.wait(2);
    world.commit([web('v2', { ...greenBlue, instances: 2 }), loadBalancer()]);
    const reported = await stateOf()(60);
    expect(reported).toMatchObject({ state: 'steady', version: 'v2' });
  });

  it('is no mark of its release: it comes back', async () => {
    world.engine.behave('web:v2', { exitsAfter: 3000 });
    world.latency.set('stop', 3000);
    await world.take([web('v1', { instances: 2 })]);
    world.commit([web('v2', { instances: 2 })]);
    await world.until(() => world.up().includes('web:v2#1'));
    world.commit([web('v3', { instances: 2 })]);
    await world.wait(2);
    world.engine.behave('web:v2', {});
    const pass = await world.take([web('v2', { instances: 2 })]);
    expect(world.status(pass).services[0]).toMatchObject({ state: 'steady', version: 'v2' });
  });
});

describe('a release that cannot be made', () => {
  const bound = (tag: string, source: string) => ({
    container: { ...image(tag), mounts: [{ type: 'bind' as const, source, target: '/data', readOnly: true }] },
  });

  it.each(['recreate', 'rolling', 'green-blue'] as const)(
    'is given up, and what ran runs again: %s',
    async (strategy) => {
      await world.take([service({ ...bound('v1', '/srv'), update: { strategy } }), loadBalancer()]);
      world.commit([service({ ...bound('v2', '/nowhere/at/all'), update: { strategy } }), loadBalancer()]);
      const reported = await stateOf()(60);
      expect(world.up()).toEqual(['web:v1#1']);
      expect(reported).toMatchObject({ state: 'rolled-back' });
      expect(reported?.problem?.message).toContain('bind source path does not exist');
      const arrivals = world.events.filter((each) => / serves on$|steady state$/.test(each));
      expect(arrivals.at(-1)).toMatch(/^web: web@\w+ failed; web@\w+ serves on$/);
      const before = world.engine.mutations.length;
      await world.wait(300);
      expect(world.engine.mutations.slice(before)).toEqual([]);
    },
  );

  it('may fail once', async () => {
    await world.take([web('v1', recreate)]);
    let failures = 1;
    const { beforeMutation } = world.engine;
    world.engine.beforeMutation = (mutation) => {
      if (mutation.startsWith('create') && failures-- > 0) throw new Error('the engine is out of sorts');
      return beforeMutation(mutation);
    };
    await world.take([web('v2', recreate)]);
    expect(world.up()).toEqual(['web:v2#1']);
  });
});

it('an image that was taken away meanwhile is fetched before anything is stopped', async () => {
  await world.take([web('v2', recreate)]);
  await world.take([web('v3', recreate)]);
  world.engine.forgetImage('web:v2');
  world.engine.behave('web:v2', { pullError: { reason: 'pull-failed', message: 'the registry is away' } });
  world.commit([web('v2', recreate)]);
  await world.wait(30);
  expect(world.up()).toEqual(['web:v3#1']);
  expect(world.engine.mutations.filter((each) => each.startsWith('stop demo-web'))).toHaveLength(1);
});

describe('a refused prune', () => {
  const others = ['a', 'b', 'c', 'd', 'e'].map((name) => service({ name }));

  it('keeps no route that nobody wants to what stays', async () => {
    await world.take([
      web('v1'),
      ...others,
      loadBalancer(),
      loadBalancer({ name: 'alias', hostnames: ['alias.example.com'] }),
    ]);
    await world.take([web('v1'), loadBalancer()]);
    expect(world.balancer.recorded?.routes.map((each) => each.loadBalancer)).toEqual(['web']);
    await world.take([web('v2'), loadBalancer()]);
    expect(world.up()).toContain('web:v2#1');
    expect(world.up().filter((each) => each === 'web:v1#1')).toHaveLength(others.length);
  });

  it('gives a place that somebody else wants now to him', async () => {
    await world.take([web('v1'), ...others, loadBalancer({ name: 'old', service: 'a' })]);
    await world.take([web('v1'), loadBalancer({ name: 'new' })]);
    expect(world.balancer.recorded?.routes.map((each) => each.loadBalancer)).toEqual(['new']);
  });
});

it('a network that somebody else is on holds nothing up, and goes once he has left', async () => {
  await world.take([web('v1')]);
  world.engine.guests.add('default');
  await world.take([], 'end\n\nFairlead-Prune: 1');
  const events = world.events.length;
  await world.wait(600);
  expect(world.events.slice(events)).toEqual([]);
  expect(world.events.at(-1)).toMatch(/Removing network default/);
  world.engine.guests.clear();
  await world.wait(130);
  expect([...world.engine.networks]).toEqual([]);
});

it('a rollout whose strategy becomes green-blue half-way leaves nobody alone with all requests', async () => {
  const ten = { instances: 10 };
  await world.take([web('v1', ten), loadBalancer()]);
  world.commit([web('v2', ten), loadBalancer()]);
  await world.until(() => world.up().includes('web:v2#2'));
  world.commit([web('v2', { ...ten, ...greenBlue }), loadBalancer()]);
  let fewest = Infinity;
  await world.until((pass) => {
    fewest = Math.min(fewest, activeMembers());
    return pass.steady;
  });
  expect(fewest).toBe(9);
  expect(world.up().filter((each) => each.startsWith('web:v2'))).toHaveLength(10);
});

it('a container that ends without an error is not started without end', async () => {
  world.engine.behave('web:v1', { exitsAfter: 100, exitCode: 0 });
  world.commit([web('v1', { restart: 'on-failure' })]);
  const reported = await stateOf()(600);
  const starts = world.engine.mutations.filter((each) => each.startsWith('start'));
  expect(starts.length).toBeLessThan(20);
  expect(starts.length).toBeGreaterThan(5);
  expect(reported?.problem?.message).toContain('exited with code 0');
});
