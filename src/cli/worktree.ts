import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { openWorkingTree } from '../git/worktree.ts';
import { clock } from './compose.ts';

/** A folder here, with the history that git has of it. */
export function worktree(dir: string, config: Config) {
  return openWorkingTree({ directory: resolve(dir), stateDir: config.stateDir, environment: process.env });
}

/** The folder as it is now. */
export async function worktreeOptions(dir: string, config: Config) {
  const repository = worktree(dir, config);
  const { revision } = await repository.pull();
  return { repository, revision, cluster: config.cluster, now: clock.now() };
}
