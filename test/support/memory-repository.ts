import type { Repository, Snapshot } from '../../src/core/ports.ts';

/** A remote in memory: what it was told to have, and what was published to it. */
export class MemoryRepository implements Repository {
  /** Oldest first. */
  readonly published: { readonly files: Readonly<Record<string, string>>; readonly message: string }[] = [];
  /** Why it cannot be reached, until undefined again. */
  error: Error | undefined;
  /** Number of pulls, also of those that failed. */
  pulls = 0;
  /** Awaited by each publication: may wait. */
  beforePublish: () => Promise<void> = () => Promise.resolve();
  private snapshot = snapshotOf('');

  /** Somebody pushes a commit; the folder of a revision is called by its id. */
  push(id: string, message = id): void {
    this.snapshot = snapshotOf(id, message);
  }

  // oxlint-disable-next-line typescript/require-await -- a throw becomes a rejection
  async pull(): Promise<Snapshot> {
    this.pulls += 1;
    if (this.error !== undefined) throw this.error;
    return this.snapshot;
  }

  async publish(files: Readonly<Record<string, string>>, message: string): Promise<void> {
    await this.beforePublish();
    if (this.error !== undefined) throw this.error;
    this.published.push({ files, message });
  }
}

function snapshotOf(id: string, message = ''): Snapshot {
  return { revision: { id, message, author: 'test', at: 0 }, directory: id };
}
