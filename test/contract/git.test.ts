import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { read } from '../../script/run.mjs';
import { openRepository, type RepositoryOptions } from '../../src/git/repository.ts';
import {
  makeOrigin,
  makeStack,
  serveHttp,
  serveSsh,
  temporaryFolder,
  type HttpHost,
  type Origin,
} from '../lab/git-hosts.ts';

type Place = Pick<RepositoryOptions, 'url' | 'credentials' | 'allowFile'>;

const stack = makeStack();
let folder: string;
let http: HttpHost;
const places = {} as Record<'file' | 'http' | 'ssh' | 'sha256', { place: Place; origin: Origin }>;
let opened = 0;

function open(place: Place, more: Partial<RepositoryOptions> = {}) {
  const stateDir = join(folder, `state ${++opened}`);
  return openRepository({
    branch: 'main',
    path: '.',
    statusBranch: 'fairlead/demo',
    environment: process.env,
    stateDir,
    ...place,
    ...more,
  });
}

beforeAll(async () => {
  folder = stack.use(await temporaryFolder()).path;
  const origin = await makeOrigin(folder);
  http = stack.use(await serveHttp(folder, 'pass'));
  const ssh = stack.use(await serveSsh(folder, origin.bare));
  const sha256 = await makeOrigin(folder, 'sha256', 'sha256');
  places.file = { place: { url: origin.bare, credentials: {}, allowFile: true }, origin };
  places.http = {
    place: { url: http.url, credentials: { password: () => Promise.resolve('pass') }, allowFile: false },
    origin,
  };
  places.ssh = {
    place: {
      url: ssh.url,
      credentials: { sshKeyFile: ssh.keyFile, knownHostsFile: ssh.knownHostsFile },
      allowFile: false,
    },
    origin,
  };
  places.sha256 = { place: { url: sha256.bare, credentials: {}, allowFile: true }, origin: sha256 };
});

afterAll(() => stack.disposeAsync());

