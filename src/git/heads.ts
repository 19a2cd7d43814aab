import type { Git } from './command.ts';

/** Branches of the remote and their commits; with names, only those. Costs one connection. */
export async function listHeads(git: Git, names: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
  const printed = await git(['ls-remote', '--heads', '--', 'origin', ...names.map((name) => `refs/heads/${name}`)]);
  const heads = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', ref = ''] = line.split('\t');
      return [ref.replace(/^refs\/heads\//, ''), id] as const;
    });
  // git matches the end of a name: x/refs/heads/main comes with main.
  return new Map(heads.filter(([name]) => names.length === 0 || names.includes(name)));
}

/** Fetches the newest commit of a branch, without its history, into the ref. */
export async function fetchTip(git: Git, branch: string, ref: string, options: readonly string[] = []): Promise<void> {
  const fixed = ['--quiet', '--depth=1', '--update-shallow', '--no-tags', '--no-write-fetch-head'];
  await git(['fetch', ...fixed, ...options, '--', 'origin', `+refs/heads/${branch}:${ref}`]);
}
