import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fairlead, RunningFairlead } from '../../support/fairlead.ts';
import { TestRepository } from '../../support/repository.ts';
import { until } from '../../support/until.ts';

/** Somebody reviews a change before it is pushed, on a machine where nothing runs. */

const WEB = `kind: Service
name: web
image: lab/app:\${TAG}
instances: \${INSTANCES:-1}
ports: [8080]
files: [{ source: motd, target: /etc/motd }]
`;
const FILES = {
  'shop/variables.yaml': 'TAG: v1\n',
  'shop/web.yaml': WEB,
  'shop/motd': 'welcome\n',
  'shop/clusters/production/variables.yaml': 'INSTANCES: 3\n',
  'shop/clusters/staging/variables.yaml': 'STAGE: test\n',
};

let folder: string;
let work: string;
let repository: TestRepository;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-against-e2e-'));
  repository = await TestRepository.create(folder);
  work = repository.origin.work;
  await repository.push(FILES, 'start');
});
afterEach(() => rm(folder, { recursive: true }));

/** No engine could be found. */
const env = { DOCKER_HOST: 'unix:///nowhere.sock' };
const against = (ref: string, ...flags: string[]) =>
  fairlead(['plan', 'shop', '--against', ref, ...flags], { cwd: work, env });

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), text);
  }
}

/** The plan without what is below the head of each change. */
const heads = (text: string) => text.split('\n').filter((line) => /^\S/.test(line));

describe('plan --against', () => {
  it('tells which clusters a change touches, and how', async () => {
    await write({ 'shop/clusters/production/variables.yaml': 'INSTANCES: 3\nTAG: v2\n' });
    const { code, stdout, stderr } = await against('main', '--detailed-exitcode');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(stdout.replaceAll(/@[0-9a-f]{7}/g, '@…')).toBe(`Cluster production

± Service web  replace (rolling)  web@… → web@…
    because image lab/app:v1 → lab/app:v2
      image: lab/app:v1 → lab/app:v2  forces a new release
    1. pull lab/app:v2
    2. 1 at a time: ensure web@…, await ready, monitor 5 s, drain and stop web@…
    3. remove web@…

Plan: 1 to replace, 0 unchanged.

Cluster staging

Nothing to do: 1 unchanged.

Touches production; staging is as before.
`);
    expect((await against('main')).code).toBe(0);
  });

  it('shows the lines of files that differ, in every cluster that has them', async () => {
    await write({ 'shop/motd': 'hello\n' });
    const { stdout } = await against('HEAD');
    expect(stdout.match(/^ {8}-welcome\n {8}\+hello\n/gm)).toHaveLength(2);
    expect(stdout).toMatch(/\nTouches production and staging\.\n$/);
  });

  it('ends with 0 where nothing differs but the spelling', async () => {
    await write({ 'shop/web.yaml': WEB.replace('[8080]', '[{ port: 8080, protocol: tcp }]') });
    const { code, stdout } = await against('HEAD', '--detailed-exitcode');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nTouches no cluster: production and staging are as before\.\n$/);
  });

  it('takes a cluster whose folder is on one side only for new, or for gone', async () => {
    await repository.origin.checkout('mv', 'shop/clusters/staging', 'shop/clusters/eu');
    const { code, stdout } = await against('HEAD', '--detailed-exitcode');
    expect(code).toBe(2);
    expect(heads(stdout.replaceAll(/@[0-9a-f]{7}/g, ''))).toEqual([
      'Cluster eu',
      '+ Service web  create (rolling)  web',
      'Plan: 1 to create, 0 unchanged.',
      'Cluster production',
      'Nothing to do: 1 unchanged.',
      'Cluster staging',
      '- Service web  remove  web',
      'Plan: 1 to remove, 0 unchanged.',
      'Touches eu and staging; production is as before.',
    ]);
  });

  it.each([
    ['a flag', ['--cluster', 'staging'], {}],
    ['a variable', [], { FAIRLEAD_CLUSTER: 'staging' }],
    ['the configuration', ['--config', 'host.yaml'], {}],
  ])('is of one cluster where %s names it', async (_, flags, variables) => {
    await write({ 'shop/clusters/production/variables.yaml': 'INSTANCES: 5\n', 'host.yaml': 'cluster: staging\n' });
    const args = ['plan', 'shop', '--against', 'HEAD', ...flags];
    const { stdout, stderr } = await fairlead(args, { cwd: work, env: { ...env, ...variables } });
    expect({ stdout, stderr }).toEqual({ stdout: 'Nothing to do: 1 unchanged.\n', stderr: '' });
  });

  it('takes all of a folder for new that was not there then, and of a repository without clusters makes one plan', async () => {
    await write({ 'new/web.yaml': 'kind: Service\nname: web\nimage: lab/app:v1\n' });
    const { stdout } = await fairlead(['plan', 'new', '--against', 'HEAD'], { cwd: work, env });
    expect(heads(stdout.replaceAll(/@[0-9a-f]{7}/g, ''))).toEqual([
      '+ Service web  create (rolling)  web',
      'Plan: 1 to create, 0 unchanged.',
    ]);
  });

  it('as JSON agrees with its schema', async () => {
    await write({ 'shop/clusters/production/variables.yaml': 'INSTANCES: 4\n' });
    const ajv = new Ajv2020({ strict: false });
    for (const name of ['common', 'reports', 'plan', 'comparison']) {
      const text = await readFile(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
      ajv.addSchema(JSON.parse(text) as object, `${name}.schema.json`);
    }
    const { stdout } = await against('origin/main', '--format', 'json');
    const document = JSON.parse(stdout) as object;
    expect(ajv.validate('comparison.schema.json', document), ajv.errorsText()).toBe(true);
    const id = (await repository.origin.checkout('rev-parse', 'HEAD')).trim();
    const summary = (scale: number) => ({ create: 0, replace: 0, scale, remove: 0, unchanged: 1 - scale });
    expect(document).toMatchObject({
      base: 'origin/main',
      baseRevision: id,
      revision: `${id}-dirty`,
      touched: ['production'],
      clusters: [
        { cluster: 'production', base: 'origin/main', summary: summary(1) },
        { cluster: 'staging', summary: summary(0) },
      ],
    });
  });

  it('says what the host would refuse to remove', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const service = (name: string) => `---\nkind: Service\nname: ${name}\nimage: lab/app:v1\n`;
    await repository.push({ 'shop/all.yaml': names.map(service).join('') }, 'many');
    await write({ 'shop/all.yaml': service('a') });
    const { code, stdout } = await against('HEAD', '--detailed-exitcode');
    expect(code).toBe(1);
    expect(stdout).toContain('error: 4 services would be removed (b, c, d, e): more than 3 at once.');
    expect((await against('HEAD', '--prune-max-count', '4', '--detailed-exitcode')).code).toBe(2);
  });
});

