import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';

/** The whole story, from a pushed manifest to a served request to a committed status, in its shortest version. */

const manifest = (tag: string, extra = '') => `apiVersion: fairlead/v1
kind: Service
name: hello
image: lab/app:${tag}
instances: 2
cpu: 0.1
memory: 128
ports: [8080]
environment: { GREETING: hi }
healthCheck: { http: { path: /health, port: 8080, status: "200-399" }, interval: 2s, timeout: 1s }
update: { strategy: rolling, parallelism: 1, monitor: 500ms, timeout: 20s }
${extra}---
apiVersion: fairlead/v1
kind: LoadBalancer
name: hello
hostnames: [hello.example.com]
service: hello
port: 8080
`;

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

it('runs what is pushed, routes to it, and says so in a commit', async () => {
  const revision = await scenario.repository.push({ 'hello.yaml': manifest('v1') }, 'Say hello');
  await scenario.answers('hello.example.com', { body: 'v1' });
  const status = await scenario.reports('the commit is applied', (each) => each.revision.applied === revision);
  expect(status.ready).toBe(true);
  expect(status.services[0]).toMatchObject({ name: 'hello', state: 'steady', desired: 2, running: 2, pending: 0 });
  expect(status.loadBalancers[0]?.members.map((each) => each.state)).toEqual(['healthy', 'healthy']);
});

it('replaces it by a push', async () => {
  const revision = await scenario.repository.push({ 'hello.yaml': manifest('v2') }, 'Say it again');
  await scenario.answers('hello.example.com', { body: 'v2' });
  await scenario.reports('the commit is applied', (each) => each.revision.applied === revision && each.ready);
});

it('takes no part of a revision that is invalid', async () => {
  const before = await scenario.containers();
  const broken = manifest('v3').replace('instances: 2', 'instnces: 2');
  const tried = await scenario.repository.push({ 'hello.yaml': broken }, 'Break it');
  const status = await scenario.reports('it is refused', (each) => each.revision.tried === tried);
  expect(status.problems[0]).toMatchObject({ reason: 'schema', file: 'hello.yaml', line: 5, column: 1 });
  expect(status.problems[0]?.message).toContain('instances');
  expect(await scenario.containers()).toEqual(before);
});

it('goes back by a revert', async () => {
  const revision = await scenario.repository.revert();
  await scenario.reports('the revert is applied', (each) => each.revision.applied === revision && each.ready);
  expect((await scenario.get('hello.example.com')).body.trim()).toBe('v2');
});

it('rolls back a release that fails, and tells why', async () => {
  await scenario.repository.push({ 'hello.yaml': manifest('exits') }, 'Push what exits');
  const status = await scenario.reports('it is rolled back', (each) => each.services[0]?.state === 'rolled-back');
  expect(status.services[0]?.problem).toMatchObject({ layer: 'update', reason: 'rolled-back' });
  expect(status.services[0]?.problem?.logTail).toContain('fatal: the configuration is missing');
  expect(status.ready).toBe(false);
  expect((await scenario.get('hello.example.com')).body.trim()).toBe('v2');
});

it('heals what is stopped behind its back', async () => {
  const names = Object.entries(await scenario.containers()).filter(([, state]) => state === 'running');
  await scenario.docker.getContainer(names[0]?.[0] ?? '').stop();
  await scenario.answers('hello.example.com', { body: 'v2' });
  await scenario.reports('both run again', (each) => each.services[0]?.running === 2);
});
