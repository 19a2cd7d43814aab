import { join, resolve } from 'node:path';
import PQueue from 'p-queue';
import type { Repository, Snapshot } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import { checkBranch, checkFolder, parseAddress } from './address.ts';
import { GitFailure, type Git } from './command.ts';
import { talk, useClone, type Remote } from './conversation.ts';
import { listHeads } from './heads.ts';
import { fetchSnapshot, isFolder, removeOtherFolders } from './snapshot.ts';
import { commitFiles, findTip, readFiles, type Author } from './status-branch.ts';
import type { Credentials } from './transport.ts';

export interface RepositoryOptions {
  /** https, ssh, `git@host:path`; an absolute path or file: where `allowFile` is set; http on loopback only. */
  readonly url: string;
  readonly branch: string;
  /** Folder inside the repository. */
  readonly path: string;
  readonly credentials: Credentials;
  readonly allowFile: boolean;
  readonly stateDir: string;
  readonly statusBranch: string;
  /** The process's own; of it only PATH, proxies and certificate authorities reach git. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly author?: Author;
  /** Milliseconds for one git command. */
  readonly timeout?: number;
  readonly log?: (message: string) => void;
}

export interface RemoteRepository extends Repository {
  /** What the status branch holds, untrusted; undefined where there is no such branch. Errors: too-large and those of pull. */
  readStatusBranch(signal?: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
}

/** Folders of this many revisions stay, for those who still read an older one. */
const KEPT = 5;

/**
 * Follows a branch of a remote repository. All that it keeps in the state directory is a cache.
 * Errors: policy at once for what may not be followed; later unreachable, auth-failed, secret-unreadable, disk-full.
 */
export function openRepository(options: RepositoryOptions): RemoteRepository {
  if (options.branch === options.statusBranch) {
    throw new ReasonError(
      'policy',
      `status.branch and repository.branch are both ${options.branch}; the status needs a branch of its own.`,
    );
  }
  return new FollowedRepository(options);
}

class FollowedRepository implements RemoteRepository {
  private readonly remote: Remote;
  private readonly branch: string;
  private readonly statusBranch: string;
  private readonly path: string;
  private readonly author: Author;
  private readonly revisions: string;
  private partial: boolean;
  /** One at a time in each of the two clones. */
  private readonly pulls = new PQueue({ concurrency: 1 });
  private readonly pushes = new PQueue({ concurrency: 1 });
  /** Oldest first. */
  private readonly snapshots: Snapshot[] = [];

  constructor(options: RepositoryOptions) {
    this.branch = checkBranch(options.branch, 'repository.branch');
    this.statusBranch = checkBranch(options.statusBranch, 'status.branch');
    this.path = checkFolder(options.path);
    this.partial = this.path !== '.';
    this.author = options.author ?? { name: 'Fairlead', email: 'fairlead@localhost' };
    const home = resolve(options.stateDir, 'git');
    this.revisions = join(home, 'revisions');
    this.remote = {
      address: parseAddress(options.url, options.allowFile),
      credentials: options.credentials,
      environment: options.environment,
      home,
      timeout: options.timeout ?? 60_000,
      log: options.log ?? (() => undefined),
    };
  }

  pull(signal?: AbortSignal): Promise<Snapshot> {
    return this.pulls.add(() => talk(this.remote, signal, (git) => this.newestSnapshot(git)));
  }

  publish(files: Readonly<Record<string, string>>, message: string, signal?: AbortSignal): Promise<void> {
    return this.pushes.add(() => talk(this.remote, signal, (git) => this.commit(git, files, message)));
  }

  readStatusBranch(signal?: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    return this.pushes.add(() => talk(this.remote, signal, (git) => this.readStatus(git)));
  }

  private async newestSnapshot(git: Git): Promise<Snapshot> {
    const tip = (await listHeads(git, [this.branch])).get(this.branch);
    if (tip === undefined) throw await this.missingBranch(git);
    const current = this.snapshots.at(-1);
    if (current?.revision.id === tip && (await isFolder(current.directory))) return current;
    const snapshot = await this.fetchWanted(git, tip);
    if (snapshot === undefined) throw this.missingFolder(tip);
    this.snapshots.push(snapshot);
    if (this.snapshots.length > KEPT) this.snapshots.shift();
    await removeOtherFolders(this.revisions, new Set(this.snapshots.map(({ directory }) => directory)));
    return snapshot;
  }

  private async fetchWanted(git: Git, tip: string): Promise<Snapshot | undefined> {
    const { branch, path } = this;
    const fetchIt = (partial: boolean): Promise<Snapshot | undefined> =>
      useClone(this.remote, git, 'followed.git', tip, (clone) =>
        fetchSnapshot(clone, { branch, path, partial }, this.revisions),
      );
    if (!this.partial) return fetchIt(false);
    try {
      return await fetchIt(true);
    } catch (error) {
      // Some servers leave files out and then refuse to hand them over.
      if (!(error instanceof GitFailure) || !error.output.includes('promisor remote')) throw error;
      this.partial = false;
      return fetchIt(false);
    }
  }

  private async commit(git: Git, files: Readonly<Record<string, string>>, message: string): Promise<void> {
    const objectId = this.snapshots.at(-1)?.revision.id ?? (await this.anyId(git));
    await useClone(this.remote, git, 'status.git', objectId, (clone) =>
      commitFiles(clone, this.statusBranch, files, message, this.author),
    );
  }

  /** For the format of ids alone; an empty repository takes the usual one. */
  private async anyId(git: Git): Promise<string> {
    return [...(await listHeads(git, [this.branch, this.statusBranch])).values()][0] ?? '';
  }

  private async readStatus(git: Git): Promise<Readonly<Record<string, string>> | undefined> {
    const tip = (await listHeads(git, [this.statusBranch])).get(this.statusBranch);
    if (tip === undefined) return undefined;
    return useClone(this.remote, git, 'status.git', tip, async (clone) => {
      const fetched = await findTip(clone, this.statusBranch);
      return fetched === undefined ? undefined : readFiles(clone, fetched);
    });
  }

  private missingFolder(commit: string): ReasonError {
    const problem = `Revision ${commit.slice(0, 7)} has no folder ${this.path}; push it or correct repository.path`;
    return new ReasonError('unreachable', `${problem}. Until then nothing is changed.`);
  }

  private async missingBranch(git: Git): Promise<ReasonError> {
    const { url } = this.remote.address;
    const others = [...(await listHeads(git)).keys()];
    const problem =
      others.length === 0
        ? `The repository ${url} is empty; push a first commit to ${this.branch}`
        : `The repository ${url} has no branch ${this.branch} (it has ${others.slice(0, 5).join(', ')}); push it or correct repository.branch`;
    return new ReasonError('unreachable', `${problem}. Until then nothing is changed.`);
  }
}
