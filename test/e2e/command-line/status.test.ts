import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, sleeper, yaml } from '../../support/yaml.ts';

/** Looking at what runs, what fell and why: status, logs, retry, without a reconciler. */

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  await scenario.manifests(
    yaml(app('web', { instances: 2 }), sleeper('idle', { enabled: false }), loadBalancer('web')),
  );
});
afterAll(() => scenario[Symbol.asyncDispose]());

const status = (...args: string[]) => scenario.fairlead('status', ...args);
const logs = (...args: string[]) => scenario.fairlead('logs', ...args);
const apply = () => scenario.fairlead('apply', 'manifests', '--yes');
const report = async (...args: string[]) =>
  JSON.parse((await status(...args, '--format', 'json')).stdout) as StatusReport;

it('says that there is nothing yet, and what is not known', async () => {
  const { code, stdout } = await status();
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `${scenario.cluster}: 0 of 0 services steady\nnothing has been deployed from this state directory\n`,
  });
  const unknown = 'No container belongs to a service web. No service of this cluster has any.\n';
  expect(await logs('web')).toEqual({ code: 1, stdout: '', stderr: unknown });
  expect(await scenario.fairlead('retry', 'web')).toEqual({ code: 1, stdout: '', stderr: unknown });
});

it('shows each service, and one of them with its instances', async () => {
  expect((await apply()).code).toBe(0);
  const { code, stdout } = await status();
  expect(code).toBe(0);
  expect(stdout).toContain(`${scenario.cluster}: 2 of 2 services steady\n`);
  expect(stdout).toMatch(/^steady {7}web {2}2\/2 {2}web@\w{7} {2}lab\/app:v1$/m);
  expect(stdout).toMatch(/^disabled {5}idle {2}0\/0 /m);
  expect(stdout).toContain(`web → web  serving  http://web.example.com:${scenario.httpPort}/\n`);
  const one = (await status('web')).stdout;
  expect(one).not.toContain('idle');
  expect(one).toMatch(/^ {4}web@\w{7}\/1 {2}running {2}ready {2}\d+\.\d+\.\d+\.\d+ .*since \S+Z {2}restarts 0$/m);
  expect(one).toMatch(/^ {4}web@\w{7}\/2 {2}running {2}ready /m);
});

it('gives programs the containers as they are', async () => {
  const { services } = await report('web');
  expect(services.map((each) => each.name)).toEqual(['web']);
  const running = await Promise.all(
    (services[0]?.instances ?? []).map((each) => scenario.docker.getContainer(each.id).inspect()),
  );
  expect(running.map((each) => each.State.Running)).toEqual([true, true]);
  expect((await report()).services.map((each) => [each.name, each.state])).toEqual([
    ['idle', 'disabled'],
    ['web', 'steady'],
  ]);
});

it("does not take one cluster's manifests for another's, where both have the same state directory", async () => {
  const { code, stdout } = await status('--cluster', 'other');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: 'other: 0 of 0 services steady\nnothing has been deployed from this state directory\n',
  });
});

it('calls a service that was never deployed unknown, with an error', async () => {
  expect(await status('wbe')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'wbe: unknown. It has never been deployed here.\n',
  });
});

it('shows what failed with its last words, and the logs of what stopped', async () => {
  await scenario.manifests(yaml(app('web', { instances: 2, image: 'lab/app:exits' }), loadBalancer('web')));
  expect((await apply()).code).toBe(1);
  const { code, stdout } = await status();
  expect(code).toBe(0);
  expect(stdout).toContain(`${scenario.cluster}: 0 of 1 services steady; web rolled-back\n`);
  expect(stdout).toMatch(/^rolled-back {2}web {2}2\/2 {2}web@\w{7} {2}lab\/app:v1$/m);
  expect(stdout).toMatch(
    /^ {4}rolled-back: web@\w{7} failed: .*code 1\. web@\w{7} serves on\..*\n {6}reading the configuration\n {6}fatal: the configuration is missing$/m,
  );
  expect((await logs('web', '--tail', '2')).stdout).toMatch(
    /^\S+Z reading the configuration\n\S+Z fatal: the configuration is missing\n$/,
  );
});

it('prints as many lines of as many instances as asked for, the latest first', async () => {
  const { code, stdout } = await logs('web', '--streams', '3', '--tail', '1');
  expect(code).toBe(0);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(new Set(names).size).toBe(3);
  expect(stdout).toMatch(/-1 \S+Z fatal: the configuration is missing\n(\S+ \S+Z v1 listens on 8080\n){2}$/);
});

it('follows the logs until it is interrupted, or the instance stops', async () => {
  const [name = ''] = Object.entries(await scenario.containers()).find(([, state]) => state === 'running') ?? [];
  const container = scenario.docker.getContainer(name);
  await container.restart();
  const follow = () => new RunningFairlead(['logs', 'web', '--follow', '--tail', '1'], { cwd: scenario.directory });
  await using interrupted = follow();
  await using patient = follow();
  for (const each of [interrupted, patient])
    await until('it has printed what was there', () => each.printed.includes('Z v1 listens on 8080\n'));
  expect(await interrupted.stop('SIGINT')).toBe(0);
  await container.stop();
  await until('it has printed what came and ended', () => patient.child.exitCode !== null);
  expect(patient.printed).toMatch(/Z v1 is stopping\n$/);
  expect(patient.child.exitCode).toBe(0);
  await container.start();
});

it('lets a failed release be tried again, once', async () => {
  const { code, stdout } = await scenario.fairlead('retry', 'web');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^web@\w{7} may be tried again: removed \S+-web-\w{7}-1\.\n$/);
  expect((await scenario.fairlead('retry', 'web')).stdout).toBe('Nothing of web is marked as failed.\n');
  expect((await scenario.fairlead('plan', 'manifests', '--detailed-exitcode')).code).toBe(2);
});
