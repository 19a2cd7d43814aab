import type { ObservedBalancer } from '../core/observed.ts';

type Problem = NonNullable<ObservedBalancer['problem']>;

const FIRST = 1000;
const LONGEST = 30_000;

/** A HAProxy that could not be talked to is left alone for a while, longer each time. */
export class Silence {
  private readonly now: () => number;
  private problem: Problem | undefined;
  private attempts = 0;
  private since = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Why nobody need ask now; undefined: it is time to. */
  get reason(): Problem | undefined {
    const ago = this.now() - this.since;
    const lasts = Math.min(FIRST * 2 ** (this.attempts - 1), LONGEST);
    // A clock that is put back holds nothing up.
    return ago >= 0 && ago < lasts ? this.problem : undefined;
  }

  met(problem: Problem): void {
    this.problem = problem;
    this.attempts += 1;
    this.since = this.now();
  }

  end(): void {
    this.problem = undefined;
    this.attempts = 0;
  }
}
