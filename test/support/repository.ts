import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const WHO = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'init.defaultBranch=main'];

/** A bare repository and the working clone of somebody who pushes to it. */
export class TestRepository {
  /** Path of the bare repository. */
  readonly bare: string;
  private readonly clone: string;

  private constructor(bare: string, clone: string) {
    this.bare = bare;
    this.clone = clone;
  }

  static async create(directory: string): Promise<TestRepository> {
    const repository = new TestRepository(join(directory, 'remote.git'), join(directory, 'clone'));
    await run('git', [...WHO, 'init', '--quiet', '--bare', repository.bare]);
    await run('git', [...WHO, 'clone', '--quiet', repository.bare, repository.clone]);
    return repository;
  }

  /** Writes (or, for null, removes) files, commits and pushes; returns the commit. */
  async push(files: Readonly<Record<string, string | null>>, message: string): Promise<string> {
    for (const [path, content] of Object.entries(files)) await this.write(join(this.clone, path), content);
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    await this.git('push', '--quiet', 'origin', 'HEAD:main');
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  /** `git revert` of the newest commit, pushed. */
  async revert(): Promise<string> {
    await this.git('revert', '--no-edit', 'HEAD');
    await this.git('push', '--quiet', 'origin', 'HEAD:main');
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  /** Rewrites the newest commit and forces it over the remote's branch. */
  async forcePush(files: Readonly<Record<string, string | null>>, message: string): Promise<string> {
    for (const [path, content] of Object.entries(files)) await this.write(join(this.clone, path), content);
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--amend', '--message', message);
    await this.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  /** A file of a branch as it is in the remote, or undefined. */
  async file(branch: string, path: string): Promise<string | undefined> {
    try {
      return (await run('git', ['-C', this.bare, 'show', `${branch}:${path}`])).stdout;
    } catch {
      return undefined;
    }
  }

  /** Subjects of a branch's commits, newest first. */
  async subjects(branch: string): Promise<string[]> {
    const { stdout } = await run('git', ['-C', this.bare, 'log', '--format=%s', branch, '--']);
    return stdout.trim().split('\n');
  }

  private async write(file: string, content: string | null): Promise<void> {
    if (content === null) return await rm(file, { force: true });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  private async git(...args: string[]): Promise<string> {
    return (await run('git', ['-C', this.clone, ...WHO, ...args])).stdout;
  }
}
