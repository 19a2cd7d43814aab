import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StatusReport } from '../../../src/core/status/status.ts';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** `fairlead run DIR` follows a folder that somebody edits. */

let scenario: Scenario;
let running: RunningFairlead;
beforeAll(async () => {
  scenario = await Scenario.create();
  await scenario.manifests(yaml(app('web'), loadBalancer('web')));
  running = scenario.run('manifests');
});
afterAll(() => scenario[Symbol.asyncDispose]());

const saved = (image: string) => scenario.manifests(yaml(app('web', { image }), loadBalancer('web')));

it('answers with what is saved', async () => {
  await scenario.answers('web.example.com', { body: 'v1' });
  await saved('lab/app:v2');
  await scenario.answers('web.example.com', { body: 'v2' });
});

it('goes on with the last good state while a file is broken, or the folder is gone', async () => {
  const file = join(scenario.directory, 'manifests', 'app.yaml');
  await writeFile(file, 'kind: Service\nname: [web\n');
  await until('it is refused', () => /refused .*app\.yaml:3:1/.test(running.log), { seen: () => running.log });
  await rm(join(scenario.directory, 'manifests'), { recursive: true });
  await until('it is missed', () => running.log.includes('does not exist'), { seen: () => running.log });
  expect((await scenario.get('web.example.com')).body.trim()).toBe('v2');
  await saved('lab/app:v1');
  await scenario.answers('web.example.com', { body: 'v1' });
});

it('writes its status to the state directory alone, and ends cleanly', async () => {
  const kept = (name: string) => readFile(join(scenario.directory, 'state', name), 'utf8');
  const isTold = async () => {
    const status = JSON.parse(await kept('status.json')) as StatusReport;
    return status.ready && status.services[0]?.image === 'lab/app:v1';
  };
  await until('the status is written', isTold);
  // Written after the other one.
  const page = 'status/STATUS.md';
  await until('people can read it', async () => (await kept(page)).includes('1 of 1 services steady'));
  expect(await running.stop()).toBe(0);
  expect(await scenario.repository.origin.git('for-each-ref')).toBe('');
  expect((await scenario.get('web.example.com')).body.trim()).toBe('v1');
});