describe.each(['file', 'http', 'ssh', 'sha256'] as const)('a repository over %s', (kind) => {
  test('gives the newest revision and its files, whole', async () => {
    const { place, origin } = places[kind];
    await origin.push({ 'old.yaml': 'old' }, 'Old', ['--force']);
    const id = await origin.push(
      { 'web.yaml': 'name: web\n', 'deep/er/db.yaml': 'name: db\n' },
      'New\n\nBecause.\n\nFairlead-Prune: 7',
    );

    const { revision, directory } = await open(place).pull();

    expect(revision).toEqual({
      id,
      message: 'New\n\nBecause.\n\nFairlead-Prune: 7',
      author: 'Ada',
      at: 1000 * Number(await origin.git('log', '-1', '--format=%ct', 'main')),
    });
    expect((await readdir(directory)).sort()).toEqual(['deep', 'web.yaml']);
    expect(await readFile(join(directory, 'deep/er/db.yaml'), 'utf8')).toBe('name: db\n');
  });

  test('gives the same snapshot until the branch moves, and leaves its folder as it was', async () => {
    const { place, origin } = places[kind];
    await origin.push({ 'web.yaml': 'v1' }, 'One');
    const repository = open(place);
    const first = await repository.pull();
    expect(await repository.pull()).toBe(first);

    const id = await origin.push({ 'web.yaml': 'v2' }, 'Two');
    const second = await repository.pull();

    expect(second.revision.id).toBe(id);
    expect(await readFile(join(second.directory, 'web.yaml'), 'utf8')).toBe('v2');
    expect(await readFile(join(first.directory, 'web.yaml'), 'utf8')).toBe('v1');
  });

  test('takes only the configured folder', async () => {
    const { place, origin } = places[kind];
    await origin.push({ 'deploy/demo/web.yaml': 'web', 'deploy/other.yaml': 'x', 'src/app.js': 'code' }, 'Folders');
    const { directory } = await open(place, { path: './deploy/demo/' }).pull();
    expect(await readdir(directory)).toEqual(['web.yaml']);
  });

  test('follows rewritten history', async () => {
    const { place, origin } = places[kind];
    await origin.push({ 'web.yaml': 'a' }, 'Kept');
    await origin.push({ 'web.yaml': 'b' }, 'Regretted');
    const repository = open(place);
    await repository.pull();
    await origin.checkout('reset', '--quiet', '--hard', 'HEAD~1');
    const id = await origin.push({ 'web.yaml': 'c' }, 'Rewritten', ['--force']);
    const { revision, directory } = await repository.pull();
    expect(revision.id).toBe(id);
    expect(await readFile(join(directory, 'web.yaml'), 'utf8')).toBe('c');
  });

  test('commits the status to a branch of its own, each commit on top of the one before', async () => {
    const { place, origin } = places[kind];
    await origin.push({ 'web.yaml': 'a' }, 'Start');
    const branch = `status/${kind}`;
    const repository = open(place, { statusBranch: branch });
    await repository.pull();
    expect(await repository.readStatusBranch()).toBeUndefined();

    await repository.publish({ 'STATUS.md': '# One\n', 'status.json': '{}', empty: '' }, 'One');
    await repository.publish({ 'STATUS.md': '# Two\n', 'status.json': '{}' }, 'Two\n\nBody');
    await repository.publish({ 'STATUS.md': '# Two\n', 'status.json': '{}' }, 'Nothing new');

    expect(await origin.git('log', '--format=%an <%ae> %s', branch)).toBe(
      'Fairlead <fairlead@localhost> Two\nFairlead <fairlead@localhost> One\n',
    );
    expect(await origin.git('ls-tree', '-r', '--name-only', branch)).toBe('STATUS.md\nstatus.json\n');
    expect(await open(place, { statusBranch: branch }).readStatusBranch()).toEqual({
      'STATUS.md': '# Two\n',
      'status.json': '{}',
    });
  });

  test('says that the branch is missing or that nothing was pushed yet, and keeps what it had', async () => {
    const { place, origin } = places[kind];
    await origin.push({ 'web.yaml': 'a' }, 'Start');
    await expect(open(place, { branch: 'live' }).pull()).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(/has no branch live \(it has .*main.*\); push it/) as string,
    });
    const repository = open(place);
    const { directory } = await repository.pull();
    await origin.git('update-ref', '-d', 'refs/heads/main');
    await expect(repository.pull()).rejects.toMatchObject({ reason: 'unreachable' });
    expect(await readdir(directory)).toEqual(['web.yaml']);
    const id = await origin.push({ 'web.yaml': 'b' }, 'Back');
    expect((await repository.pull()).revision.id).toBe(id);
  });
});

test('a state directory may be named relative to where the process stands', async () => {
  const { place, origin } = places.file;
  const id = await origin.push({ 'web.yaml': 'a' }, 'Start');
  const repository = open(place, { stateDir: relative(process.cwd(), join(folder, 'relative')) });
  const { revision, directory } = await repository.pull();
  expect(revision.id).toBe(id);
  expect(directory.startsWith(join(folder, 'relative'))).toBe(true);
});

