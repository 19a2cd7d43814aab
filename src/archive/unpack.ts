import { createWriteStream } from 'node:fs';
import { chmod, link, lutimes, mkdir, symlink, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline as connect } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Extract, type Header } from 'tar-stream';
import { statsOf } from './here.ts';
import { inUtf8, LeadsOut, memberParts } from './member.ts';
import { replace } from './replace.ts';
import { whole } from './whole.ts';

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
  connect(archive, whole(basename(root)), members, () => undefined);
  const unpacking = new Unpacking(root, signal);
  try {
    for await (const member of members) {
      await unpacking.add(member);
      member.resume();
    }
  } finally {
    await unpacking.end();
  }
}

class Unpacking {
  private readonly root: string;
  private readonly signal: AbortSignal;
  /** Known to be no links. */
  private readonly folders = new Set<string>();
  /** Folders that were not there before: they get their modes when they are full. */
  private readonly made: { readonly path: string; readonly header: Header }[] = [];
  /** Where files and links have been put. */
  private readonly taken = new Set<string>();
  /** Where devices and the like would be. */
  private readonly leftOut = new Set<string>();

  constructor(root: string, signal: AbortSignal) {
    this.root = root;
    this.signal = signal;
  }

  async add(member: Member): Promise<void> {
    const { header } = member;
    const path = await this.place(header.name);
    if (header.type === 'directory') await this.makeFolder(path, header);
    else await this.addOther(member, path);
  }

  async end(): Promise<void> {
    for (const { path, header } of this.made.reverse()) await finish(path, header);
  }

  private async addOther(member: Member, path: string): Promise<void> {
    const { header } = member;
    if (this.taken.has(path)) throw new Error(`The archive has ${path} twice; what comes after it is not copied.`);
    this.taken.add(path);
    if (header.type === 'symlink') await linkTo(path, header);
    else if (header.type === 'link') await this.linkAgain(header, path);
    else if (header.type === 'file' || header.type === 'contiguous-file') await this.write(member, path);
    else this.leftOut.add(path);
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
    const there = await statsOf(folder);
    if (there === undefined) await mkdir(folder);
    else if (!there.isDirectory()) throw new LeadsOut(name);
    this.folders.add(folder);
  }

  private async makeFolder(path: string, header: Header): Promise<void> {
    const there = await statsOf(path);
    if (there?.isDirectory() === false) throw new Error(`${path} is no folder, but the one that is copied is.`);
    if (there !== undefined) return;
    await mkdir(path, 0o700);
    this.made.push({ path, header });
  }

  /** The same file or link under another name, which is in the archive too. */
  private async linkAgain(header: Header, path: string): Promise<void> {
    const first = await this.place(header.linkname);
    if (this.leftOut.has(first)) return void this.leftOut.add(path);
    const there = await statsOf(first);
    if (there?.isFile() !== true && there?.isSymbolicLink() !== true) throw new LeadsOut(header.name);
    await replace(path, (beside) => link(first, beside));
  }

  private async write(member: Member, path: string): Promise<void> {
    await replace(path, async (beside) => {
      await pipeline(member, createWriteStream(beside, { flags: 'wx', mode: 0o600 }), { signal: this.signal });
      await finish(beside, member.header);
    });
  }
}

async function linkTo(path: string, header: Header): Promise<void> {
  const time = timeOf(header);
  await replace(path, async (beside) => {
    await symlink(inUtf8(header.linkname), beside);
    await lutimes(beside, time, time);
  });
}

async function finish(path: string, header: Header): Promise<void> {
  const time = timeOf(header);
  await chmod(path, header.mode & MODES);
  await utimes(path, time, time);
}

/** One that a header has no room for stands beside it. */
function timeOf({ mtime, pax }: Header): Date {
  const seconds = Number((pax as Readonly<Record<string, string>> | null)?.['mtime'] ?? Number.NaN);
  return Number.isNaN(seconds) ? mtime : new Date(seconds * 1000);
}
