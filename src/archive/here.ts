import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

/** What is to be copied from this machine: its name in an archive is `.` where only what is in it is meant. */
export async function sourceHere(path: string): Promise<{ readonly name: string; readonly isFolder: boolean }> {
  const stats = await statsOf(lstat(path));
  if (stats === undefined) throw new Error(`There is no ${path} here.`);
  return { name: isContents(path) ? '.' : basename(resolve(path)), isFolder: stats.isDirectory() };
}

/** `/srv/data/.`, `.` and `/`: not the folder itself. */
export function isContents(path: string): boolean {
  return /^\/*$|(?:^|\/)\.$/.test(path);
}

/** What there is on this machine, links followed. */
export async function foundHere(path: string): Promise<'folder' | 'other' | undefined> {
  const stats = await statsOf(stat(path));
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? 'folder' : 'other';
}

async function statsOf(look: Promise<Stats>): Promise<Stats | undefined> {
  return await look.catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  });
}
