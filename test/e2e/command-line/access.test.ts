import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Event } from '../../../src/app/journal.ts';
import { BIN } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** Somebody wants to know who asked for what, and who answered. */

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  const folder = await scenario.manifests(yaml(app('web'), loadBalancer('web'), app('api'), loadBalancer('api')));
  expect((await scenario.fairlead('apply', folder, '--yes')).code).toBe(0);
  await scenario.get('web.example.com', '/env?token=secret');
  await scenario.get('api.example.com', '/nowhere');
  await scenario.get('nobody.example.com', '/');
});
afterAll(() => scenario[Symbol.asyncDispose]());

async function access(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await scenario.fairlead('logs', '--access', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

it('prints each request as a line, all of them or those of one name', async () => {
  await until('three requests are told', async () => (await access()).split('\n').length === 4);
  const lines = (await access()).trim().split('\n');
  // HAProxy's threads need not log in the order of the requests.
  const [first, second, third] = ['web.example', 'api.example', 'nobody.example'].map((host) =>
    lines.find((line) => line.includes(host)),
  );
  const start = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1 GET /;
  for (const line of lines) expect(line).toMatch(start);
  expect(first).toMatch(
    / web\.example\.com:?\d*\/env 200 \d+ B \d+ ms \(first byte \d+ ms\) web → web@[0-9a-f]{7}\/1$/,
  );
  expect(second).toMatch(/ api\.example\.com:?\d*\/nowhere 404 .* api → api@[0-9a-f]{7}\/1$/);
  expect(third).toMatch(/ nobody\.example\.com:?\d*\/ 404 .* - ended \S+$/);
  expect(await access('web')).toBe(`${first ?? ''}\n`);
  expect(await access('--tail', '1')).toBe(`${lines[2] ?? ''}\n`);
});

it('prints JSON for programs', async () => {
  const line = JSON.parse(await access('api', '--format', 'json')) as unknown;
  expect(line).toMatchObject({
    path: '/nowhere',
    status: 404,
    loadBalancer: 'api',
    member: { service: 'api', slot: 1 },
  });
});

it('says what there is where nothing has the name', async () => {
  const { code, stderr } = await scenario.fairlead('logs', '--access', 'wbe');
  expect(code).toBe(1);
  expect(stderr).toBe(
    'No load balancer is called wbe, and none leads to a service wbe. Those that there are: api, web.\n',
  );
});

it('keeps who has read what, as of all that is done by hand', async () => {
  const asked = await readFile(join(scenario.directory, 'state', 'asked.jsonl'), 'utf8');
  const events = asked
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  const told = events.map(({ type, object, message }) => `${type} ${object} ${message}`);
  const name = userInfo().username;
  expect(new Set(told)).toEqual(
    new Set([
      `by-hand cluster ${name} read the log of requests`,
      `by-hand web ${name} read the log of requests to web`,
      `by-hand api ${name} read the log of requests to api`,
    ]),
  );
});

it('ends without a word when whoever reads has read enough', async () => {
  const command = `{ ${process.execPath} ${BIN} logs --access --follow; echo "code $?" >&2; } | head -n 1`;
  const shell = spawn('sh', ['-c', command], { cwd: scenario.directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err, isOver] = ['', '', false];
  shell.stdout.on('data', (text: Buffer) => (out += text.toString()));
  shell.stderr.on('data', (text: Buffer) => (err += text.toString()));
  shell.on('close', () => (isOver = true));
  await until('it meets a closed pipe', async () => {
    await scenario.get('web.example.com', '/env');
    return isOver;
  });
  expect(out.split('\n')).toHaveLength(2);
  expect(err).toBe('code 0\n');
});
