import PQueue from 'p-queue';
import type { Step } from '../core/rollout/steps.ts';

export const AT_ONCE = 8;
const PULLS_AT_ONCE = 4;
/** So that what is stopped and started anew is not all down at once. */
const STOPS_AT_ONCE = 10;
/** What takes longer than this may hang: it leaves its place to the next one. */
const HANGING = 5_000;
/** The same of a stop, which mostly waits. */
const STOPPING = 2_000;
/** What has begun already comes to its end first. */
const URGENT = 1;

/** Milliseconds; ends early on abort. */
export type Sleep = (duration: number, signal: AbortSignal) => Promise<void>;

/** An engine does a few things at a time faster than many: each step begins at its turn. */
export class Turns {
  private readonly sleep: Sleep;
  private readonly queue = new PQueue({ concurrency: AT_ONCE });
  private readonly pulls = new PQueue({ concurrency: PULLS_AT_ONCE });
  private readonly stops = new PQueue({ concurrency: STOPS_AT_ONCE });

  constructor(sleep: Sleep) {
    this.sleep = sleep;
  }

  /** Undefined: it was given up before its turn. Restarts and routes wait for nobody. */
  async take<Result>(step: Step, givenUp: AbortSignal, work: () => Promise<Result>): Promise<Result | undefined> {
    switch (step.do) {
      case 'restart':
      case 'route':
        return await work();
      case 'pull':
        return await this.place(this.pulls, givenUp, { patience: Infinity }, work);
      case 'stop':
      case 'end':
        return await this.place(this.stops, givenUp, { patience: STOPPING }, work);
      case 'ensure':
        return await this.place(this.queue, givenUp, { patience: HANGING }, work);
      default:
        return await this.place(this.queue, givenUp, { patience: HANGING, priority: URGENT }, work);
    }
  }

  private async place<Result>(
    queue: PQueue,
    signal: AbortSignal,
    { patience, priority = 0 }: { patience: number; priority?: number },
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const begin = async () => {
      const running = work();
      await (patience === Infinity ? running : inPatience(running, patience, this.sleep));
      return { running };
    };
    const begun = await queue.add(begin, { signal, priority }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    return await begun?.running;
  }
}

/** Until the work has ended, though for no longer than so many milliseconds, nor than the signal lets it. */
export async function inPatience(
  work: Promise<unknown>,
  patience: number,
  sleep: Sleep,
  signal?: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  if (signal?.aborted === true) end();
  signal?.addEventListener('abort', end);
  await Promise.race([work, sleep(patience, over.signal)]);
  signal?.removeEventListener('abort', end);
  end();
}
