import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pack, type Header } from 'tar-stream';
import { packed } from '../../../src/archive/pack.ts';
import { unpack } from '../../../src/archive/unpack.ts';
import { temporaryFolder } from '../../support/folder.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let outside: string;
let target: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  outside = join(folder.path, 'outside');
  target = join(folder.path, 'target');
  await mkdir(outside);
});
afterEach(() => folder[Symbol.asyncDispose]());

const { signal: NEVER } = new AbortController();

type Member = Partial<Header> & Pick<Header, 'name'> & { content?: string };

function archiveOf(...members: readonly Member[]): Readable {
  const archive = pack();
  for (const { content = '', ...header } of members) archive.entry(header, content);
  archive.finalize();
  return Readable.from(archive);
}

const unpacked = (...members: readonly Member[]) => unpack(archiveOf(...members), target, NEVER);
const FOLDER: Member = { name: 'x/', type: 'directory', mode: 0o755 };

describe('what is packed and unpacked', () => {
  it('is the same: contents, modes, times and links, and nothing that a link leads to', async () => {
    const source = join(folder.path, 'source');
    const time = new Date('2020-02-03T04:05:06Z');
    await mkdir(join(source, 'sub'), { recursive: true });
    await writeFile(join(source, 'large'), Buffer.alloc(3_000_000, 'abc'));
    await writeFile(join(source, 'empty'), '');
    await writeFile(join(source, 'sub', 'long'.repeat(40)), 'deep');
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(source, 'out'));
    await symlink('nowhere', join(source, 'dangling'));
    await chmod(join(source, 'large'), 0o640);
    for (const each of ['large', 'sub', '.']) await utimes(join(source, each), time, time);
    await chmod(join(source, 'sub'), 0o550);
    await unpack(packed(source, 'any'), target, NEVER);
    expect((await readdir(target, { recursive: true })).sort()).toEqual(
      (await readdir(source, { recursive: true })).sort(),
    );
    expect((await readFile(join(target, 'large'))).equals(await readFile(join(source, 'large')))).toBe(true);
    expect(await readFile(join(target, 'sub', 'long'.repeat(40)), 'utf8')).toBe('deep');
    expect(await readlink(join(target, 'out'))).toBe(outside);
    expect(await readlink(join(target, 'dangling'))).toBe('nowhere');
    expect((await lstat(join(target, 'large'))).mode & 0o777).toBe(0o640);
    expect((await lstat(join(target, 'sub'))).mode & 0o777).toBe(0o550);
    for (const each of ['large', 'sub', '.']) expect((await lstat(join(target, each))).mtime).toEqual(time);
  });

  it('is one file, too, which replaces one that is there', async () => {
    await writeFile(join(folder.path, 'one'), 'new');
    await writeFile(target, 'old and longer');
    await unpack(packed(join(folder.path, 'one'), 'other'), target, NEVER);
    expect(await readFile(target, 'utf8')).toBe('new');
  });

  it('keeps times of before 1970 and after 2038', async () => {
    const one = join(folder.path, 'one');
    await writeFile(one, '');
    for (const time of [new Date('1955-11-05T06:15:00Z'), new Date('2054-03-02T01:00:00Z')]) {
      await utimes(one, time, time);
      await unpack(packed(one, 'x'), target, NEVER);
      expect((await lstat(target)).mtime).toEqual(time);
    }
  });

  it('says so where a file cannot be read', async () => {
    const packing = unpack(packed(join(folder.path, 'nowhere'), 'x'), target, NEVER);
    await expect(packing).rejects.toThrow(/no such file/);
  });
});

