import { describe, expect, it } from 'vitest';
import { desire } from '../../../src/core/desire.ts';
import type { Service } from '../../../src/core/model.ts';
import type { Instance, ObservedNode } from '../../../src/core/observed.ts';
import { place, type Placement } from '../../../src/core/placement.ts';
import { service } from '../../support/manifests.ts';
import { instanceOf, node } from '../../support/observed.ts';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

function placed(services: readonly Service[], instances: readonly Instance[] = [], on: Partial<ObservedNode> = {}) {
  const revision = { id: 'c0ffee', message: '', author: '', at: 0 };
  return place(desire(services, { cluster: 'demo', revision }).services, instances, node(on));
}

function reasons({ unscheduled }: Placement): string[] {
  return unscheduled.map(
    ({ service: name, instance, problems }) => `${name} ${instance}: ${problems[0]?.reason ?? ''}`,
  );
}

const reserving = (cpu: number, memory = 0) => ({ resources: { cpu, memory, limits: {} } });
const hostPort = (port: number) => ({
  container: { ports: [{ port: 8080, protocol: 'tcp' as const, publish: false, hostPort: port }] },
});

describe('room', () => {
  it('admits an exact fit', () => {
    const { admitted, free } = placed([service({ instances: 2, ...reserving(2, 8 * GB) })]);
    expect(admitted).toEqual({ web: 2 });
    expect(free).toEqual({ cpu: 0, memory: 0 });
  });

  it('adds tenths of a core up exactly', () => {
    const { admitted } = placed([service({ instances: 10, ...reserving(0.1) })], [], { cpu: 1 });
    expect(admitted).toEqual({ web: 10 });
  });

  it('asks for memory before cpu, and for nothing where nothing is reserved', () => {
    const full = { cpu: 0, memory: 0 };
    expect(reasons(placed([service(reserving(1, 1))], [], full))).toEqual(['web 1: not-enough-memory']);
    expect(reasons(placed([service(reserving(1))], [], full))).toEqual(['web 1: not-enough-cpu']);
    expect(placed([service()], [], full).admitted).toEqual({ web: 1 });
  });

  it('counts what other clusters on the engine have reserved', () => {
    const foreign = { cpu: 3.5, memory: 15 * GB };
    expect(reasons(placed([service(reserving(1))], [], { foreign }))).toEqual(['web 1: not-enough-cpu']);
  });

  it('admits as many as fit, and everything else goes on', () => {
    const big = service({ name: 'big', instances: 3, ...reserving(0, 6 * GB) });
    const small = service({ name: 'small', ...reserving(0, 2 * GB) });
    const placement = placed([big, small]);
    expect(placement.admitted).toEqual({ big: 2, small: 1 });
    expect(reasons(placement)).toEqual(['big 3: not-enough-memory']);
  });

  it('says for each instance what it needs and what the host has free', () => {
    const a = service({ name: 'a', ...reserving(3.7, 15 * GB) });
    const big = service({ name: 'big', requirements: [], ...reserving(0.1, 1280 * MB) });
    expect(placed([a, big], [], { capabilities: ['public'] }).unscheduled).toEqual([
      {
        service: 'big',
        instance: 1,
        cpu: 0.1,
        memory: 1280,
        requirements: [],
        problems: [
          {
            reason: 'not-enough-memory',
            host: { name: 'node1', cpu: 0.3, memory: 1024, capabilities: ['public'], services: ['a'] },
          },
        ],
      },
    ]);
  });
});

