import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { inUtf8 } from './member.ts';

type Entry = Partial<Header> & Pick<Header, 'name'>;

interface Item {
  readonly path: string;
  readonly name: string;
  readonly stats: Stats;
}

/** Without setuid and setgid, as all belongs to root there. The kind of file stays in it: a mode of 0 would be none. */
const MODES = ~0o6000;

/**
 * A tar archive of a file, or of a folder with all that is in it, under this name; `.`: only of what is in it. Links stay
 * links, all belongs to root, and what is neither file, folder nor link is left out, as are folders by the names in `there`:
 * else each would get another owner and other modes.
 */
export function packed(source: string, name: string, there: ReadonlySet<string> = new Set()): Readable {
  const archive = pack();
  void addAll(archive, walk(source, name), there);
  return Readable.from(archive, { objectMode: false });
}

async function addAll(archive: Pack, items: AsyncIterable<Item>, there: ReadonlySet<string>): Promise<void> {
  try {
    for await (const item of items) if (!isKept(item, there)) await add(archive, item);
    archive.finalize();
  } catch (error) {
    // Whoever reads it learns it there.
    archive.destroy(error as Error);
  }
}

async function* walk(path: string, name: string): AsyncGenerator<Item> {
  const stats = await lstat(path);
  if (name !== '.') yield { path, name, stats };
  if (!stats.isDirectory()) return;
  for (const child of (await readdir(path)).sort())
    yield* walk(join(path, inUtf8(child)), name === '.' ? child : `${name}/${child}`);
}

/** A folder that is there stays as it is. */
function isKept({ name, stats }: Item, there: ReadonlySet<string>): boolean {
  return stats.isDirectory() && there.has(name);
}

/** Names of the folder and of those in it that are there where it is copied to; below one that is not, none is asked for. */
export async function foldersThere(
  source: string,
  name: string,
  isThere: (folder: string) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const look = async (path: string, own: string): Promise<void> => {
    if (own !== '.' && !(await isThere(own))) return;
    found.add(own);
    for (const child of await readdir(path, { withFileTypes: true }))
      if (child.isDirectory()) await look(join(path, child.name), own === '.' ? child.name : `${own}/${child.name}`);
  };
  if ((await lstat(source)).isDirectory()) await look(source, name);
  return found;
}

async function add(archive: Pack, { path, name, stats }: Item): Promise<void> {
  const header = { name, mode: stats.mode & MODES, ...timeOf(stats), uid: 0, gid: 0 };
  if (stats.isDirectory()) await addEmpty(archive, { ...header, name: `${name}/`, type: 'directory' });
  else if (stats.isSymbolicLink())
    await addEmpty(archive, { ...header, type: 'symlink', linkname: inUtf8(await readlink(path)) });
  else if (stats.isFile()) await addFile(archive, path, { ...header, type: 'file', size: stats.size });
}

/** A header has room for it from 1970 to 2038; what is before or after that stands beside it. */
function timeOf({ mtime }: Stats): Pick<Header, 'mtime'> & Partial<Pick<Header, 'pax'>> {
  const seconds = Math.floor(mtime.getTime() / 1000);
  const nearest = Math.min(Math.max(seconds, 0), 2 ** 31 - 1);
  return nearest === seconds ? { mtime } : { mtime: new Date(nearest * 1000), pax: { mtime: String(seconds) } };
}

/** As long as it was when it was looked at: what is written to it meanwhile is for the next copy. */
async function addFile(archive: Pack, path: string, header: Entry): Promise<void> {
  const { size = 0 } = header;
  if (size === 0) await addEmpty(archive, header);
  else await pipeline(createReadStream(path, { end: size - 1 }), archive.entry(header));
}

/** Ends when the archive has taken it: one that is left alone waits in memory, and fails with nobody to hear it. */
async function addEmpty(archive: Pack, header: Entry): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    archive.entry(header, '', (error) => (error ? reject(error) : resolve()));
  });
}
