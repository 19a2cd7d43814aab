import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, sleeper, yaml } from '../../support/yaml.ts';

/** A folder is made to run by hand, and by scripts in which nobody can be asked. */

let scenario: Scenario;
beforeAll(async () => void (scenario = await Scenario.create()));
afterAll(() => scenario[Symbol.asyncDispose]());

const apply = (...flags: string[]) => scenario.fairlead('apply', 'manifests', ...flags);

it('shows the plan and changes nothing where nobody can be asked', async () => {
  await scenario.manifests(yaml(app('web', { instances: 2 })));
  const { code, stdout, stderr } = await apply();
  expect(code).toBe(1);
  expect(stdout).toContain('Plan: 1 to create, 0 unchanged.');
  expect(stderr).toBe('Nobody can be asked here whether to go on: add --yes.\n');
  expect(await scenario.containers()).toEqual({});
});

it('tells what it does line by line, and ends when all is steady', async () => {
  const { code, stdout, stderr } = await apply('--yes');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Plan: 1 to create, 0 unchanged\.\nDone: 1 of 1 services steady\.\n$/);
  const lines = stderr
    .replaceAll(/[0-9a-f]{7}/g, 'RELEASE')
    .trim()
    .split('\n');
  const [made, ...pull] = ['cluster: made the networks default', 'web: pulling lab/app:v1', 'web: pulled lab/app:v1'];
  const begun = lines.slice(0, 3);
  // Side by side.
  expect(begun.filter((line) => line !== made)).toEqual(pull);
  expect(begun).toContain(made);
  expect(lines.slice(3, -1)).toEqual(
    expect.arrayContaining(['web: started web@RELEASE, instance 1', 'web: started web@RELEASE, instance 2']),
  );
  expect(lines.at(-1)).toBe('web: web has reached a steady state');
  expect(await scenario.runningIds()).toHaveLength(2);
});

it('has nothing to do the second time, asks for no --yes then, and touches nothing', async () => {
  const before = await scenario.runningIds();
  const { code, stdout } = await apply();
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nothing to do: 1 unchanged.\nDone: 1 of 1 services steady.\n' });
  expect(await scenario.runningIds()).toEqual(before);
});

it('ends where files from the repository were put in place by an earlier one', async () => {
  await using other = await Scenario.create();
  const scaled = (instances: number) =>
    yaml(app('web', { instances, files: [{ target: '/etc/app.conf', content: 'x' }] }));
  for (const instances of [1, 2]) {
    await other.manifests(scaled(instances));
    expect((await other.fairlead('apply', 'manifests', '--yes')).code).toBe(0);
  }
  expect(await other.runningIds()).toHaveLength(2);
});

it('ends with 1 where a release fails, with its last words, and never calls that done or steady', async () => {
  const before = await scenario.runningIds();
  await scenario.manifests(yaml(app('web', { image: 'lab/app:exits', instances: 2 })));
  const { code, stdout, stderr } = await apply('--yes');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^web is rolled-back: web@\w{7} failed: .*exited with code 1\. web@\w{7} serves on\./m);
  expect(stderr).toContain('    fatal: the configuration is missing\n');
  expect(stderr).toMatch(/^web: web@\w{7} failed; web@\w{7} serves on$/m);
  expect(`${stdout}${stderr}`).not.toMatch(/Done|steady state/);
  expect(await scenario.runningIds()).toEqual(before);
});

it('says why a first release does not come up, and brings up the others', async () => {
  const bad = app('bad', { image: 'lab/app:exits', healthCheck: { http: { path: '/health' } } });
  const missing = app('missing', { image: 'localhost:1/no/image:1' });
  await scenario.manifests(yaml(app('web', { instances: 2 }), bad, missing, sleeper('other')));
  const { code, stderr } = await apply('--yes');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^bad is failed: \S+-bad-\w{7}-1: restarted \w+( times)?; /m);
  expect(stderr).toContain('    fatal: the configuration is missing\n');
  expect(stderr).toMatch(/^missing is failed: .*localhost:1\/no\/image:1/m);
  const running = Object.entries(await scenario.containers()).filter(([, state]) => state === 'running');
  expect(running.map(([name]) => name)).toContainEqual(expect.stringContaining('-other-'));
});

it('waits until what has no manifest any more is gone', async () => {
  await scenario.manifests(yaml(app('web', { instances: 2 })));
  const { code, stdout } = await apply('--yes');
  expect(code).toBe(0);
  expect(stdout).toContain('- Service other  remove  other@');
  const names = Object.keys(await scenario.containers());
  expect(names.every((name) => name.includes('-web-'))).toBe(true);
});

it('ends at once when it is interrupted, and what serves goes on', async () => {
  const before = await scenario.runningIds();
  const check = { http: { path: '/health' } };
  await scenario.manifests(yaml(app('web', { image: 'lab/app:unhealthy', instances: 2, healthCheck: check })));
  await using running = new RunningFairlead(['apply', 'manifests', '--yes'], { cwd: scenario.directory });
  await until('the new release has started', () => running.log.includes('started web@'), { seen: () => running.log });
  const since = Date.now();
  expect(await running.stop('SIGINT')).toBe(1);
  expect(Date.now() - since).toBeLessThan(10_000);
  expect(running.log).toMatch(/\nerror: ended by SIGINT\n$/);
  expect(await scenario.runningIds()).toEqual(expect.arrayContaining(before));
});

it('gives up what needs a balancer that cannot be fetched, and says so', async () => {
  await using other = await Scenario.create({ balancerImage: 'localhost:1/haproxy:1' });
  await other.manifests(yaml(app('web'), loadBalancer('web')));
  const { code, stderr } = await other.fairlead('apply', 'manifests', '--yes');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^pull-failed: .*localhost:1\/haproxy:1/m);
});
