import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { read } from '../../script/run.mjs';
import { atRevision, type Past } from '../../src/git/at-revision.ts';
import { makeOrigin, makeStack, temporaryFolder, type Origin } from '../lab/git-hosts.ts';

let stack = makeStack();
let folder: string;
let origin: Origin;

beforeEach(async () => {
  stack = makeStack();
  folder = stack.use(await temporaryFolder()).path;
  origin = await makeOrigin(folder);
});

afterEach(() => stack.disposeAsync());

const signal = new AbortController().signal;

/** The files of a folder as it was, by name. */
function filesOf({ folder: past }: Past): Record<string, string> | undefined {
  if (past === undefined) return undefined;
  const names = readdirSync(past, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(names.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), 'utf8')]));
}

function past(directory: string, ref: string) {
  return atRevision({ directory, ref, environment: process.env, signal }, filesOf);
}

describe('a folder at a revision', () => {
  test('is what it was, however the revision is called', async () => {
    const id = await origin.push({ 'deploy/a.yaml': 'old', 'other.yaml': 'x' }, 'one');
    await origin.checkout('tag', 'v1');
    await origin.checkout('switch', '--quiet', '--create', 'change');
    await origin.push({ 'deploy/a.yaml': 'new', 'deploy/b.yaml': 'b' }, 'two');
    for (const ref of [id, id.slice(0, 8), 'v1', 'main', 'HEAD~1', 'origin/main~1', '@{-1}'])
      expect([ref, await past(join(origin.work, 'deploy'), ref)]).toEqual([ref, { 'a.yaml': 'old' }]);
    expect(await past(join(origin.work, 'deploy'), 'HEAD')).toEqual({ 'a.yaml': 'new', 'b.yaml': 'b' });
  });

  test('is read through a link to it, and in a worktree of its own', async () => {
    await origin.push({ 'deploy/a.yaml': 'old' }, 'one');
    const tree = join(folder, 'tree');
    await origin.checkout('worktree', 'add', '--quiet', tree, 'HEAD');
    await symlink(join(tree, 'deploy'), join(folder, 'link'));
    expect(await past(join(folder, 'link'), 'main')).toEqual({ 'a.yaml': 'old' });
  });

  test('is none where the commit has no such folder', async () => {
    await origin.push({ 'a.yaml': 'a', deploy: 'a file' }, 'one');
    await rm(join(origin.work, 'deploy'));
    await mkdir(join(origin.work, 'deploy'));
    expect(await past(join(origin.work, 'deploy'), 'HEAD')).toBeUndefined();
  });

  test('may have names that git and shells take for something else', async () => {
    const strange = '*.x $(touch y) ünï';
    await origin.push({ [`${strange}/a.yaml`]: 'a', 'b.x/a.yaml': 'b' }, 'one');
    expect(await past(join(origin.work, strange), 'HEAD')).toEqual({ 'a.yaml': 'a' });
  });

  test('is read in a repository with long ids', async () => {
    const long = await makeOrigin(folder, 'long', 'sha256');
    await long.push({ 'a.yaml': 'a' }, 'one');
    expect(await past(long.work, 'HEAD')).toEqual({ 'a.yaml': 'a' });
  });
});

describe('reading a folder at a revision', () => {
  test('leaves index, refs and files of the checkout as they are, and nothing behind', async () => {
    await origin.push({ 'a.yaml': 'old', 'b.yaml': 'b' }, 'one');
    await writeFile(join(origin.work, 'a.yaml'), 'staged');
    await origin.checkout('add', 'a.yaml');
    await writeFile(join(origin.work, 'b.yaml'), 'edited');
    const look = async () => ({
      index: await readFile(join(origin.work, '.git/index')),
      own: (await readdir(join(origin.work, '.git'), { recursive: true })).sort(),
      files: await Promise.all(['a.yaml', 'b.yaml'].map((name) => readFile(join(origin.work, name), 'utf8'))),
    });
    const before = await look();
    let seen = '';
    await atRevision({ directory: origin.work, ref: 'HEAD', environment: process.env, signal }, (each) => {
      seen = each.folder ?? '';
      expect(filesOf(each)).toEqual({ 'a.yaml': 'old', 'b.yaml': 'b' });
    });
    expect(await look()).toEqual(before);
    expect([seen === '', existsSync(join(seen, '..'))]).toEqual([false, false]);
  });

  test("reads a checkout that is another user's, as in a container of a CI", async () => {
    await origin.push({ 'a.yaml': 'a' }, 'one');
    await read('chown', ['-R', '12345:12345', origin.work]);
    expect(await past(origin.work, 'HEAD')).toEqual({ 'a.yaml': 'a' });
  });

  test('starts no program that the repository names, and looks into the repository that the folder is in', async () => {
    const started = join(folder, 'started');
    const program = `touch '${started}'; cat`;
    await origin.push({ '.gitattributes': '*.yaml filter=own', 'a.yaml': 'a' }, 'one');
    await origin.checkout('config', 'filter.own.smudge', program);
    await origin.checkout('config', 'core.fsmonitor', program);
    await writeFile(join(origin.work, '.git/hooks/post-checkout'), `#!/bin/sh\n${program}`, { mode: 0o755 });
    const other = await makeOrigin(folder, 'other');
    const environment = { ...process.env, GIT_DIR: join(other.work, '.git'), GIT_INDEX_FILE: started };
    const found = await atRevision({ directory: origin.work, ref: 'HEAD', environment, signal }, filesOf);
    expect(found).toMatchObject({ 'a.yaml': 'a' });
    expect(existsSync(started)).toBe(false);
  });

  test('refuses what is no revision', async () => {
    await origin.push({ 'a.yaml': 'a' }, 'one');
    for (const ref of ['nope', 'main..HEAD', 'main:a.yaml', ':/one'])
      await expect(past(origin.work, ref)).rejects.toThrow(
        `The repository of ${origin.work} has no revision ${ref}; fetch it first, or name another one.`,
      );
    for (const ref of ['', '-', '--all', `--output=${folder}/x`])
      await expect(past(origin.work, ref)).rejects.toThrow(
        `"${ref}" is no revision: name a branch, a tag or a commit.`,
      );
  });

  test('says that a folder is in no repository, and that there is no git', async () => {
    await expect(past(folder, 'HEAD')).rejects.toThrow(
      `${folder} is in no git repository: there is no revision to compare it with.`,
    );
    const environment = { PATH: join(folder, 'nowhere') };
    await expect(atRevision({ directory: origin.work, ref: 'HEAD', environment, signal }, filesOf)).rejects.toThrow(
      'git is not there, which knows what a revision is; install it, or put it on the PATH.',
    );
  });

  test('says that not all of the commit is there, and asks no remote for it', async () => {
    await origin.push({ 'a.yaml': 'old' }, 'one');
    await origin.push({ 'a.yaml': 'new' }, 'two');
    const partial = join(folder, 'partial');
    await origin.git('clone', '--quiet', '--filter=blob:none', `file://${origin.bare}`, partial);
    await expect(past(partial, 'HEAD~1')).rejects.toThrow(
      `What ${partial} was at HEAD~1 cannot be read; fetch all of HEAD~1 first.`,
    );
  });
});
