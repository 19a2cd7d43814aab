import { expect, it } from 'vitest';
import type { ContainerHost } from '../../../src/core/container-host.ts';
import { ReasonError } from '../../../src/core/reason.ts';
import { EMPTY_TABLE } from '../../../src/core/routing.ts';
import { createBalancer } from '../../../src/haproxy/balancer.ts';
import { settingsLabel } from '../../../src/haproxy/container.ts';

const IMAGE = 'haproxy:3.2-alpine';

/** An engine without anything, on which these calls hang. */
function hanging(...calls: (keyof ContainerHost)[]): { host: ContainerHost; called: string[] } {
  const called: string[] = [];
  const answer = (call: keyof ContainerHost) => () => {
    called.push(call);
    return calls.includes(call) ? new Promise<never>(() => undefined) : Promise.resolve(undefined);
  };
  const names = ['find', 'pull', 'create', 'start', 'remove', 'removeVolume', 'upload', 'exec', 'logs'] as const;
  const host = Object.fromEntries(names.map((name) => [name, answer(name)])) as unknown as ContainerHost;
  return { host, called };
}

const SETTINGS = {
  image: IMAGE,
  http: 80,
  https: 443,
  bind: '0.0.0.0',
  network: 'host',
  hardStopAfter: 1000,
  accessLog: true,
} as const;
const IDENTITY = { cluster: 'demo', settings: SETTINGS, labels: {}, networks: [] };

function balancerOn(host: ContainerHost, patience: number, now = () => 0) {
  return createBalancer({ host, ...IDENTITY, pem: () => undefined, now, patience });
}

/** It runs, and nobody can talk to it. */
function silent(labels: Readonly<Record<string, string>>): ReturnType<typeof hanging> {
  const running = { id: 'b1', name: 'fairlead-demo-balancer', running: true, labels };
  const { host, called } = hanging();
  const create = host.create.bind(host);
  const exec = () => Promise.reject(new ReasonError('start-failed', 'nobody at home'));
  let there = running;
  return {
    called,
    host: {
      ...host,
      find: () => Promise.resolve(there),
      create: async (spec) => {
        await create(spec);
        there = { ...running, labels: settingsLabel(IDENTITY) };
        return there;
      },
      exec,
    },
  };
}

it('is seen to be absent while its image is being fetched, which comes before everything else', async () => {
  const { host, called } = hanging('pull');
  const balancer = balancerOn(host, 10_000);
  void balancer.apply(EMPTY_TABLE);
  await expect.poll(() => called).toContain('pull');
  expect(await balancer.observe()).toMatchObject({ state: 'absent' });
  expect(called).not.toContain('create');
});

it('is unreachable while a change to it hangs, and nobody waits for that', async () => {
  const { host, called } = hanging('create');
  const balancer = balancerOn(host, 20);
  void balancer.apply(EMPTY_TABLE);
  await expect.poll(() => called).toContain('create');
  for (const _ of ['once', 'twice'])
    expect(await balancer.observe()).toMatchObject({
      state: 'unreachable',
      problem: { reason: 'balancer-unreachable', message: expect.stringContaining('being changed') as string },
    });
});

it('is waited for only once where it says nothing', async () => {
  const { host } = hanging('find');
  const balancer = balancerOn(host, 1_500);
  const looked = async () => {
    const since = performance.now();
    expect(await balancer.observe()).toMatchObject({ state: 'unreachable' });
    return performance.now() - since;
  };
  const [first, second] = [await looked(), await looked()];
  expect(second).toBeLessThan(first * 0.75);
});

it('is made anew where its settings have changed and nobody can enter it, but not at once', async () => {
  const { host, called } = silent({});
  let now = 0;
  const balancer = balancerOn(host, 10_000, () => now);
  expect(await balancer.observe()).toMatchObject({ state: 'unreachable', problem: { message: 'nobody at home' } });
  called.length = 0;
  const ends = () => called.filter((each) => each === 'remove' || each === 'create');
  await expect(balancer.apply(EMPTY_TABLE)).rejects.toThrow('nobody at home');
  expect(ends()).toEqual([]);
  now = 2_000;
  await expect(balancer.apply(EMPTY_TABLE)).rejects.toThrow('nobody at home');
  expect(ends()).toEqual(['remove', 'create']);
});

it('is left as it is where its settings are the same and nobody can enter it', async () => {
  const { host, called } = silent(settingsLabel(IDENTITY));
  await expect(balancerOn(host, 10_000).apply(EMPTY_TABLE)).rejects.toThrow('nobody at home');
  expect(called).not.toContain('remove');
});

it('has no problem any more once it is removed', async () => {
  const { host } = silent(settingsLabel(IDENTITY));
  const balancer = balancerOn(host, 10_000);
  await expect(balancer.apply(EMPTY_TABLE)).rejects.toThrow('nobody at home');
  await balancer.remove();
  host.find = () => Promise.resolve(undefined);
  expect(await balancer.observe()).toEqual({ state: 'absent', checks: {}, members: {}, oldWorkers: 0 });
});