describe('rules', () => {
  it('checks in order: duplicate, capabilities, room', () => {
    const picky = service({ instances: 2, maxPerNode: 1, requirements: ['ssd'], ...reserving(99, 99 * GB) });
    expect(reasons(placed([picky]))).toEqual(['web 1: missing-capabilities', 'web 2: duplicate']);
    expect(reasons(placed([picky], [], { capabilities: ['ssd'] }))).toEqual([
      'web 1: not-enough-memory',
      'web 2: duplicate',
    ]);
  });

  it('wants every requirement among the capabilities', () => {
    const picky = service({ requirements: ['ssd', 'gpu'] });
    expect(reasons(placed([picky], [], { capabilities: ['ssd'] }))).toEqual(['web 1: missing-capabilities']);
    expect(placed([picky], [], { capabilities: ['gpu', 'intranet', 'ssd'] }).admitted).toEqual({ web: 1 });
  });

  it.each([
    ['either side', service({ name: 'a' }), service({ name: 'b', conflictsWith: ['a'] })],
    ['the first side', service({ name: 'a', conflictsWith: ['b'] }), service({ name: 'b' })],
    ['a glob', service({ name: 'a' }), service({ name: 'b', conflictsWith: ['?', 'x*'] })],
  ])('keeps apart what conflicts by %s', (_, a, b) => {
    expect(reasons(placed([a, b]))).toEqual(['b 1: conflicts-with']);
  });

  it('keeps apart by patterns that many share, in whatever order they come', () => {
    const picky = ['a', 'b'].map((name) => service({ name, conflictsWith: ['b*', 'c'] }));
    expect(reasons(placed([...picky, service({ name: 'c' }), service({ name: 'd' })]))).toEqual([
      'b 1: conflicts-with',
      'c 1: conflicts-with',
    ]);
    const late = service({ name: 'z', conflictsWith: ['b*'] });
    expect(reasons(placed([service({ name: 'bee' }), late]))).toEqual(['z 1: conflicts-with']);
  });

  it('takes signs that mean something elsewhere for themselves', () => {
    const dotted = service({ name: 'a', conflictsWith: ['b.*', 'c+'] });
    expect(placed([dotted, service({ name: 'bx' }), service({ name: 'cc' })]).unscheduled).toEqual([]);
  });

  it('does not take a service for its own neighbour, nor a part of a name for the whole', () => {
    expect(placed([service({ instances: 2, conflictsWith: ['w*'] })]).admitted).toEqual({ web: 2 });
    const batch = service({ name: 'batch', conflictsWith: ['web'] });
    expect(placed([batch, service({ name: 'web-2' })]).admitted).toEqual({ batch: 1, 'web-2': 1 });
  });

  it('gives a host port to one instance, and none that somebody else has', () => {
    expect(reasons(placed([service({ instances: 2, ...hostPort(9000) })]))).toEqual(['web 2: host-port-conflict']);
    const taken = placed([service(hostPort(9000))], [], { foreignHostPorts: ['9000/tcp'] });
    expect(reasons(taken)).toEqual(['web 1: host-port-conflict']);
  });
});

describe('what runs already', () => {
  const running = service({ name: 'running', ...reserving(3) });
  const fresh = service({ name: 'fresh', ...reserving(3) });

  it('is never turned out for something new, whatever their names', () => {
    const placement = placed([fresh, running], [instanceOf(running)]);
    expect(placement.admitted).toEqual({ running: 1 });
    expect(reasons(placement)).toEqual(['fresh 1: not-enough-cpu']);
  });

  it.each(['paused', 'restarting'] as const)('keeps its place while it is %s', (state) => {
    expect(placed([fresh, running], [instanceOf(running, 1, { state })]).admitted).toEqual({ running: 1 });
  });

  it('keeps its place when the node has become too small for it', () => {
    expect(placed([running], [instanceOf(running)], { cpu: 1 }).admitted).toEqual({ running: 1 });
  });

  it('keeps its place against a conflict that comes later', () => {
    const enemy = service({ name: 'enemy', conflictsWith: ['running'] });
    expect(reasons(placed([enemy, running], [instanceOf(running)]))).toEqual(['enemy 1: conflicts-with']);
  });
});

describe('a new release', () => {
  const old = service({ ...reserving(3), container: { image: 'web:v1' } });
  const next = (cpu: number, change: Partial<Service> = {}) =>
    service({ ...reserving(cpu), ...change, container: { image: 'web:v2' } });

  it('is admitted in the place of the old one', () => {
    const placement = placed([next(4)], [instanceOf(old)]);
    expect(placement).toMatchObject({ admitted: { web: 1 }, blocked: [], unscheduled: [] });
    expect(placement.free.cpu).toBe(0);
  });

  it('that does not fit even there leaves the old one in its place, and the others in theirs', () => {
    const other = service({ name: 'other', ...reserving(1) });
    const placement = placed([next(5), other], [instanceOf(old)]);
    expect(placement).toMatchObject({ admitted: { web: 1, other: 1 }, blocked: ['web'] });
    expect(reasons(placement)).toEqual(['web 1: not-enough-cpu']);
    expect(placement.free.cpu).toBe(0);
  });

  it('keeps no more of the old one than was there', () => {
    expect(placed([next(5, { instances: 4 })], [instanceOf(old)])).toMatchObject({ admitted: { web: 1 } });
  });

  it('counts what still runs of it while the number falls', () => {
    const two = service({ ...reserving(1), container: { image: 'web:v2' } });
    const instances = [instanceOf(two, 1), instanceOf(two, 2), instanceOf(old, 1), instanceOf(old, 2)];
    expect(placed([two], instances)).toMatchObject({ admitted: { web: 1 }, blocked: [], free: { cpu: 3 } });
  });

  it('needs room for both where they stand side by side', () => {
    const update = { ...old.update, strategy: 'green-blue' as const };
    expect(placed([next(1, { update })], [instanceOf(old)]).blocked).toEqual([]);
    expect(placed([next(2, { update })], [instanceOf(old)])).toMatchObject({ admitted: { web: 1 }, blocked: ['web'] });
  });

  it('is not given up for want of room once it has begun', () => {
    const update = { ...old.update, strategy: 'green-blue' as const };
    const green = next(1, { update, instances: 2 });
    const started = [instanceOf(green, 1), instanceOf(old, 1), instanceOf(old, 2)];
    expect(placed([green], started, { cpu: 8 }).blocked).toEqual([]);
  });
});
