import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract, type Header } from 'tar-stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { foldersThere, packed } from '../../../src/archive/pack.ts';
import { temporaryFolder } from '../../support/folder.ts';

/** What is packed on this machine, for a container in which it belongs to root. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let source: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  source = folder.path;
});
afterEach(() => folder[Symbol.asyncDispose]());

async function membersOf(path: string): Promise<Header[]> {
  const members: Header[] = [];
  const archive = packed(path, 'x').pipe(extract());
  for await (const member of archive) {
    members.push(member.header);
    member.resume();
  }
  return members;
}

it('has no setuid, as it belongs to root, and else its own mode', async () => {
  for (const [mode, kept] of [
    [0o000, 0o000],
    [0o6755, 0o755],
    [0o1777, 0o1777],
  ] as const) {
    await writeFile(join(source, 'a'), '');
    await chmod(join(source, 'a'), mode);
    expect((await membersOf(join(source, 'a'))).map((member) => member.mode)).toEqual([kept]);
  }
});

it('leaves out folders that are there already, and asks for none below one that is not', async () => {
  for (const path of ['old/older/x', 'old/new/deep/x', 'new/deep/x']) {
    await mkdir(join(source, dirname(path)), { recursive: true });
    await writeFile(join(source, path), '');
  }
  const asked: string[] = [];
  const isThere = (name: string) => {
    asked.push(name);
    return Promise.resolve(['x', 'x/old', 'x/old/older'].includes(name));
  };
  const names: string[] = [];
  const there = await foldersThere(source, 'x', isThere);
  for await (const member of packed(source, 'x', there).pipe(extract())) {
    names.push(member.header.name);
    member.resume();
  }
  expect(names).toEqual([
    'x/new/',
    'x/new/deep/',
    'x/new/deep/x',
    'x/old/new/',
    'x/old/new/deep/',
    'x/old/new/deep/x',
    'x/old/older/x',
  ]);
  expect(asked).toEqual(['x', 'x/new', 'x/old', 'x/old/new', 'x/old/older']);
});

it('ends with an error of its own at a name that is not UTF-8', async () => {
  await writeFile(join(source, 'a'), '');
  await writeFile(Buffer.concat([Buffer.from(join(source, 'b')), Buffer.from([0xe9])]), '');
  await expect(buffer(packed(source, 'x'))).rejects.toThrow('The name "b\uFFFD" is not in UTF-8');
});

it('waits for whoever reads it', async () => {
  for (let each = 0; each < 200; each += 1) await writeFile(join(source, String(each)), '');
  const archive = packed(source, 'x');
  await once(archive, 'readable');
  // Long enough for one that does not wait.
  await buffer(packed(source, 'x'));
  await rm(join(source, '99'));
  await expect(buffer(archive)).rejects.toThrow(/no such file/);
});
