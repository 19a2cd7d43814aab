import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { app, loadBalancer, sleeper, yaml } from '../../support/yaml.ts';

/** Two clusters and a stranger share an engine, with the same names for everything, and never touch each other. */

let one: Scenario;
let other: Scenario;
let stranger: string;

beforeAll(async () => {
  [one, other] = await Promise.all([Scenario.create(), Scenario.create()]);
  const options = {
    Image: 'lab/busybox:1',
    Cmd: ['sleep', '1000000'],
    StopSignal: 'SIGKILL',
    name: `${one.cluster}-web`,
  };
  const container = await one.docker.createContainer(options);
  await container.start();
  stranger = container.id;
});
afterAll(async () => {
  await one.docker.getContainer(stranger).remove({ force: true });
  await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

const apply = (scenario: Scenario, ...flags: string[]) => scenario.fairlead('apply', 'manifests', '--yes', ...flags);

async function strangerState() {
  const { State, NetworkSettings, RestartCount } = await one.docker.getContainer(stranger).inspect();
  return {
    pid: State.Pid,
    startedAt: State.StartedAt,
    restarts: RestartCount,
    networks: Object.keys(NetworkSettings.Networks),
  };
}

it('runs the same manifests twice, each with its own containers and its own answers', async () => {
  await one.manifests(yaml(app('web', { instances: 2 }), loadBalancer('web')));
  await other.manifests(yaml(app('web', { image: 'lab/app:v2', instances: 2 }), loadBalancer('web')));
  const codes = (await Promise.all([apply(one), apply(other)])).map((each) => each.code);
  expect(codes).toEqual([0, 0]);
  expect((await one.get('web.example.com')).body.trim()).toBe('v1');
  expect((await other.get('web.example.com')).body.trim()).toBe('v2');
  expect([await one.runningIds(), await other.runningIds()].map((each) => each.length)).toEqual([2, 2]);
  const plans = await Promise.all(
    [one, other].map((each) => each.fairlead('plan', 'manifests', '--detailed-exitcode')),
  );
  expect(plans.map((each) => each.code)).toEqual([0, 0]);
});

it('replaces and removes in one of them, and the other and the stranger see nothing of it', async () => {
  const [kept, before] = [await other.runningIds(), await strangerState()];
  await one.manifests(yaml(app('web', { image: 'lab/app:v3' }), loadBalancer('web')));
  expect((await apply(one)).code).toBe(0);
  await one.manifests('');
  expect((await apply(one, '--prune-all')).code).toBe(0);
  expect(await one.containers()).toEqual({});
  await expect(one.get('web.example.com')).rejects.toThrow('ECONNREFUSED');
  expect(await other.runningIds()).toEqual(kept);
  expect((await other.get('web.example.com')).body.trim()).toBe('v2');
  expect(await strangerState()).toEqual(before);
});

it('does not take over a container of a stranger that has the very name it needs', async () => {
  await one.manifests(yaml(sleeper('db')));
  const release = /db@(\w{7})/.exec((await one.fairlead('plan', 'manifests')).stdout)?.[1] ?? '';
  const name = `${one.cluster}-db-${release}-1`;
  await one.docker.getContainer(stranger).rename({ name });
  const before = await strangerState();
  const { code, stderr } = await apply(one);
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^db is failed: .*${name}`, 'm'));
  expect(await strangerState()).toEqual(before);
});
