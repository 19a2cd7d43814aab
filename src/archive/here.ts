import type { Stats } from 'node:fs';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** What is to be copied from this machine: its name in an archive is `.` where only what is in it is meant. */
export async function sourceHere(path: string): Promise<{ readonly name: string; readonly isFolder: boolean }> {
  const stats = await statsOf(path);
  if (stats === undefined) throw new Error(`There is no ${path} here.`);
  if (isSpecial(stats)) throw new Error(`${path} here is neither a file nor a folder nor a link; it is not copied.`);
  return { name: isContents(path) ? '.' : basename(resolve(path)), isFolder: stats.isDirectory() };
}

/** `/srv/data/.`, `./` and `/`: not the folder itself. */
export function isContents(path: string): boolean {
  return /^\/*$|(?:^|\/)\.\/*$/.test(path);
}

/** `new/` and `new/.`: it is to be a folder, whether it is there or not. */
export function saysFolder(path: string): boolean {
  return /\/\.?$/.test(path);
}

/** What there is on this machine, links followed. */
export async function foundHere(path: string): Promise<'folder' | 'file' | 'special' | undefined> {
  const stats = await statsOf(path, stat);
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return 'folder';
  return stats.isFile() ? 'file' : 'special';
}

/** The path with all links followed, of which the last may lead to what is not there yet. */
export async function followed(path: string): Promise<string> {
  const own = join(await realpath(dirname(path)), basename(path));
  const stats = await statsOf(own);
  return stats?.isSymbolicLink() === true ? await followed(resolve(dirname(own), await readlink(own))) : own;
}

/** Of a link its own, unless `look` follows it; undefined: there is nothing. */
export async function statsOf(
  path: string,
  look: (path: string) => Promise<Stats> = lstat,
): Promise<Stats | undefined> {
  return await look(path).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  });
}

/** A device, a socket or a pipe. */
export function isSpecial(stats: Stats): boolean {
  return !stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink();
}
