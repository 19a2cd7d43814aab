import type { Clock } from '../core/ports.ts';

/** Something that happened, for people: `web` started 2 instances. */
export interface Event {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly type: string;
  /** Service, load balancer, or `cluster`. */
  readonly object: string;
  readonly message: string;
}

const KEPT = 50;

/** The last events, newest first; a repeated one is kept once, with its last time. */
export class Journal {
  private readonly events: Event[];
  /** Those of an earlier process: nobody has heard of them here. */
  private readonly earlier: ReadonlySet<Event>;
  private readonly clock: Clock;
  private readonly onEvent: (event: Event) => void;

  constructor(clock: Clock, onEvent: (event: Event) => void, earlier: readonly Event[] = []) {
    this.clock = clock;
    this.onEvent = onEvent;
    this.events = [...earlier].slice(0, KEPT);
    this.earlier = new Set(earlier);
  }

  /** `at`: when it happened, where that is not now. RFC 3339, UTC. */
  record(type: string, object: string, message: string, at = this.clock.date().toISOString()): void {
    const event = { at, type, object, message };
    const last = this.events.find((each) => each.object === object);
    const isRepeated = last?.type === type && last.message === message;
    if (isRepeated) this.events.splice(this.events.indexOf(last), 1);
    if (!isRepeated || this.earlier.has(last)) this.onEvent(event);
    this.events.unshift(event);
    this.events.length = Math.min(this.events.length, KEPT);
  }

  list(): readonly Event[] {
    return this.events;
  }
}
