import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN, fairlead } from '../../support/fairlead.ts';

/** Somebody checks manifests before anything else, with the mistakes that people make. */

const WEB = `# The shop's front.
kind: Service
name: web
image: lab/app:v1
ports: [8080]
`;
const ROUTE = `---
kind: LoadBalancer
name: web
hostnames: [web.example.com]
service: web
port: 8080
`;

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'fairlead-validate-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Validates these files in a folder of their own. */
async function validate(name: string, files: Readonly<Record<string, string>>, ...flags: string[]) {
  const directory = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return await fairlead(['validate', directory, ...flags], { cwd: folder });
}

it.concurrent('says so where its output cannot be written', async () => {
  await validate('unwritten', { 'web.yaml': WEB });
  const words = [process.execPath, BIN, 'validate', join(folder, 'unwritten')];
  const ended = promisify(execFile)('sh', ['-c', 'exec "$0" "$@" >/dev/full', ...words]);
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: the output cannot be written: ENOSPC\b.*\n$/) as string,
  });
});

it.concurrent('says how many manifests are valid', async () => {
  const files = { 'deep/er/web.yaml': WEB + ROUTE, 'api.json': '{"kind":"Service","name":"api","image":"a:1"}' };
  expect(await validate('valid', files)).toEqual({ code: 0, stdout: '3 manifests valid\n', stderr: '' });
});

it.concurrent.each([
  [
    'a field',
    WEB.replace('ports', 'prots'),
    'web.yaml:5:1: error: `prots` is not a field of a Service. Did you mean `ports`? (schema)',
  ],
  [
    'a type',
    `${WEB}instances: two\n`,
    'web.yaml:6:12: error: `instances` must be a whole number from 0 to 1000; it is "two". (schema)',
  ],
  ['a kind', WEB.replace('Service', 'Servise'), 'web.yaml:2:7: error: '],
  ['a port', WEB + ROUTE.replace('8080', '8081'), 'web.yaml:11:7: error: '],
  ['a service', WEB + ROUTE.replace('service: web', 'service: wbe'), 'web.yaml:10:10: error: '],
  ['a name', WEB + '---\n' + WEB, 'web.yaml:9:7: error: '],
  ['a quote', WEB.replace('lab/app:v1', '"lab/app:v1'), 'web.yaml:6:1: error: The file is not valid YAML'],
])('shows the place of a mistake in %s, and ends with 3', async (what, text, line) => {
  const { code, stdout, stderr } = await validate(what, { 'web.yaml': text });
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(stdout.split('\n')[0]).toContain(line);
  expect(stdout).toMatch(/\n1 error\n$/);
});

it.concurrent('names the place in a JSON file, and the mistakes of all files at once', async () => {
  const files = {
    'web.yaml': WEB.replace('ports', 'prots'),
    'api.json': '{\n  "kind": "Service",\n  "name": "api"\n}',
  };
  const { code, stdout } = await validate('several', files);
  expect(code).toBe(3);
  expect(stdout).toMatch(/^api\.json:1:1: error: `image` is missing/);
  expect(stdout).toMatch(/^web\.yaml:5:1: error: /m);
  expect(stdout).toMatch(/\n2 errors\n$/);
});

it.concurrent('gives programs the same as JSON', async () => {
  const { code, stdout } = await validate('json', { 'web.yaml': WEB.replace('ports', 'prots') }, '--format', 'json');
  const place = { file: 'web.yaml', line: 5, column: 1, path: 'prots', object: 'web' };
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    problems: [{ layer: 'validation', reason: 'schema', ...place }],
    warnings: [],
  });
});

it.concurrent('annotates a pull request on GitHub', async () => {
  const text = `${WEB}privileged: true\n---\n${WEB.replace('web', 'api')}instances: two\n`;
  const { code, stdout } = await validate('git,hub', { 'a,b.yaml': text }, '--format', 'github');
  expect(code).toBe(3);
  expect(stdout.split('\n')).toEqual([
    '::error file=a%2Cb.yaml,line=13,col=12::`instances` must be a whole number from 0 to 1000; it is "two".',
    "::warning file=a%2Cb.yaml,line=6,col=13::The host's policy does not allow `privileged` (`policy.privileged`).",
    '',
  ]);
});

it.concurrent("warns of what an unknown host's policy may refuse, and refuses it where the host is known", async () => {
  const files = { 'web.yaml': `${WEB}privileged: true\n` };
  const finding = "The host's policy does not allow `privileged` (`policy.privileged`). (policy)";
  const unknown = await validate('policy', files);
  expect(unknown).toEqual({ code: 0, stdout: `web.yaml:6:13: warning: ${finding}\n1 manifest valid\n`, stderr: '' });
  await writeFile(join(folder, 'strict.yaml'), 'cluster: demo\n');
  const strict = await validate('policy', files, '--config', 'strict.yaml');
  expect(strict).toEqual({ code: 3, stdout: `web.yaml:6:13: error: ${finding}\n1 error\n`, stderr: '' });
  await writeFile(join(folder, 'lax.yaml'), 'policy: { privileged: true }\n');
  const lax = await validate('policy', files, '--config', 'lax.yaml');
  expect(lax).toEqual({ code: 0, stdout: '1 manifest valid\n', stderr: '' });
});

it.concurrent('tells a mistyped folder from an empty one', async () => {
  await mkdir(join(folder, 'empty'));
  await writeFile(join(folder, 'file.yaml'), WEB);
  const of = (path: string) => fairlead(['validate', path], { cwd: folder });
  expect(await of('empty')).toEqual({ code: 0, stdout: 'There are no manifests here.\n', stderr: '' });
  const sentence = 'name the folder that holds the manifests.\n';
  expect(await of('emtpy')).toEqual({ code: 1, stdout: '', stderr: `error: emtpy is not there; ${sentence}` });
  expect(await of('file.yaml')).toEqual({ code: 1, stdout: '', stderr: `error: file.yaml is a file; ${sentence}` });
});
