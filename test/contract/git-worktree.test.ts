import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openWorkingTree, type WorkingTree } from '../../src/git/worktree.ts';
import { makeOrigin, makeStack, temporaryFolder } from '../lab/git-hosts.ts';

let stack = makeStack();
let folder: string;
let stateDir: string;

beforeEach(async () => {
  stack = makeStack();
  folder = stack.use(await temporaryFolder()).path;
  stateDir = join(folder, 'state');
});

afterEach(() => stack.disposeAsync());

function open(directory: string): WorkingTree {
  return openWorkingTree({ directory, stateDir, environment: process.env });
}

describe('the revision of a local folder', () => {
  test('is the commit where nothing was changed since', async () => {
    const origin = await makeOrigin(folder);
    const id = await origin.push({ 'deploy/web.yaml': 'web', 'README.md': 'x' }, 'Start\n\nFairlead-Prune: 7');
    await writeFile(join(origin.work, 'README.md'), 'changed outside of the folder');

    const { revision, directory } = await open(join(origin.work, 'deploy')).pull();

    expect(directory).toBe(join(origin.work, 'deploy'));
    expect(revision).toMatchObject({ id, message: 'Start\n\nFairlead-Prune: 7', author: 'Ada' });
  });

  test.each([
    ['an edit', (work: string) => writeFile(join(work, 'web.yaml'), 'edited')],
    ['a new file', (work: string) => writeFile(join(work, 'new.yaml'), 'new')],
    ['a removed file', (work: string) => rm(join(work, 'web.yaml'))],
  ])('is dirty after %s, without the trailers of the commit', async (_, change) => {
    const origin = await makeOrigin(folder);
    const id = await origin.push({ 'web.yaml': 'web', 'db.yaml': 'db' }, 'Start\n\nFairlead-Prune: 7');
    await change(origin.work);
    const { revision } = await open(origin.work).pull();
    expect(revision).toMatchObject({ id: `${id}-dirty`, message: `Uncommitted changes on top of ${id.slice(0, 7)}` });
  });

  test('is worktree outside of git, and before the first commit', async () => {
    const plain = join(folder, 'plain');
    await mkdir(plain);
    expect((await open(plain).pull()).revision.id).toBe('worktree');
    const { work } = await makeOrigin(folder);
    expect((await open(work).pull()).revision.id).toBe('worktree');
  });
});

describe('a snapshot of a local folder', () => {
  const changes: Readonly<Record<string, (tree: string) => Promise<unknown>>> = {
    'a file is edited': (tree) => writeFile(join(tree, 'web.yaml'), 'v2'),
    'a file of the same size is edited': (tree) => writeFile(join(tree, 'web.yaml'), 'v0'),
    'a file is added deep below': (tree) =>
      mkdir(join(tree, 'a/b'), { recursive: true }).then(() => writeFile(join(tree, 'a/b/c.yaml'), '')),
    'a file is added to a dot-folder': (tree) =>
      mkdir(join(tree, '.well-known')).then(() => writeFile(join(tree, '.well-known/a'), '')),
    'a file is renamed': (tree) => rename(join(tree, 'web.yaml'), join(tree, 'api.yaml')),
    'a file is removed': (tree) => rm(join(tree, 'web.yaml')),
    'a file becomes a link': async (tree) => {
      await rm(join(tree, 'web.yaml'));
      await symlink('/nowhere', join(tree, 'web.yaml'));
    },
  };

  test.each(Object.entries(changes))('is a new one when %s, and stays the same until then', async (_, change) => {
    const tree = join(folder, 'tree');
    await mkdir(tree);
    await writeFile(join(tree, 'web.yaml'), 'v1');
    const repository = open(tree);
    const first = await repository.pull();
    expect(await repository.pull()).toBe(first);
    await change(tree);
    expect(await repository.pull()).not.toBe(first);
  });

  test('is a new one after a commit', async () => {
    const origin = await makeOrigin(folder);
    await origin.push({ 'web.yaml': 'v1' }, 'One');
    const repository = open(origin.work);
    const first = await repository.pull();
    const id = await origin.push({ 'web.yaml': 'v1' }, 'Two');
    const second = await repository.pull();
    expect(second).not.toBe(first);
    expect(second.revision.id).toBe(id);
  });

  test('is refused while the folder is not there', async () => {
    const repository = open(join(folder, 'gone'));
    await expect(repository.pull()).rejects.toMatchObject({ reason: 'unreachable' });
    await mkdir(join(folder, 'gone'));
    expect((await repository.pull()).revision.id).toBe('worktree');
  });
});

