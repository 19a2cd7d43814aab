import { makeOrigin, type Origin } from '../lab/git-hosts.ts';

/** A bare repository, and somebody who pushes to it. */
export class TestRepository {
  readonly origin: Origin;

  private constructor(origin: Origin) {
    this.origin = origin;
  }

  static async create(directory: string): Promise<TestRepository> {
    return new TestRepository(await makeOrigin(directory));
  }

  /** Makes these files the whole content of main; returns the commit. */
  async push(files: Readonly<Record<string, string>>, message: string): Promise<string> {
    return await this.origin.push(files, message);
  }

  /** `git revert` of the newest commit, pushed. */
  async revert(): Promise<string> {
    await this.origin.checkout('revert', '--no-edit', 'HEAD');
    await this.origin.checkout('push', '--quiet', 'origin', 'HEAD:main');
    return (await this.origin.checkout('rev-parse', 'HEAD')).trim();
  }

  /** A file of a branch as it is in the remote; undefined where there is none. */
  async file(branch: string, path: string): Promise<string | undefined> {
    const names = await this.origin.git('for-each-ref', '--format=%(refname:short)');
    if (!names.split('\n').includes(branch)) return undefined;
    return await this.origin.git('show', `${branch}:${path}`);
  }

  /** Subjects of a branch's commits, newest first. */
  async subjects(branch: string): Promise<string[]> {
    return (await this.origin.git('log', '--format=%s', branch, '--')).trim().split('\n');
  }
}
