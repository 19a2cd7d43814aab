import { mkdir, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Revision } from '../core/model.ts';
import type { Snapshot } from '../core/ports.ts';
import type { Clone } from './clone.ts';
import type { Git } from './command.ts';
import { fetchTip } from './heads.ts';

const FOLLOWED = 'refs/fairlead/followed';
/** Trailers are read from it, nobody needs more. */
const MAX_MESSAGE = 65_536;

export interface Wanted {
  readonly branch: string;
  /** `.` or a folder. */
  readonly path: string;
  /** Leaves out the files of other folders until git asks for them. */
  readonly partial: boolean;
}

/**
 * Fetches the branch's newest commit without its history, and puts the wanted folder of it below `revisions`; undefined
 * where the commit has no such folder.
 */
export async function fetchSnapshot(
  clone: Clone,
  { branch, path, partial }: Wanted,
  revisions: string,
): Promise<Snapshot | undefined> {
  await fetchTip(clone.git, branch, FOLLOWED, [partial ? '--filter=blob:none' : '--no-filter']);
  const revision = await readRevision(clone.git, FOLLOWED);
  const tree = await treeOf(clone.git, revision.id, path);
  if (tree === undefined) return undefined;
  return { revision, directory: await checkOut(clone, revision.id, tree, revisions) };
}

export async function readRevision(git: Git, commit: string): Promise<Revision> {
  const printed = await git([
    'log',
    '-1',
    '--no-show-signature',
    '--encoding=UTF-8',
    '--format=%H%x00%an%x00%ct%x00%B',
    commit,
    '--',
  ]);
  const [id = '', author = '', at = '', message = ''] = printed.split('\0');
  return { id, message: message.trimEnd().slice(0, MAX_MESSAGE), author, at: Number(at) * 1000 };
}

/** Takes away revisions that nobody reads any more, and what killed processes left. */
export async function removeOtherFolders(revisions: string, kept: ReadonlySet<string>): Promise<void> {
  const root = await realpath(revisions);
  const folders = (await readdir(root)).map((name) => join(root, name));
  await Promise.all(
    folders.filter((folder) => !kept.has(folder)).map((folder) => rm(folder, { recursive: true, force: true })),
  );
}

/** What git calls the folder of a commit; undefined where it has none. */
export async function treeOf(git: Git, id: string, path: string): Promise<string | undefined> {
  if (path === '.') return `${id}^{tree}`;
  const listed = await git(['ls-tree', '-z', '-d', id, '--', `:(literal)${path}`]);
  return listed === '' ? undefined : `${id}:${path}`;
}

/**
 * Nobody knows the folder before it is complete; what a killed process leaves is removed as old. Links in it lead wherever
 * the repository says: whoever reads it checks them, as in a working tree.
 */
export async function checkOut(clone: Clone, id: string, tree: string, revisions: string): Promise<string> {
  await mkdir(revisions, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(await realpath(revisions), `${id.slice(0, 12)}-`));
  const index = join(clone.directory, 'checkout.index');
  const git: Git = (args) => clone.git(args, { environment: { GIT_INDEX_FILE: index, GIT_WORK_TREE: folder } });
  try {
    await rm(index, { force: true });
    await git(['read-tree', '--reset', '-u', tree]);
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
