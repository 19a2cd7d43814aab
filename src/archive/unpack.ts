import { createWriteStream, type Stats } from 'node:fs';
import { chmod, link, lstat, lutimes, mkdir, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline as connect } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Extract, type Header } from 'tar-stream';
import { LeadsOut, memberParts } from './member.ts';

type Member = Extract extends AsyncIterable<infer Each> ? Each : never;

/** Modes without setuid and setgid: files now belong to whoever copies them. */
const MODES = 0o777;

/**
 * Unpacks an archive of one file or folder, which becomes `root`. Nothing is written outside of it: members that lead out
 * by their name or through a link end it. Devices and the like are left out.
 */
export async function unpack(archive: NodeJS.ReadableStream, root: string, signal: AbortSignal): Promise<void> {
  const members = extract();
  // A connection that is cut ends the loop with its error.
  connect(archive, members, () => undefined);
  const unpacking = new Unpacking(root, signal);
  for await (const member of members) {
    await unpacking.add(member);
    member.resume();
  }
  await unpacking.end();
}

class Unpacking {
  private readonly root: string;
  private readonly signal: AbortSignal;
  /** Known to be no links. */
  private readonly folders = new Set<string>();
  /** Folders that were not there before: they get their modes when they are full. */
  private readonly made: { readonly path: string; readonly header: Header }[] = [];

  constructor(root: string, signal: AbortSignal) {
    this.root = root;
    this.signal = signal;
  }

  async add(member: Member): Promise<void> {
    const { header } = member;
    const path = await this.place(header.name);
    if (header.type === 'directory') await this.makeFolder(path, header);
    else if (header.type === 'symlink') await linkTo(header.linkname, path, header);
    else if (header.type === 'link') await this.linkAgain(header, path);
    else if (header.type === 'file' || header.type === 'contiguous-file') await this.write(member, path);
  }

  async end(): Promise<void> {
    for (const { path, header } of this.made.reverse()) await finish(path, header);
  }

  /** Its path, of which all but the last part are folders and no links. */
  private async place(name: string): Promise<string> {
    const parts = memberParts(name);
    let folder = this.root;
    for (const part of parts) {
      await this.enter(folder, name);
      folder = join(folder, part);
    }
    return folder;
  }

  private async enter(folder: string, name: string): Promise<void> {
    if (this.folders.has(folder)) return;
    const there = await found(folder);
    if (there === undefined) await mkdir(folder);
    else if (!there.isDirectory()) throw new LeadsOut(name);
    this.folders.add(folder);
  }

  private async makeFolder(path: string, header: Header): Promise<void> {
    const there = await found(path);
    if (there?.isDirectory() === false) throw new Error(`${path} is no folder, but the one that is copied is.`);
    if (there !== undefined) return;
    await mkdir(path, 0o700);
    this.made.push({ path, header });
  }

  /** The same file under another name, which is in the archive too. */
  private async linkAgain(header: Header, path: string): Promise<void> {
    const first = await this.place(header.linkname);
    if ((await found(first))?.isFile() !== true) throw new LeadsOut(header.name);
    await clear(path);
    await link(first, path);
  }

  private async write(member: Member, path: string): Promise<void> {
    await clear(path);
    try {
      await pipeline(member, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal: this.signal });
    } catch (error) {
      // Half a file is worse than none.
      await rm(path, { force: true });
      throw error;
    }
    await finish(path, member.header);
  }
}

async function linkTo(target: string, path: string, { mtime }: Header): Promise<void> {
  await clear(path);
  await symlink(target, path);
  await lutimes(path, mtime, mtime);
}

async function finish(path: string, { mode, mtime }: Header): Promise<void> {
  await chmod(path, mode & MODES);
  await utimes(path, mtime, mtime);
}

/** Whatever is there is not written into: it may be a link to something else. */
async function clear(path: string): Promise<void> {
  if ((await found(path))?.isDirectory() === true) throw new Error(`${path} is a folder, but what is copied is none.`);
  await rm(path, { force: true });
}

async function found(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}
