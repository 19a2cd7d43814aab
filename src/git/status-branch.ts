import { ReasonError } from '../core/reason.ts';
import type { Clone } from './clone.ts';
import { GitFailure, type Git } from './command.ts';
import { fetchTip } from './heads.ts';

export interface Author {
  readonly name: string;
  readonly email: string;
}

const TIP = 'refs/fairlead/status';
const ATTEMPTS = 5;
const LOST_RACE =
  /\[rejected\] \((stale info|fetch first|non-fast-forward)\)|cannot lock ref|failed to update ref|reference already exists/;
/** The branch is untrusted when it is read: more than this is not ours. */
const MAX_FILES = 16;
const MAX_BYTES = 16 * 1024 * 1024;

/** Makes the files the whole content of the branch, on top of whatever its tip is by then. */
export async function commitFiles(
  clone: Clone,
  branch: string,
  files: Readonly<Record<string, string>>,
  message: string,
  author: Author,
): Promise<void> {
  const { git } = clone;
  const tree = await writeTree(git, files);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const tip = await knownTip(git);
    if (tip !== undefined && (await treeOf(git, tip)) === tree) return;
    const commit = await commitTree(git, tree, tip, message, author);
    if (await push(git, branch, commit, tip)) {
      await git(['update-ref', TIP, commit]);
      await git(['gc', '--auto', '--quiet']);
      return;
    }
    await findTip(clone, branch);
  }
  throw new ReasonError(
    'push-conflict',
    `Someone else pushed to ${branch} ${ATTEMPTS} times while the status was to be pushed; let only one reconciler write to this branch.`,
  );
}

/** Learns the branch's tip anew; undefined where the branch is not there. */
export async function findTip({ git }: Clone, branch: string): Promise<string | undefined> {
  try {
    await fetchTip(git, branch, TIP);
  } catch (error) {
    if (!(error instanceof GitFailure) || !error.output.includes("couldn't find remote ref")) throw error;
    await git(['update-ref', '-d', TIP]);
  }
  return knownTip(git);
}

/** The branch's files; nothing but regular files at its top is looked at. */
export async function readFiles({ git }: Clone, commit: string): Promise<Record<string, string>> {
  const listed = await git(['ls-tree', '-z', '--long', commit]);
  const entries = listed.split('\0').flatMap(fileEntry);
  const bytes = entries.reduce((total, { size }) => total + size, 0);
  if (entries.length > MAX_FILES || bytes > MAX_BYTES) {
    throw new ReasonError(
      'too-large',
      `The status branch holds ${entries.length} files of ${bytes} bytes, which Fairlead did not write; delete the branch.`,
    );
  }
  const files: [string, string][] = [];
  for (const { name, id } of entries) files.push([name, await git(['cat-file', 'blob', id])]);
  return Object.fromEntries(files);
}

interface FileEntry {
  readonly name: string;
  readonly id: string;
  readonly size: number;
}

function fileEntry(line: string): FileEntry[] {
  const [, id, size, name] = /^100644 blob (\w+) +(\d+)\t(.*)$/s.exec(line) ?? [];
  return id === undefined || name === undefined ? [] : [{ name, id, size: Number(size) }];
}

async function knownTip(git: Git): Promise<string | undefined> {
  const printed = await git(['for-each-ref', '--format=%(objectname)', TIP]);
  return printed.trim() === '' ? undefined : printed.trim();
}

async function treeOf(git: Git, commit: string): Promise<string> {
  return (await git(['rev-parse', '--verify', `${commit}^{tree}`])).trim();
}

async function writeTree(git: Git, files: Readonly<Record<string, string>>): Promise<string> {
  const entries: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const id = (await git(['hash-object', '-w', '--stdin'], { input: content })).trim();
    entries.push(`100644 blob ${id}\t${name}\0`);
  }
  return (await git(['mktree', '-z'], { input: entries.join('') })).trim();
}

async function commitTree(
  git: Git,
  tree: string,
  parent: string | undefined,
  message: string,
  author: Author,
): Promise<string> {
  const environment = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
  };
  const parents = parent === undefined ? [] : ['-p', parent];
  return (await git(['commit-tree', ...parents, tree], { input: message, environment })).trim();
}

/** Whether the branch still was where it was expected, and took the commit. */
async function push(git: Git, branch: string, commit: string, expected = ''): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  try {
    await git(['push', '--porcelain', `--force-with-lease=${ref}:${expected}`, '--', 'origin', `${commit}:${ref}`]);
    return true;
  } catch (error) {
    if (error instanceof GitFailure && isLostRace(error.output)) return false;
    throw error;
  }
}

/** Seen before the push by git, or at the same instant by the server. */
function isLostRace(output: string): boolean {
  if (output.includes('exists; cannot create')) return false;
  return LOST_RACE.test(output);
}
