import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fairlead, type Ended } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { app, yaml } from '../../support/yaml.ts';

/** fairlead.yaml, variables and flags, with the mistakes that people make in them. */

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  await scenario.manifests(yaml(app('web')));
});
afterAll(() => scenario[Symbol.asyncDispose]());

const withEnvironment = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> =>
  fairlead(args, { cwd: scenario.directory, env });

/** The cluster that a plan is for, by what it says as JSON. */
async function plannedCluster(ended: Promise<Ended>): Promise<string> {
  return (JSON.parse((await ended).stdout) as { cluster: string }).cluster;
}

it('takes flags before variables, and variables before the file', async () => {
  const plan = ['plan', 'manifests', '--format', 'json'];
  const [file, variable, flag] = await Promise.all([
    plannedCluster(scenario.fairlead(...plan)),
    plannedCluster(withEnvironment({ FAIRLEAD_CLUSTER: 'second' }, ...plan)),
    plannedCluster(withEnvironment({ FAIRLEAD_CLUSTER: 'second' }, ...plan, '--cluster', 'third')),
  ]);
  expect([file, variable, flag]).toEqual([scenario.cluster, 'second', 'third']);
});

describe('a mistake in the configuration is named with its place, for each command', () => {
  it.concurrent.each([
    [
      'a file that is not there',
      'validate',
      undefined,
      'wrong.yaml:1:1: error: The configuration wrong.yaml is not there.',
    ],
    [
      'a key',
      'plan',
      'balancr: {}\n',
      'error: `balancr` is not a field of the configuration. Did you mean `balancer`?',
    ],
    [
      'a nested key',
      'apply',
      'prune: { maxCont: 3 }\n',
      'wrong.yaml:1:10: error: `maxCont` is not a field of `prune`. Did you mean `maxCount`?',
    ],
    [
      'a value',
      'status',
      'cluster: Demo\n',
      'wrong.yaml:1:10: error: `cluster` must be 1 to 16 characters of a-z and 0-9; it is "Demo".',
    ],
    ['YAML', 'logs', 'cluster: "demo\n', 'error: The file is not valid YAML'],
    ['the kind of document', 'retry', '- cluster: demo\n', 'must hold one map of fields'],
  ])('%s', async (what, command, text, message) => {
    const folder = join(scenario.directory, what);
    await mkdir(folder);
    if (text !== undefined) await writeFile(join(folder, 'wrong.yaml'), text);
    const name = command === 'logs' || command === 'retry' ? ['web'] : [];
    const { code, stdout, stderr } = await fairlead([command, ...name, '--config', 'wrong.yaml'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.concurrent('a variable', async () => {
    const { code, stderr } = await withEnvironment({ FAIRLEAD_CLUSTR: 'demo' }, 'status');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'The environment variable FAIRLEAD_CLUSTR is not a setting. Did you mean FAIRLEAD_CLUSTER?',
    );
  });

  it.concurrent('the value of a flag', async () => {
    const { code, stderr } = await scenario.fairlead('plan', 'manifests', '--balancer-http', 'http');
    expect(code).toBe(1);
    expect(stderr).toContain('`balancer.http` must be a port from 1 to 65535, or 0 for none; it is "http".');
  });

  it.concurrent('nothing to follow', async () => {
    await writeFile(
      join(scenario.directory, 'bare.yaml'),
      `cluster: ${scenario.cluster}\nstateDir: ${scenario.directory}/s\n`,
    );
    const { code, stderr } = await scenario.fairlead('run', '--config', 'bare.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('set repository.url in fairlead.yaml, or name a folder: fairlead run DIR');
  });
});

describe('without an engine each command says so at once', () => {
  it.concurrent.each([
    ['plan', 'manifests'],
    ['apply', 'manifests', '--yes'],
    ['status'],
    ['logs', 'web', '--follow'],
    ['retry', 'web'],
  ])('%s', async (...args) => {
    const since = Date.now();
    const { code, stdout, stderr } = await scenario.fairlead(
      ...args,
      '--docker-host',
      'unix:///nonexistent/docker.sock',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: .*the Docker engine does not answer .*\/nonexistent\/docker\.sock/);
    expect(Date.now() - since).toBeLessThan(15_000);
  });

  it.concurrent('validate does without', async () => {
    const { code } = await scenario.fairlead(
      'validate',
      'manifests',
      '--docker-host',
      'unix:///nonexistent/docker.sock',
    );
    expect(code).toBe(0);
  });
});
