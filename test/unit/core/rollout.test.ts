import { beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../../src/core/model.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const image = (tag: string) => ({ image: `web:${tag}`, version: tag });

describe('a new service', () => {
  it('starts all instances and is routed to', async () => {
    await world.take([service({ instances: 3 }), loadBalancer()]);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v1#3']);
    expect(world.balancer.reachable('web')).toHaveLength(1);
  });

  it('plans to nothing afterwards and changes nothing', async () => {
    await world.take([service({ instances: 2 }), loadBalancer()]);
    const before = world.engine.mutations.length;
    const pass = await world.pass();
    expect(pass.plan.changes).toEqual([]);
    expect(world.engine.mutations.slice(before)).toEqual([]);
  });

  it('is called steady once it has stood for its monitor window, and at once by a process that starts later', async () => {
    world.commit([service({ update: { monitor: 5_000 } })]);
    await world.until(() => world.up().length === 1);
    const started = world.clock.now();
    await world.steady();
    expect(world.clock.now() - started).toBeGreaterThanOrEqual(5_000);
    world.restart();
    await world.pass();
    expect((await world.pass()).steady).toBe(true);
  });

  it('is left to restart where there is nothing to go back to', async () => {
    world.engine.behave('web:v1', { exitsAfter: 1000 });
    world.commit([service()]);
    for (let count = 0; count < 40; count++) await world.pass();
    world.engine.behave('web:v1', {});
    await world.steady();
    expect(world.up()).toEqual(['web:v1#1']);
  });
});

describe('rolling', () => {
  it('replaces one at a time and never has fewer than wanted', async () => {
    await world.take([service({ instances: 3 }), loadBalancer()]);
    world.commit([service({ instances: 3, container: image('v2') }), loadBalancer()]);
    const counts = new Set<number>();
    await world.until((pass) => {
      counts.add(world.up().length);
      return pass.steady;
    });
    expect([...counts].sort()).toEqual([3, 4]);
    expect(world.up()).toEqual(['web:v2#1', 'web:v2#2', 'web:v2#3']);
    expect(world.stopped()).toEqual([]);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('goes back when the new one exits, keeps one stopped container and does not try again', async () => {
    await world.take([service({ instances: 2 }), loadBalancer()]);
    world.engine.behave('web:v2', { exitsAfter: 2000 });
    const pass = await world.take([service({ instances: 2, container: image('v2') }), loadBalancer()]);
    expect(pass.plan.decisions[0]?.progress?.verdict.quarantined).toBe(true);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2']);
    expect(world.stopped()).toEqual(['web:v2#1']);
    world.restart();
    await world.steady();
    expect(world.stopped()).toEqual(['web:v2#1']);
    await world.take([service({ instances: 2, container: image('v3') }), loadBalancer()]);
    expect(world.up()).toEqual(['web:v3#1', 'web:v3#2']);
    expect(world.stopped()).toEqual([]);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('goes back when the new one never gets ready', async () => {
    await world.take([service({ instances: 2 }), loadBalancer()]);
    world.balancer.failingImages.add('web:v2');
    await world.take([service({ instances: 2, container: image('v2') }), loadBalancer()]);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2']);
    expect(world.stopped()).toEqual(['web:v2#1']);
    expect(world.seen.at(-1)).toMatch(/^web@/);
    expect(world.seen).toHaveLength(2);
  });

  it('goes back when a later instance fails', async () => {
    await world.take([service({ instances: 3 }), loadBalancer()]);
    world.commit([service({ instances: 3, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.up().includes('web:v2#2'));
    world.balancer.failingImages.add('web:v2');
    await world.steady();
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v1#3']);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('is pre-empted by a newer commit', async () => {
    await world.take([service({ instances: 2 }), loadBalancer()]);
    world.balancer.failingImages.add('web:v2');
    world.commit([service({ instances: 2, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.up().includes('web:v2#1'));
    await world.take([service({ instances: 2, container: image('v3') }), loadBalancer()]);
    expect(world.up()).toEqual(['web:v3#1', 'web:v3#2']);
    expect(world.stopped()).toEqual([]);
  });

  it('waits for sessions before it stops an old instance, up to the drain limit', async () => {
    await world.take([service(), loadBalancer()]);
    const member = world.balancer.tables.at(-1)?.routes[0]?.pools.a.members[0];
    world.balancer.sessions.set(member?.id ?? '', 1);
    world.commit([service({ container: image('v2') }), loadBalancer()]);
    await world.until(() => world.seen.at(-1)?.split(' ').length === 1 && world.seen.length > 2);
    for (let count = 0; count < 40; count++) await world.pass();
    expect(world.up()).toEqual(['web:v1#1', 'web:v2#1']);
    world.balancer.sessions.clear();
    await world.steady();
    expect(world.up()).toEqual(['web:v2#1']);
  });
});

describe('green-blue', () => {
  const swap = { strategy: 'green-blue' as const };

  it('switches once the whole set is ready, keeps the old one, and goes back at once', async () => {
    await world.take([service({ instances: 2, update: swap }), loadBalancer()]);
    await world.take([service({ instances: 2, update: swap, container: image('v2') }), loadBalancer()]);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v2#1', 'web:v2#2']);
    expect(world.seen).toHaveLength(3);
    const before = world.engine.mutations.filter((each) => each.startsWith('create')).length;
    await world.take([service({ instances: 2, update: swap }), loadBalancer()]);
    expect(world.seen.at(-1)).toBe(world.seen[1]);
    expect(world.engine.mutations.filter((each) => each.startsWith('create'))).toHaveLength(before);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('removes the old set after keepOld', async () => {
    const update = { ...swap, keepOld: 20_000 };
    await world.take([service({ update }), loadBalancer()]);
    await world.take([service({ update, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.up().length === 1 && world.stopped().length === 0);
    expect(world.up()).toEqual(['web:v2#1']);
  });

  it('keeps all of the old set while the new one comes, also what was only starting', async () => {
    const check = { path: '/', port: 8080, status: '200-399' };
    const healthCheck = { http: check, interval: 1000, timeout: 1000, retries: 3, startPeriod: 60_000, restart: true };
    await world.take([service({ update: swap, healthCheck }), loadBalancer()]);
    world.commit([service({ instances: 2, update: swap, healthCheck }), loadBalancer()]);
    await world.until(() => world.up().length === 2);
    const starting = [...world.engine.containers.values()].find((each) => each.slot.slot === 2);
    world.balancer.failing.add(starting?.address ?? '');
    world.balancer.failingImages.add('web:v2');
    world.commit([service({ instances: 2, update: swap, healthCheck, container: image('v2') }), loadBalancer()]);
    await world.wait(5);
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v2#1', 'web:v2#2']);
  });

  it('keeps the old set of a later switch as long as that of the first', async () => {
    const update = { ...swap, keepOld: 20_000 };
    await world.take([service({ update }), loadBalancer()]);
    await world.take([service({ update, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.up().length === 1 && world.stopped().length === 0);
    await world.take([service({ update, container: image('v3') }), loadBalancer()]);
    expect(world.up()).toEqual(['web:v2#1', 'web:v3#1']);
    expect(world.seen).toHaveLength(4);
  });

  it('flips back when the new set fails within its monitor window', async () => {
    await world.take([service({ update: swap }), loadBalancer()]);
    world.commit([service({ update: swap, container: image('v2') }), loadBalancer()]);
    await world.until(() => world.seen.length === 3);
    world.balancer.failingImages.add('web:v2');
    await world.steady();
    expect(world.seen.at(-1)).toBe(world.seen[1]);
    expect(world.up()).toEqual(['web:v1#1']);
    expect(world.stopped()).toEqual(['web:v2#1']);
  });
});

describe('recreate', () => {
  const hostPort = (tag: string) => ({
    ...image(tag),
    ports: [{ port: 8080, protocol: 'tcp' as const, publish: false, hostPort: 9000 }],
  });

  it('stops the old one before the new one starts, and pulls before that', async () => {
    await world.take([service({ container: hostPort('v1') })]);
    const before = world.engine.mutations.length;
    await world.take([service({ container: hostPort('v2') })]);
    expect(world.up()).toEqual(['web:v2#1']);
    const steps = world.engine.mutations.slice(before).map((each) => each.split(' ')[0]);
    expect(steps.indexOf('pull')).toBeLessThan(steps.indexOf('stop'));
    expect(steps.indexOf('stop')).toBeLessThan(steps.indexOf('create'));
    expect(world.stopped()).toEqual([]);
  });

  it('touches no names where the service has no check: they come with the start and go with the stop', async () => {
    await world.take([service({ container: hostPort('v1') })]);
    await world.take([service({ container: hostPort('v2') })]);
    expect(world.engine.mutations.filter((each) => /^(discover|hide) /.test(each))).toEqual([]);
    expect([...world.engine.containers.values()].map((each) => each.discoverable)).toEqual([true]);
  });

  it('gives a name to what has passed its check', async () => {
    await world.take([service({ container: hostPort('v1') }), loadBalancer()]);
    const steps = world.engine.mutations.map((each) => each.split(' ')[0]);
    expect(steps.indexOf('discover')).toBeGreaterThan(steps.indexOf('start'));
    expect([...world.engine.containers.values()].map((each) => each.discoverable)).toEqual([true]);
  });

  it('starts the old one again when the new one fails', async () => {
    await world.take([service({ container: hostPort('v1') })]);
    world.engine.behave('web:v2', { exitsAfter: 1000 });
    await world.take([service({ container: hostPort('v2') })]);
    expect(world.up()).toEqual(['web:v1#1']);
    expect(world.stopped()).toEqual(['web:v2#1']);
  });
});

describe('drift', () => {
  it('heals what was stopped, removed or paused', async () => {
    await world.take([service({ instances: 3 }), loadBalancer()]);
    const [first, second, third] = [...world.engine.containers.keys()];
    world.engine.stop(first ?? '');
    world.engine.remove(second ?? '');
    world.engine.get(third ?? '').state = 'paused';
    await world.steady();
    expect(world.up()).toEqual(['web:v1#1', 'web:v1#2', 'web:v1#3']);
  });

  it('replaces a container that was changed behind its label', async () => {
    await world.take([service({ instances: 1 }), loadBalancer()]);
    const [name = ''] = [...world.engine.containers.keys()];
    const { id } = world.engine.get(name);
    world.engine.get(name).deviations.push('environment.A is 2, not 1');
    await world.steady();
    expect(world.engine.get(name).id).not.toBe(id);
    expect(world.up()).toEqual(['web:v1#1']);
    expect(world.seen.slice(1)).not.toContain('');
  });

  /** Changes all that is up, and tells how many were up until all are replaced, and how many served at least. */
  async function counted(web: Service): Promise<{ up: number[]; serving: number }> {
    await world.take([web, loadBalancer()]);
    const changed = [...world.engine.containers.values()];
    for (const each of changed) each.deviations.push('environment.A is 2, not 1');
    const up = new Set<number>();
    let serving = Infinity;
    await world.until((pass) => {
      up.add(world.up().length);
      serving = Math.min(serving, world.status(pass).services[0]?.running ?? 0);
      return pass.steady;
    });
    expect([...world.engine.containers.values()].filter((each) => changed.includes(each))).toEqual([]);
    return { up: [...up].sort(), serving };
  }

  it('has one more instance meanwhile where its update starts first', async () => {
    expect(await counted(service({ instances: 3 }))).toEqual({ up: [3, 4], serving: 3 });
  });

  it('does without one of its instances at a time where its update stops first', async () => {
    const update = { order: 'stop-first' as const };
    expect(await counted(service({ instances: 3, update }))).toEqual({ up: [2, 3], serving: 2 });
  });

  it('does without one of its instances at a time where the node has no room for one more', async () => {
    world = new World({ cpu: 3 });
    const resources = { cpu: 1, memory: 0, limits: {} };
    expect(await counted(service({ instances: 3, resources }))).toEqual({ up: [2, 3], serving: 2 });
  });

  it('keeps the one more that took the last room until all are replaced', async () => {
    world = new World({ cpu: 4 });
    const resources = { cpu: 1, memory: 0, limits: {} };
    expect(await counted(service({ instances: 3, resources }))).toEqual({ up: [3, 4], serving: 3 });
    const made = world.engine.mutations.filter((each) => each.startsWith('create'));
    expect(made).toHaveLength(3 + 3 + 1);
  });

  it('waits for all others before it does without one, unless that one is of no use', async () => {
    const web = service({ instances: 2, update: { order: 'stop-first' } });
    await world.take([web, loadBalancer()]);
    const [first, second] = [...world.engine.containers.values()];
    world.balancer.failing.add(second?.address ?? '');
    await world.wait(2);
    first?.deviations.push('environment.A is 2, not 1');
    await world.wait(5);
    expect([...world.engine.containers.values()]).toEqual([first, second]);
    second?.deviations.push('environment.A is 2, not 1');
    await world.wait(5);
    expect([...world.engine.containers.values()]).toContain(first);
    world.balancer.failing.clear();
    await world.steady();
    expect([...world.engine.containers.values()]).not.toContain(first);
  });
});

describe('scaling and removal', () => {
  it('scales up and down without replacing anything', async () => {
    await world.take([service({ instances: 2 }), loadBalancer()]);
    const ids = [...world.engine.containers.values()].map((each) => each.id);
    await world.take([service({ instances: 4 }), loadBalancer()]);
    await world.take([service({ instances: 2 }), loadBalancer()]);
    expect([...world.engine.containers.values()].map((each) => each.id)).toEqual(ids);
  });

  it('removes what has no manifest, within the budget', async () => {
    const other = service({ name: 'other' });
    await world.take([service(), loadBalancer(), other]);
    await world.take([other]);
    expect(world.up()).toHaveLength(1);
  });

  it('removes nothing for an empty repository, and everything where the commit says so', async () => {
    await world.take([service(), loadBalancer()]);
    const pass = await world.take([]);
    expect(pass.plan.problems[0]?.reason).toBe('prune-refused');
    expect(world.balancer.reachable('web')).toHaveLength(1);
    await world.take([], 'end it\n\nFairlead-Prune: 1');
    expect(world.up()).toEqual([]);
  });
});

describe('switching by hand between two services', () => {
  const blue = service({ name: 'blue', container: image('blue') });
  const green = service({ name: 'green', container: image('green') });

  it('switches by a commit', async () => {
    await world.take([blue, green, loadBalancer({ service: 'blue' })]);
    await world.take([blue, green, loadBalancer({ service: 'green' })]);
    expect(world.seen.at(-1)).toMatch(/^green@/);
    expect(world.seen.slice(1)).not.toContain('');
  });

  it('is refused while the target is not ready, also when the old one loses its manifest', async () => {
    world.balancer.failingImages.add('web:green');
    await world.take([blue, loadBalancer({ service: 'blue' })]);
    world.commit([green, loadBalancer({ service: 'green' })]);
    for (let count = 0; count < 100; count++) await world.pass();
    expect(world.seen.at(-1)).toMatch(/^blue@/);
    world.balancer.failingImages.clear();
    await world.steady();
    expect(world.up()).toEqual(['web:green#1']);
    expect(world.seen.slice(1)).not.toContain('');
  });
});
