import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** What would happen, then what did: plan, apply, plan. */

let scenario: Scenario;
beforeAll(async () => void (scenario = await Scenario.create()));
afterAll(() => scenario[Symbol.asyncDispose]());

const plan = (...flags: string[]) => scenario.fairlead('plan', 'manifests', ...flags);

async function planDocument() {
  const { code, stdout } = await plan('--format', 'json');
  expect(code).toBe(0);
  return JSON.parse(stdout) as { hash: string; summary: object; changes: { name: string }[]; problems: object[] };
}

it('shows what is new, with its steps, and makes nothing', async () => {
  await scenario.manifests(yaml(app('web', { instances: 2 }), loadBalancer('web')));
  const { code, stdout } = await plan('--detailed-exitcode');
  expect(code).toBe(2);
  expect(stdout).toMatch(/^\+ Service web {2}create \(rolling\) {2}web@[0-9a-f]{7}\n {4}because web is new\n/);
  expect(stdout).toMatch(/ {4}1\. pull lab\/app:v1\n {4}2\. ensure web@[0-9a-f]{7} ×2\n {4}3\. await ready\n/);
  expect(stdout).toMatch(/\+ LoadBalancer web {2}create.*\n.*\n {4}1\. route web\.example\.com\/ to web\n/);
  expect(stdout).toMatch(/\nPlan: 2 to create, 0 unchanged\.\n$/);
  expect((await plan()).code).toBe(0);
  expect(await scenario.containers()).toEqual({});
});

it('as JSON agrees with its schema, and has the same hash for the same changes', async () => {
  const ajv = new Ajv2020({ strict: false });
  for (const name of ['common', 'reports', 'plan']) {
    const text = await readFile(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
    ajv.addSchema(JSON.parse(text) as object, `${name}.schema.json`);
  }
  const first = await planDocument();
  expect(ajv.validate('plan.schema.json', first), ajv.errorsText()).toBe(true);
  expect(first.summary).toMatchObject({ create: 2, unchanged: 0 });
  expect((await planDocument()).hash).toBe(first.hash);
});

it('is empty after it was applied', async () => {
  const { code, stdout } = await scenario.fairlead('apply', 'manifests', '--yes');
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nDone: 1 of 1 services steady\.\n$/);
  expect((await scenario.get('web.example.com')).body.trim()).toBe('v1');
  expect(await plan('--detailed-exitcode')).toEqual({ code: 0, stdout: 'Nothing to do: 2 unchanged.\n', stderr: '' });
});

it('tells what a change is, and which field forces a new release', async () => {
  const changed = app('web', { image: 'lab/app:v2', instances: 2, environment: { GREETING: 'hello' } });
  await scenario.manifests(yaml(changed, loadBalancer('web', { hostnames: ['shop.example.com'] })));
  const { stdout } = await plan();
  expect(stdout).toMatch(/^± Service web {2}replace \(rolling\) {2}web@[0-9a-f]{7} → web@[0-9a-f]{7}$/m);
  expect(stdout).toContain('      image: lab/app:v1 → lab/app:v2  forces a new release\n');
  expect(stdout).toContain('      environment.GREETING: (none) → hello  forces a new release\n');
  expect(stdout).toMatch(/^~ LoadBalancer web {2}route$/m);
  expect(stdout).toMatch(/\nPlan: 1 to replace, 1 to route, 0 unchanged\.\n$/);
});

it('names what changed by itself', async () => {
  await scenario.manifests(yaml(app('web', { instances: 2 }), loadBalancer('web')));
  const [name = ''] = Object.keys(await scenario.containers());
  await scenario.docker.getContainer(name).stop();
  const { code, stdout } = await plan('--detailed-exitcode');
  expect(code).toBe(2);
  expect(stdout).toContain(`because it drifted: ${name} exited with code 0`);
  await scenario.docker.getContainer(name).start();
});

it('does not plan what has failed here before, and says how to try it again', async () => {
  await scenario.manifests(yaml(app('web', { image: 'lab/app:exits', instances: 2 }), loadBalancer('web')));
  expect((await scenario.fairlead('apply', 'manifests', '--yes')).code).toBe(1);
  const { code, stdout } = await plan('--detailed-exitcode');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^error: web@[0-9a-f]{7} has failed here, and web@[0-9a-f]{7} serves on\..*fairlead retry web/,
  );
  expect((await planDocument()).problems).toMatchObject([{ layer: 'update', reason: 'rolled-back', object: 'web' }]);
});

it('ends with 3 where the manifests are invalid, and prints what validate prints', async () => {
  await scenario.manifests(yaml(app('web', { instances: 'two' })));
  const { code, stdout } = await plan('--detailed-exitcode');
  const validated = await scenario.fairlead('validate', 'manifests');
  expect({ code, stdout }).toEqual({ code: 3, stdout: validated.stdout });
});
