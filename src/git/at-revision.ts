import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Revision } from '../core/model.ts';
import { objectFormat, type Clone } from './clone.ts';
import { GitFailure, type Git } from './command.ts';
import { checkOut, treeOf } from './snapshot.ts';
import { localGit, revisionHere } from './worktree.ts';

/** A checkout in a container of a CI often is another user's. */
const TRUSTING = ['safe.directory=*'];
/** What is missing is not fetched, by no program that the checkout names: not by new gits, and by no protocol by old ones. */
const OFFLINE = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: '' };

export interface PastOptions {
  /** A folder in a checkout. */
  readonly directory: string;
  /** A branch, a tag or a commit, as a user has written it. */
  readonly ref: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** What a folder of a checkout was at a commit. */
export interface Past {
  readonly commit: string;
  /** What the folder is now, committed or not. */
  readonly head: Revision;
  /** Gone once it has been read; missing: there was no such folder. */
  readonly folder?: string;
}

/** Reads the folder as it was at the revision; working tree, index and refs of the checkout stay as they are. */
export async function atRevision<T>(options: PastOptions, read: (past: Past) => T): Promise<T> {
  const { directory, ref, environment, signal } = options;
  if (!/^[^-]/.test(ref)) throw new Error(`"${ref}" is no revision: name a branch, a tag or a commit.`);
  const folder = await realpath(directory);
  const local = localGit(folder, environment, signal, TRUSTING);
  const git: Git = (args, more) => local(args, { ...more, environment: { ...OFFLINE, ...more?.environment } });
  const path = await pathInCheckout(git, directory);
  const commit = await commitOf(git, options);
  const home = await mkdtemp(join(await realpath(tmpdir()), 'fairlead-against-'));
  try {
    const clone = await borrowed(git, folder, commit, join(home, 'repository'));
    const tree = await treeOf(clone.git, commit, path);
    signal.throwIfAborted();
    const head = await headOf(git, clone, folder);
    return read({ commit, head, ...(tree !== undefined && { folder: await checkOut(clone, commit, tree, home) }) });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw new Error(`What ${directory} was at ${ref} cannot be read; fetch all of ${ref} first.`, { cause: error });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** `.` or a folder, as git spells it. */
async function pathInCheckout(git: Git, directory: string): Promise<string> {
  try {
    const prefix = (await git(['rev-parse', '--show-prefix'])).replace(/\n$/, '');
    return prefix === '' ? '.' : prefix.replace(/\/$/, '');
  } catch (error) {
    throw error instanceof GitFailure ? noCheckout(error, directory) : error;
  }
}

function noCheckout(failure: GitFailure, directory: string): Error {
  if (failure.output.includes('not a git repository'))
    return new Error(`${directory} is in no git repository: there is no revision to compare it with.`);
  if (/^(?:env|timeout): |ENOENT/m.test(failure.output))
    return new Error('git is not there, which knows what a revision is; install it, or put it on the PATH.');
  return new Error(`git does not read the repository that ${directory} is in.`, { cause: failure });
}

async function commitOf(git: Git, { directory, ref }: PastOptions): Promise<string> {
  try {
    return (await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])).trim();
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw new Error(`The repository of ${directory} has no revision ${ref}; fetch it first, or name another one.`);
  }
}

/** Asked in the borrowed repository, so that no program of the checkout's own configuration looks at its files. */
async function headOf(git: Git, clone: Clone, folder: string): Promise<Revision> {
  const line = async (...args: readonly string[]) => (await git(args)).replace(/\n$/, '');
  await clone.git(['update-ref', '--no-deref', 'HEAD', await line('rev-parse', 'HEAD')]);
  const environment = {
    GIT_WORK_TREE: await line('rev-parse', '--show-toplevel'),
    GIT_INDEX_FILE: resolve(folder, await line('rev-parse', '--git-path', 'index')),
  };
  const here: Git = (args, more = {}) =>
    clone.git(args, { ...more, environment: { ...environment, ...more.environment } });
  return await revisionHere(here, folder);
}

/**
 * A repository of its own that borrows all objects: it has no configuration that could name a program to be run, or turn
 * a file into something else.
 */
async function borrowed(git: Git, directory: string, commit: string, home: string): Promise<Clone> {
  const objects = resolve(directory, (await git(['rev-parse', '--git-path', 'objects'])).replace(/\n$/, ''));
  await git(['init', '--quiet', '--bare', `--object-format=${objectFormat(commit)}`, '--', home]);
  const environment = { GIT_DIR: home, GIT_OBJECT_DIRECTORY: objects };
  return {
    directory: home,
    git: (args, more = {}) => git(args, { ...more, environment: { ...environment, ...more.environment } }),
  };
}
