/** For each millisecond that a pass looks and plans, so many without one. */
const REST = 10;
const LONGEST_REST = { alone: 100, crowded: 500 };
/** Milliseconds of passes in a row before the first rest. */
const BREATH = 200;

/**
 * Many containers that come and go at once wake the loop all the time: what passes cost is made up for by rests, as soon as
 * there have been several. The machine has better things to do then, and the next pass finds the more to do.
 */
export class Effort {
  /** Milliseconds that no rest has made up for. */
  private due = 0;
  private endedAt = -Infinity;

  /**
   * A pass has begun and ended: milliseconds that have to go by before the next one. Where it is `crowded`, steps wait for
   * others to end, and nothing is lost by looking later.
   */
  spend(begunAt: number, endedAt: number, isCrowded: boolean): number {
    const rested = Math.max(0, begunAt - this.endedAt) / REST;
    this.due = Math.max(0, this.due - rested) + Math.max(0, endedAt - begunAt);
    this.endedAt = endedAt;
    const longest = isCrowded ? LONGEST_REST.crowded : LONGEST_REST.alone;
    return Math.min(Math.max(0, this.due - BREATH) * REST, longest);
  }
}
