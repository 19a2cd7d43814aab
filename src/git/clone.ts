import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GitFailure, type Git } from './command.ts';

export interface Clone {
  readonly directory: string;
  readonly git: Git;
}

/**
 * Does the work in the bare clone at `directory`. A clone is only a cache: where it is missing, or git fails in it for
 * whatever reason, a new one is made beside it, and takes its place once the work is done in it.
 */
export async function inClone<T>(
  git: Git,
  directory: string,
  objectId: string,
  work: (clone: Clone) => Promise<T>,
  log: (message: string) => void,
): Promise<T> {
  if (existsSync(directory)) {
    try {
      return await work(cloneAt(git, directory));
    } catch (error) {
      if (!(error instanceof GitFailure) || error.timedOut) throw error;
      log(`The clone in ${directory} is made anew: ${error.message}`);
    }
  }
  const fresh = `${directory}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  await git(['init', '--quiet', '--bare', `--object-format=${objectFormat(objectId)}`, '--', fresh]);
  const result = await work(cloneAt(git, fresh));
  await rm(directory, { recursive: true, force: true });
  await rename(fresh, directory);
  return result;
}

function cloneAt(git: Git, directory: string): Clone {
  return {
    directory,
    git: (args, more = {}) => git(args, { ...more, environment: { ...more.environment, GIT_DIR: directory } }),
  };
}

/** An id tells the format of its repository, and a clone must have the same. */
export function objectFormat(objectId: string): 'sha1' | 'sha256' {
  return objectId.length === 64 ? 'sha256' : 'sha1';
}
