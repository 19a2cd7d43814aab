import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeStack } from '../../lab/git-hosts.ts';
import { startRegistry, type Registry } from '../../lab/registry.ts';
import { fairlead, RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** Images of a private registry, by the config.json of somebody who is logged in there. */

const CREDENTIALS = { username: 'ops', password: 'only-for-the-registry' };
const stack = makeStack();
let registry: Registry;
let scenario: Scenario;
let running: RunningFairlead;
let env: { DOCKER_CONFIG: string; DEBUG: string };

beforeAll(async () => {
  registry = stack.use(await startRegistry({ credentials: CREDENTIALS }));
  scenario = stack.use(await Scenario.create());
  // Libraries must not take DEBUG for theirs: they would print the credentials that they are given.
  env = { DOCKER_CONFIG: join(scenario.directory, 'docker'), DEBUG: '*' };
  await mkdir(env.DOCKER_CONFIG);
});
afterAll(() => stack.disposeAsync());

const logIn = (config: string) => writeFile(join(env.DOCKER_CONFIG, 'config.json'), config);
const publish = (image: string, tag: string) => registry.push(scenario.host, image, 'team/shop', tag);
const commit = (tag: string, fields: Readonly<Record<string, unknown>> = {}) =>
  scenario.repository.push(
    { 'app.yaml': yaml(app('shop', { image: `${registry.host}/team/shop:${tag}`, ...fields }), loadBalancer('shop')) },
    `Run ${tag}`,
  );

it('fetches what it is allowed to, and records the digest', async () => {
  await logIn(registry.dockerConfig);
  const digest = await publish('lab/app:v1', 'stable');
  const revision = await commit('stable');
  running = stack.use(new RunningFairlead(['run'], { cwd: scenario.directory, env }));
  await scenario.answers('shop.example.com', { body: 'v1' });
  const status = await scenario.reports('it is applied', (each) => each.revision.applied === revision);
  expect(status.services[0]).toMatchObject({ image: `${registry.host}/team/shop:stable`, version: 'stable', digest });
});

it('leaves the old release serving where the password is wrong, and goes on by itself once it is right', async () => {
  const before = await scenario.runningIds();
  await publish('lab/app:v2', 'next');
  const wrong = Buffer.from(`${CREDENTIALS.username}:wrong-one`).toString('base64');
  await logIn(JSON.stringify({ auths: { [registry.host]: { auth: wrong } } }));
  await commit('next');
  const status = await scenario.reports('it is refused', ({ services }) => services[0]?.problem !== undefined);
  expect(status.services[0]?.problem).toMatchObject({ layer: 'image', reason: 'registry-unauthorized' });
  expect(status.services[0]?.problem?.message).toContain(`${registry.host}/team/shop:next`);
  expect(await scenario.runningIds()).toEqual(before);
  expect((await scenario.get('shop.example.com')).body.trim()).toBe('v1');
  await logIn(registry.dockerConfig);
  await scenario.answers('shop.example.com', { body: 'v2' });
  for (const secret of [CREDENTIALS.password, wrong, 'X-Registry-Auth'])
    expect(running.log + JSON.stringify(status)).not.toContain(secret);
});

it('takes a moved tag for no change, not even to heal', async () => {
  await until('the old one is gone', async () => Object.keys(await scenario.containers()).length === 1);
  await publish('lab/app:v3', 'next');
  const { work } = scenario.repository.origin;
  const plan = await fairlead(['plan', work, '--detailed-exitcode'], { cwd: scenario.directory, env });
  expect(plan).toEqual({ code: 0, stdout: 'Nothing to do: 2 unchanged.\n', stderr: '' });
  const [before = ''] = await scenario.runningIds();
  await scenario.docker.getContainer(before).remove({ force: true });
  await until('another one runs', async () => {
    const [now = before] = await scenario.runningIds();
    return now !== before;
  });
  await scenario.answers('shop.example.com', { body: 'v2' });
});

it('fetches the same tag anew for a new version', async () => {
  const digest = await registry.digest('team/shop', 'next');
  await commit('next', { version: '2' });
  await scenario.answers('shop.example.com', { body: 'v3' });
  const status = await scenario.reports(
    'version 2 runs',
    ({ ready, services }) => ready && services[0]?.version === '2',
  );
  expect(status.services[0]?.digest).toBe(digest);
});

it('says that a tag is not there', async () => {
  await commit('none');
  const status = await scenario.reports('it is missed', ({ services }) => services[0]?.problem !== undefined);
  expect(status.services[0]).toMatchObject({
    state: 'degraded',
    problem: { layer: 'image', reason: 'image-not-found' },
  });
  expect((await scenario.get('shop.example.com')).body.trim()).toBe('v3');
});
