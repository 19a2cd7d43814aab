import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSpecial, statsOf } from './here.ts';

/**
 * Puts a file or a link where there may be one already. It is made beside it, so that what was there stays until the new
 * one is whole, and is not written into: it may be a link to something else.
 */
export async function replace(path: string, make: (beside: string) => Promise<void>): Promise<void> {
  await mayBeReplaced(path);
  const beside = join(dirname(path), `.fairlead-${randomUUID()}`);
  try {
    await make(beside);
    await rename(beside, path);
  } finally {
    // It is still there where that has failed, and where both are names of one file already.
    await rm(beside, { force: true });
  }
}

async function mayBeReplaced(path: string): Promise<void> {
  const there = await statsOf(path);
  if (there?.isDirectory() === true) throw new Error(`${path} is a folder, but what is copied is none.`);
  if (there !== undefined && isSpecial(there))
    throw new Error(`${path} is neither a file nor a link; it is not replaced.`);
}
