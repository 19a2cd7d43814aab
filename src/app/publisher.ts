import type { Clock, Repository } from '../core/ports.ts';
import { meaningOf } from '../core/status/meaning.ts';
import { statusMarkdown, verdictOf } from '../core/status/markdown.ts';
import type { StatusReport } from '../core/status/status.ts';
import type { Journal } from './journal.ts';
import { problemOf } from './problems.ts';
import { replaceStateFile } from './state-file.ts';

export interface PublisherOptions {
  readonly repository: Repository;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly stateDir: string;
  /** false: the status stays in the state directory. */
  readonly enabled: boolean;
  /** Called when a publication has ended for which a newer status waits. */
  readonly wake: () => void;
}

const SHORTEST_GAP = 10_000;
const LONGEST_GAP = 600_000;
/** At most 60 in any hour: 30 one after another, and one more every two minutes, so that no news waits for longer. */
const AT_ONCE = 30;
const REFILL = 120_000;

/**
 * Commits the status when its meaning has changed: at most once in ten seconds and 60 times an hour, one commit at a time.
 * Why that failed is told in the state directory alone: what is on the branch was published.
 */
export class Publisher {
  private readonly options: PublisherOptions;
  private published: string | undefined;
  private lastAt = Number.NEGATIVE_INFINITY;
  private gap = SHORTEST_GAP;
  /** When all commits that were made will have been made up for. */
  private refilledAt = Number.NEGATIVE_INFINITY;
  private running: Promise<void> | undefined;
  private isAwaited = false;

  constructor(options: PublisherOptions) {
    this.options = options;
  }

  /** When `offer` wants to be called again; undefined: there is nothing to publish; Infinity: `wake` will tell. */
  offer(status: StatusReport, signal: AbortSignal): number | undefined {
    const meaning = meaningOf(status);
    if (meaning === this.published) return undefined;
    if (this.running !== undefined) {
      this.isAwaited = true;
      return Infinity;
    }
    const due = Math.max(this.lastAt + this.gap, this.refilledAt - (AT_ONCE - 1) * REFILL);
    if (this.options.clock.now() < due) return due;
    this.running = this.publish(status, meaning, signal).finally(() => this.ended());
    return undefined;
  }

  private ended(): void {
    this.running = undefined;
    if (this.isAwaited) this.options.wake();
    this.isAwaited = false;
  }

  /** The remote answers again: what is to be published need not wait for long any more. */
  hasten(): void {
    this.gap = SHORTEST_GAP;
  }

  /** The last word of a process that ends: published at once. */
  async flush(status: StatusReport, signal: AbortSignal): Promise<void> {
    await this.running;
    const meaning = meaningOf(status);
    if (meaning !== this.published) await this.publish(status, meaning, signal);
  }

  private async publish(status: StatusReport, meaning: string, signal: AbortSignal): Promise<void> {
    this.lastAt = this.options.clock.now();
    try {
      await this.keep(status);
      const files = { 'STATUS.md': statusMarkdown(status), 'status.json': textOf(status) };
      if (this.options.enabled) await this.options.repository.publish(files, messageOf(status), signal);
      this.published = meaning;
      this.refilledAt = Math.max(this.refilledAt, this.lastAt) + REFILL;
      this.gap = SHORTEST_GAP;
    } catch (error) {
      this.gap = Math.min(this.gap * 2, LONGEST_GAP);
      const { message, ...failure } = problemOf(error, 'unreachable');
      const problem = { ...failure, message: `The status was not published: ${message}` };
      this.options.journal.record('failed', 'cluster', problem.message);
      // Where not even this can be written, the event above has gone to the log.
      await this.keep({ ...status, ready: false, problems: [...status.problems, problem] }).catch(() => undefined);
    }
  }

  private async keep(status: StatusReport): Promise<void> {
    await replaceStateFile(this.options.stateDir, 'status.json', textOf(status));
  }
}

function textOf(status: StatusReport): string {
  return `${JSON.stringify(status, null, 2)}\n`;
}

function messageOf(status: StatusReport): string {
  const { lastGood } = status.revision;
  return `${status.cluster}: ${verdictOf(status)}\n\nRevision: ${lastGood}\n`;
}
