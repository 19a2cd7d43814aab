import type { Clock } from '../../src/core/ports.ts';

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  private time: number;

  constructor(start = Date.UTC(2026, 10, 21)) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  date(): Date {
    return new Date(this.time);
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
  }
}
