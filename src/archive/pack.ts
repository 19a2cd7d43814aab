import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';

interface Item {
  readonly path: string;
  readonly name: string;
  readonly stats: Stats;
}

/**
 * A tar archive of a file, or of a folder with all that is in it, under this name; `.`: only of what is in it. Links stay
 * links, all belongs to root, and what is neither file, folder nor link is left out.
 */
export function packed(source: string, name: string): Readable {
  const archive = pack();
  void addAll(archive, source, name);
  return Readable.from(archive, { objectMode: false });
}

async function addAll(archive: Pack, source: string, name: string): Promise<void> {
  try {
    for await (const item of walk(source, name)) await add(archive, item);
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
    yield* walk(join(path, child), name === '.' ? child : `${name}/${child}`);
}

async function add(archive: Pack, { path, name, stats }: Item): Promise<void> {
  const header = { name, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: 0, gid: 0 };
  if (stats.isDirectory()) archive.entry({ ...header, name: `${name}/`, type: 'directory' });
  else if (stats.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) });
  else if (stats.isFile()) await addFile(archive, path, { ...header, type: 'file', size: stats.size });
}

/** As long as it was when it was looked at: what is written to it meanwhile is for the next copy. */
async function addFile(archive: Pack, path: string, header: Pick<Header, 'name' | 'size' | 'type'>): Promise<void> {
  if (header.size === 0) archive.entry(header, '');
  else await pipeline(createReadStream(path, { end: header.size - 1 }), archive.entry(header));
}
