import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { watch } from 'chokidar';
import type { Revision } from '../core/model.ts';
import type { Repository, Snapshot } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import { GitFailure, gitWith, type Git } from './command.ts';
import { isFolder, readRevision } from './snapshot.ts';
import { isolated } from './transport.ts';

const QUIET = 100;
/** Git's own folder, or in a worktree or submodule its file. */
const GIT = '.git';

export interface WorkingTreeOptions {
  readonly directory: string;
  /** Where `publish` writes. */
  readonly stateDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface WorkingTree extends Repository {
  /** Calls back soon after changes below the directory, until aborted. Resolves once it watches; it may miss changes. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
}

/** A local folder in place of a remote. Errors: unreachable where the folder is not there. */
export function openWorkingTree({ directory, stateDir, environment }: WorkingTreeOptions): WorkingTree {
  let current: { readonly state: string; readonly snapshot: Snapshot } | undefined;

  async function pull(signal?: AbortSignal): Promise<Snapshot> {
    if (!(await isFolder(directory))) {
      throw new ReasonError(
        'unreachable',
        `The folder ${directory} does not exist; nothing is changed until it is there again.`,
      );
    }
    const folder = await realpath(directory);
    const git = localGit(folder, environment, signal);
    const [files, checkout] = await Promise.all([listFiles(folder, await placeOf(stateDir)), readCheckout(git)]);
    const state = fingerprint(files, checkout);
    if (current?.state !== state) {
      current = { state, snapshot: { revision: await revisionOf(git, checkout, files), directory: folder } };
    }
    return current.snapshot;
  }

  return {
    pull,
    publish: (files) => writeFiles(join(stateDir, 'status'), files),
    watch: async (onChange, signal) => watchFolder(directory, await placeOf(stateDir), onChange, signal),
  };
}

interface ListedFile {
  readonly path: string;
  readonly facts: BigIntStats;
}

interface Checkout {
  readonly head: string;
  readonly dirty: boolean;
}

/** What is published is no change, also where that is below the folder. */
async function placeOf(stateDir: string): Promise<string> {
  return await realpath(stateDir).catch(() => stateDir);
}

/** All but git's own: what manifests mount may have any name. */
async function listFiles(folder: string, without?: string): Promise<ListedFile[]> {
  // What vanishes meanwhile is a change, seen by the next pull.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const listed = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.name === GIT || path === without) return [];
      if (entry.isDirectory()) return listFiles(path, without);
      const facts = await lstat(path, { bigint: true }).catch(() => undefined);
      return facts === undefined ? [] : [{ path, facts }];
    }),
  );
  return listed.flat();
}

/** Changes whenever a file may have. */
function fingerprint(files: readonly ListedFile[], checkout: Checkout | undefined): string {
  const facts = files.map(
    ({ path, facts: { ino, size, mtimeNs, ctimeNs } }) => `${path}\0${ino} ${size} ${mtimeNs} ${ctimeNs}`,
  );
  return createHash('sha256')
    .update(JSON.stringify([checkout ?? null, ...facts.sort()]))
    .digest('hex');
}

/** What is in a folder of a checkout now, committed or not. */
export async function revisionHere(git: Git, folder: string): Promise<Revision> {
  const [files, checkout] = await Promise.all([listFiles(folder), readCheckout(git)]);
  return await revisionOf(git, checkout, files);
}

/** Undefined where the folder is in no git checkout, or in one without a commit. */
async function readCheckout(git: Git): Promise<Checkout | undefined> {
  try {
    const lines = (await git(['status', '--porcelain=v2', '--branch', '-z', '--', '.'])).split('\0');
    const head = lines.find((line) => line.startsWith('# branch.oid '))?.slice('# branch.oid '.length) ?? '(initial)';
    if (head === '(initial)') return undefined;
    return { head, dirty: lines.some((line) => line !== '' && !line.startsWith('# ')) };
  } catch (error) {
    if (error instanceof GitFailure) return undefined;
    throw error;
  }
}

/** What is not committed has not the commit's trailers. */
async function revisionOf(git: Git, checkout: Checkout | undefined, files: readonly ListedFile[]): Promise<Revision> {
  if (checkout?.dirty === false) return readRevision(git, checkout.head);
  const at = files.reduce((newest, { facts }) => Math.max(newest, Number(facts.mtimeMs)), 0);
  if (checkout === undefined) return { id: 'worktree', message: 'Files of a folder', author: 'local', at };
  const message = `Uncommitted changes on top of ${checkout.head.slice(0, 7)}`;
  return { id: `${checkout.head}-dirty`, message, author: 'local', at };
}

/** Programs that a repository's own configuration names are not started. */
export function localGit(
  directory: string,
  environment: WorkingTreeOptions['environment'],
  signal?: AbortSignal,
  config: readonly string[] = [],
): Git {
  return gitWith({
    directory,
    environment: { ...isolated(environment), GIT_OPTIONAL_LOCKS: '0' },
    config: ['core.fsmonitor=false', 'core.hooksPath=/dev/null', ...config],
    timeout: 60_000,
    secrets: [],
    ...(signal && { signal }),
  });
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
  }
}

async function watchFolder(
  directory: string,
  without: string,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await realpath(directory);
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path) => path !== folder && (basename(path) === GIT || path === without),
  });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET);
  });
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    void watcher.close();
  });
  await new Promise<void>((resolve, reject) => {
    watcher.once('ready', resolve);
    // Later ones cost changes that the next look finds.
    watcher.on('error', reject);
  });
}
