import type { Clock } from '../core/ports.ts';

/** Tells whether passes still succeed: the answer to a health check. */
export class Pulse {
  private readonly clock: Clock;
  private readonly limit: number;
  private last: number;

  /** `limit`: milliseconds without a pass after which something is wrong. */
  constructor(clock: Clock, limit: number) {
    this.clock = clock;
    this.limit = limit;
    this.last = clock.now();
  }

  beat(): void {
    this.last = this.clock.now();
  }

  isWell(): boolean {
    return this.clock.now() - this.last < this.limit;
  }
}