describe('an archive', () => {
  it.each([['/etc/passwd'], ['../x'], ['x/../../y'], ['x/..'], ['..'], ['x/sub/../../../outside/y']])(
    'with a member %s is given up',
    async (name) => {
      const done = unpacked(FOLDER, { name: 'x/before', content: '1' }, { name, content: '2' }, { name: 'x/after' });
      await expect(done).rejects.toThrow(`The archive has ${JSON.stringify(name)}, which leads out of the target`);
      expect(await readdir(folder.path)).toEqual(['outside', 'target']);
      expect(await readdir(outside)).toEqual([]);
      expect(existsSync(join(target, 'after'))).toBe(false);
    },
  );

  it('never writes through a link that it has brought itself', async () => {
    const link: Member = { name: 'x/link', type: 'symlink', linkname: outside };
    await expect(unpacked(FOLDER, link, { name: 'x/link/file', content: '1' })).rejects.toThrow(/leads out/);
    const folderIn = unpacked(FOLDER, link, { name: 'x/link/folder/', type: 'directory' });
    await expect(folderIn).rejects.toThrow(/leads out/);
    expect(await readdir(outside)).toEqual([]);
  });

  it('replaces a link by a file of its name, and a folder by none', async () => {
    await writeFile(join(outside, 'kept'), 'kept');
    const link: Member = { name: 'x/link', type: 'symlink', linkname: join(outside, 'kept') };
    await unpacked(FOLDER, link);
    await unpacked(FOLDER, { name: 'x/link', content: 'new' });
    expect(await readFile(join(outside, 'kept'), 'utf8')).toBe('kept');
    expect(await readFile(join(target, 'link'), 'utf8')).toBe('new');
    await unpacked(FOLDER, { name: 'x/sub/', type: 'directory' });
    const instead = unpacked({ name: 'x/sub', type: 'symlink', linkname: outside });
    await expect(instead).rejects.toThrow('is a folder, but what is copied is none');
  });

  it('never writes through a link that was there before', async () => {
    await mkdir(target);
    await symlink(outside, join(target, 'link'));
    await expect(unpacked(FOLDER, { name: 'x/link/file', content: '1' })).rejects.toThrow(/leads out/);
    await expect(unpacked(FOLDER, { name: 'x/link/', type: 'directory' })).rejects.toThrow(/is no folder/);
    expect(await readdir(outside)).toEqual([]);
  });

  it('names a file twice within itself, and none of another', async () => {
    const twice: Member = { name: 'x/second', type: 'link', linkname: 'x/first' };
    await unpacked(FOLDER, { name: 'x/first', content: 'both' }, twice);
    expect(await readFile(join(target, 'second'), 'utf8')).toBe('both');
    await writeFile(join(outside, 'secret'), 'secret');
    for (const linkname of ['../outside/secret', join(outside, 'secret'), 'x/missing'])
      await expect(unpacked(FOLDER, { ...twice, name: 'x/third', linkname })).rejects.toThrow(/leads out/);
    expect(existsSync(join(target, 'third'))).toBe(false);
  });

  it('names a link twice, too, and leaves out a device under any name', async () => {
    await unpacked(
      FOLDER,
      { name: 'x/link', type: 'symlink', linkname: 'nowhere' },
      { name: 'x/second', type: 'link', linkname: 'x/link' },
      { name: 'x/pipe', type: 'fifo' },
      { name: 'x/third', type: 'link', linkname: 'x/pipe' },
      { name: 'x/fourth', type: 'link', linkname: 'x/third' },
    );
    expect((await readdir(target)).sort()).toEqual(['link', 'second']);
    expect(await readlink(join(target, 'second'))).toBe('nowhere');
  });

  it('can be taken again over what it was before', async () => {
    const members = [
      FOLDER,
      { name: 'x/first', content: 'both' },
      { name: 'x/second', type: 'link', linkname: 'x/first' },
    ] as const;
    await unpacked(...members);
    await unpacked(members[0], members[2]);
    await unpacked(...members);
    expect((await readdir(target)).sort()).toEqual(['first', 'second']);
  });

  it('takes the place of no pipe and no device', async () => {
    await promisify(execFile)('mkfifo', [target]);
    for (const member of [
      { name: 'x', content: '1' },
      { name: 'x', type: 'symlink', linkname: outside },
    ] as const)
      await expect(unpacked(member)).rejects.toThrow(`${target} is neither a file nor a link; it is not replaced.`);
    expect((await lstat(target)).isFIFO()).toBe(true);
    expect((await readdir(folder.path)).sort()).toEqual(['outside', 'target']);
  });

  it('is given up where a name in it is not UTF-8', async () => {
    for (const strange of [{ name: 'x/a\uFFFD' }, { name: 'x/link', type: 'symlink', linkname: '\uFFFD' }] as const)
      await expect(unpacked(FOLDER, strange)).rejects.toThrow(/^The name "[^"]*\uFFFD" is not in UTF-8; rename it/);
    expect(await readdir(target)).toEqual([]);
  });

  it('is given up where two of its files would be one', async () => {
    for (const name of ['x/a', 'x//a', 'y/a'])
      await expect(unpacked(FOLDER, { name: 'x/a', content: '1' }, { name, content: '2' })).rejects.toThrow(
        `The archive has ${join(target, 'a')} twice`,
      );
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('1');
  });

  it('gives its folders their modes, however it ends', async () => {
    const done = unpacked({ ...FOLDER, mode: 0o750 }, { name: '../x' });
    await expect(done).rejects.toThrow(/leads out/);
    expect((await lstat(target)).mode & 0o777).toBe(0o750);
  });

  it('gives nobody the rights of its owner, and makes no devices', async () => {
    await unpacked(FOLDER, { name: 'x/tool', mode: 0o6755 }, { name: 'x/device', type: 'character-device' });
    expect((await lstat(join(target, 'tool'))).mode & 0o7777).toBe(0o755);
    expect(await readdir(target)).toEqual(['tool']);
  });

  it('that is cut short is an error, and leaves no half of a file', async () => {
    const whole = Buffer.concat(await archiveOf(FOLDER, { name: 'x/file', content: 'a'.repeat(100_000) }).toArray());
    const cut = Readable.from([whole.subarray(0, 50_000)]);
    await expect(unpack(cut, target, NEVER)).rejects.toThrow('The archive of target ends too early');
    expect(existsSync(join(target, 'file'))).toBe(false);
  });

  it('that ends where one of its files does is an error, too, as its own end is missing', async () => {
    const whole = Buffer.concat(await archiveOf(FOLDER, { name: 'x/file', content: 'a' }).toArray());
    const cut = Readable.from([whole.subarray(0, 700), whole.subarray(700, whole.length - 1024)]);
    await expect(unpack(cut, target, NEVER)).rejects.toThrow('The archive of target ends too early');
  });

  it('that never ends is left when it is given up, and what was there before is there still', async () => {
    const giveUp = new AbortController();
    const whole = Buffer.concat(await archiveOf(FOLDER, { name: 'x/file', content: 'a'.repeat(100_000) }).toArray());
    const slow = new Readable({ read: () => undefined, signal: giveUp.signal });
    await mkdir(target);
    await writeFile(join(target, 'file'), 'of before');
    slow.push(whole.subarray(0, 50_000));
    const done = unpack(slow, target, giveUp.signal);
    await expect.poll(() => readdir(target)).toHaveLength(2);
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('of before');
    giveUp.abort();
    await expect(done).rejects.toThrow(/abort/);
    expect(await readdir(target)).toEqual(['file']);
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('of before');
  });
});