describe('the cost of a pull', () => {
  test('is one ls-remote while the branch stays, and one fetch without history when it moves', async () => {
    const { place, origin } = places.http;
    for (let commit = 1; commit <= 5; commit++) await origin.push({ 'web.yaml': `v${commit}` }, `Commit ${commit}`);
    const stateDir = join(folder, 'costs');
    const repository = open(place, { stateDir });
    await repository.pull();

    http.requests.length = 0;
    await repository.pull();
    const unchanged = [...http.requests];
    await origin.push({ 'web.yaml': 'v6' }, 'Commit 6');
    http.requests.length = 0;
    await repository.pull();

    // Without and with the password, then the question itself.
    const ask = [
      'GET /origin.git/info/refs?service=git-upload-pack',
      'GET /origin.git/info/refs?service=git-upload-pack',
      'POST /origin.git/git-upload-pack',
    ];
    expect(unchanged).toEqual(ask);
    expect(http.requests).toEqual([...ask, ...ask, 'POST /origin.git/git-upload-pack']);
    const clone = join(stateDir, 'git/followed.git');
    expect((await readFile(join(clone, 'shallow'), 'utf8')).trim().split('\n')).toContain(
      (await origin.git('rev-parse', 'main')).trim(),
    );
  });

  test('leaves out what is not in the configured folder, where the server can', async () => {
    const { place, origin } = places.http;
    await origin.push({ 'deploy/web.yaml': 'web', 'video.bin': 'a big thing' }, 'Big');
    const stateDir = join(folder, 'partial');
    await open(place, { path: 'deploy', stateDir }).pull();
    const objects = await read('git', ['cat-file', '--batch-check', '--batch-all-objects'], {
      cwd: join(stateDir, 'git/followed.git'),
    });
    expect(objects.match(/ blob /g)).toHaveLength(1);
  });

  test('keeps the folders of the newest revisions alone', async () => {
    const { place, origin } = places.file;
    const stateDir = join(folder, 'old revisions');
    const repository = open(place, { stateDir });
    for (let commit = 1; commit <= 8; commit++) {
      await origin.push({ 'web.yaml': `v${commit}` }, `Commit ${commit}`);
      await repository.pull();
    }
    expect(await readdir(join(stateDir, 'git/revisions'))).toHaveLength(5);
  });
});

describe('the status branch', () => {
  test('is written on top of what others pushed meanwhile', async () => {
    const { place, origin } = places.http;
    await origin.push({ 'web.yaml': 'a' }, 'Start');
    const [one, other] = [open(place, { statusBranch: 'race' }), open(place, { statusBranch: 'race' })];
    await one.publish({ a: '1' }, 'one 1');
    await other.publish({ a: '2' }, 'other 2');
    await one.publish({ a: '3' }, 'one 3');
    await origin.git('update-ref', '-d', 'refs/heads/race');
    await one.publish({ a: '4' }, 'one 4');
    expect(await origin.git('log', '--format=%s', 'race')).toBe('one 4\n');
    await other.publish({ a: '5' }, 'other 5');
    expect(await origin.git('log', '--format=%s', 'race')).toBe('other 5\none 4\n');
  });

  test('takes all of many writers at once, or says push-conflict', async () => {
    const { place, origin } = places.file;
    await origin.push({ 'web.yaml': 'a' }, 'Start');
    const writers = [1, 2, 3].map((number) =>
      open(place, { statusBranch: 'crowd' }).publish({ a: String(number) }, `writer ${number}`),
    );
    const outcomes = await Promise.allSettled(writers);
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(await origin.git('rev-list', '--count', 'crowd')).toBe(`${done}\n`);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ reason: 'push-conflict' });
    }
  });

  test('is refused where the server refuses it, with what to do', async () => {
    const { place, origin } = places.file;
    await origin.push({ 'web.yaml': 'a' }, 'Start');
    const hook = join(origin.bare, 'hooks/pre-receive');
    await writeFile(hook, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    try {
      await expect(open(place, { statusBranch: 'denied' }).publish({ a: '1' }, 'x')).rejects.toMatchObject({
        reason: 'auth-failed',
        message: expect.stringContaining('push to the status branch') as string,
      });
    } finally {
      await rm(hook);
    }
  });

  test('says which branch is in its way', async () => {
    const { place, origin } = places.http;
    await origin.push({ 'web.yaml': 'a' }, 'Start');
    await origin.git('update-ref', 'refs/heads/taken', 'refs/heads/main');
    await expect(open(place, { statusBranch: 'taken/demo' }).publish({ a: '1' }, 'x')).rejects.toMatchObject({
      reason: 'push-conflict',
      message: expect.stringContaining("stands in the status branch's way") as string,
    });
  });

  test('is never the followed branch', () => {
    const { place } = places.file;
    expect(() => open(place, { statusBranch: 'main' })).toThrow('the status needs a branch of its own');
  });
});