describe('plan --against refuses', () => {
  it('manifests on disk that are invalid, once, with their place and the clusters that have them', async () => {
    await write({
      'shop/api.yaml': 'kind: Service\nname: api\nimage: lab/app:v1\nprots: []\n',
      'shop/web.yaml': `${WEB}stopSignal: \${SIGNAL}\n`,
      'shop/clusters/staging/variables.yaml': 'SIGNAL: TERM\n',
    });
    const { code, stdout, stderr } = await against('HEAD', '--detailed-exitcode');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    const [first, second, ...rest] = stdout.split('\n');
    expect(first).toMatch(/^api\.yaml:4:1: error: `prots` is not a field of a Service\./);
    expect(second).toMatch(/^web\.yaml:7:13: error: In production: The variable `SIGNAL` is not defined\./);
    expect(rest).toEqual(['2 errors', '']);
  });

  it('a revision whose manifests are invalid', async () => {
    await repository.push({ ...FILES, 'shop/web.yaml': `${WEB}prots: []\n` }, 'wrong');
    await write({ 'shop/web.yaml': WEB });
    const { code, stdout, stderr } = await against('HEAD');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: What HEAD says of the cluster production is not valid and cannot be compared with: web\.yaml:7:1: `prots` /,
    );
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it.each([
    [['--against', 'nope'], 'has no revision nope; fetch it first, or name another one.'],
    [['--against', '--all'], '"--all" is no revision: name a branch, a tag or a commit.'],
    [['--against=-x'], '"-x" is no revision: name a branch, a tag or a commit.'],
    [['--against', ''], '"" is no revision: name a branch, a tag or a commit.'],
    [
      ['--against', 'HEAD', '--docker-host', 'tcp://a:1'],
      '--docker-host says nothing to `plan --against`, which compares files and asks no engine; leave it out.',
    ],
  ])('%j in one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await fairlead(['plan', 'shop', ...args], { cwd: work, env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')).toEqual([expect.stringMatching(/^error: /), '']);
    expect(stderr).toContain(sentence);
  });
});

it('takes away what it has read when it is interrupted', async () => {
  const [bin, temporary, begun] = ['bin', 'tmp', 'begun'].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [bin, temporary]) await mkdir(each);
  const PATH = process.env['PATH'] ?? '';
  const slow = `#!/bin/sh\ncase "$*" in *read-tree*) touch '${begun}'; sleep 600;; esac\nPATH='${PATH}' exec git "$@"\n`;
  await writeFile(join(bin, 'git'), slow);
  await chmod(join(bin, 'git'), 0o755);
  const place = { cwd: work, env: { ...env, PATH: `${bin}${delimiter}${PATH}`, TMPDIR: temporary } };
  await using running = new RunningFairlead(['plan', 'shop', '--against', 'HEAD'], place);
  await until('it reads', () => Promise.resolve(existsSync(begun)));
  expect(await readdir(temporary)).toHaveLength(1);
  expect(await running.stop('SIGINT')).toBe(1);
  expect(running.log).toBe('error: ended by SIGINT\n');
  expect(await readdir(temporary)).toEqual([]);
});