test('what is published goes to the state directory only', async () => {
  const origin = await makeOrigin(folder);
  const id = await origin.push({ 'web.yaml': 'v1' }, 'One');
  const repository = open(origin.work);
  await repository.publish({ 'STATUS.md': '# One', 'status.json': '{}' }, 'Status');
  await repository.publish({ 'STATUS.md': '# Two', 'status.json': '{}' }, 'Status');
  expect((await readdir(join(stateDir, 'status'))).sort()).toEqual(['STATUS.md', 'status.json']);
  expect(await readFile(join(stateDir, 'status/STATUS.md'), 'utf8')).toBe('# Two');
  expect((await repository.pull()).revision.id).toBe(id);
});

test('what is published below the folder itself is no change', async () => {
  stateDir = join(folder, '.fairlead');
  const repository = open(folder);
  const first = await repository.pull();
  await repository.publish({ 'status.json': '{}' }, 'Status');
  expect(await repository.pull()).toBe(first);
});

test('no program that the configuration of the checkout names is run', async () => {
  const origin = await makeOrigin(folder);
  await origin.push({ 'web.yaml': 'v1' }, 'One');
  const proof = join(folder, 'proof');
  const trap = join(folder, 'trap');
  await writeFile(trap, `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 });
  await origin.checkout('config', 'core.fsmonitor', trap);
  await origin.checkout('config', 'core.hooksPath', folder);
  await open(origin.work).pull();
  expect(await readdir(folder)).not.toContain('proof');
});

describe('watching', () => {
  test("calls back once for changes that come together, in dot-folders too, and not for git's own", async () => {
    const tree = join(folder, 'tree');
    await mkdir(join(tree, '.git'), { recursive: true });
    await mkdir(join(tree, 'deep'));
    await mkdir(join(tree, '.well-known'));
    const calls = vi.fn();
    const controller = new AbortController();
    await open(tree).watch(calls, controller.signal);

    await writeFile(join(tree, '.git/index'), 'x');
    await Promise.all(['a', 'b', 'c'].map((name) => writeFile(join(tree, 'deep', `${name}.yaml`), name)));
    await vi.waitFor(() => expect(calls).toHaveBeenCalledTimes(1), { timeout: 5000, interval: 20 });

    await writeFile(join(tree, 'deep/a.yaml'), 'again');
    await vi.waitFor(() => expect(calls).toHaveBeenCalledTimes(2), { timeout: 5000, interval: 20 });

    await writeFile(join(tree, '.well-known/security.txt'), 'again');
    await vi.waitFor(() => expect(calls).toHaveBeenCalledTimes(3), { timeout: 5000, interval: 20 });
    controller.abort();
  });

  test('ends when it is aborted', async () => {
    const tree = join(folder, 'tree');
    await mkdir(tree);
    const [ended, going] = [vi.fn(), vi.fn()];
    const [controller, other] = [new AbortController(), new AbortController()];
    const repository = open(tree);
    await repository.watch(ended, controller.signal);
    await repository.watch(going, other.signal);
    controller.abort();
    await writeFile(join(tree, 'a.yaml'), 'a');
    await vi.waitFor(() => expect(going).toHaveBeenCalled(), { timeout: 5000, interval: 20 });
    expect(ended).not.toHaveBeenCalled();
    other.abort();
  });
});
