import { mkdtemp, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { read } from '../../script/run.mjs';

/** A disk in memory that can be full. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all the room that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
}

const CHUNK = Buffer.alloc(1024 ** 2);

/** `size` in megabytes. For root on Linux. */
export async function mountSmallDisk(size: number): Promise<SmallDisk> {
  const path = await mkdtemp('/var/tmp/fl-disk-');
  await read('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', path]);
  const filler = join(path, 'filler');
  return {
    path,
    fill: async () => {
      const isFull = async () => (await statfs(path)).bavail === 0;
      while (!(await isFull())) await writeFile(filler, CHUNK, { flag: 'a' }).catch(ignoreFull);
    },
    free: () => rm(filler),
    [Symbol.asyncDispose]: async () => {
      await read('umount', [path]);
      await rmdir(path);
    },
  };
}

function ignoreFull(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
}
