import { expect, it } from 'vitest';
import type { ContainerHost } from '../../../src/core/ports.ts';
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
  const names = [
    'find',
    'pull',
    'create',
    'start',
    'stop',
    'remove',
    'removeVolume',
    'upload',
    'exec',
    'logs',
  ] as const;
  const host = Object.fromEntries(names.map((name) => [name, answer(name)])) as unknown as ContainerHost;
  return { host, called };
}

const SETTINGS = { image: IMAGE, http: 80, bind: '0.0.0.0', network: 'host', hardStopAfter: 1000 } as const;
const IDENTITY = { cluster: 'demo', settings: SETTINGS, labels: {}, networks: [] };

function balancerOn(host: ContainerHost, patience: number, now = () => 0) {
  return createBalancer({ host, ...IDENTITY, now, patience });
}

/** It runs, and nobody can talk to it. */
function silent(labels: Readonly<Record<string, string>>, onExec: () => void = () => undefined): ContainerHost {
  const running = { id: 'b1', name: 'fairlead-demo-balancer', running: true, image: IMAGE, labels };
  const exec = () => {
    onExec();
    return Promise.reject(new ReasonError('balancer-unreachable', 'nobody at home'));
  };
  return { ...hanging().host, find: () => Promise.resolve(running), exec };
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

it('that does not answer is asked less and less often, and told nothing meanwhile', async () => {
  const clock = { now: 0 };
  const asked: number[] = [];
  const host = silent(settingsLabel(IDENTITY), () => asked.push(clock.now));
  const balancer = balancerOn(host, 10_000, () => clock.now);
  for (; clock.now < 120_000; clock.now += 250) {
    expect(await balancer.observe()).toMatchObject({ state: 'unreachable', problem: { message: 'nobody at home' } });
    await expect(balancer.apply(EMPTY_TABLE)).rejects.toThrow('nobody at home');
  }
  expect(asked).toEqual([0, 1, 3, 7, 15, 31, 61, 91].map((seconds) => seconds * 1000));
});

it('that does not answer is still tried to be made anew where its settings have changed', async () => {
  let entered = 0;
  const balancer = balancerOn(
    silent({}, () => (entered += 1)),
    10_000,
  );
  expect(await balancer.observe()).toMatchObject({ state: 'unreachable' });
  await expect(balancer.apply(EMPTY_TABLE)).rejects.toThrow('nobody at home');
  expect(entered).toBe(2);
});
