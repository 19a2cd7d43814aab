import { fixedRange, formatAddress, parseAddress } from './subnet.ts';

/** A balancer may still know a removed container's address for this long. */
const RESTS_FOR = 60_000;

/** Chooses fixed addresses in turn, so that the one taken is the one that has not been used for the longest time. */
export class Addresses {
  private readonly now: () => number;
  /** When each address was last chosen, or began to rest. */
  private readonly lastUsed = new Map<number, number>();
  /** Address chosen last, by subnet. */
  private readonly latest = new Map<string, number>();
  private taken: ReadonlySet<string> | undefined;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Nobody has looked yet which ones are taken. */
  get areUnknown(): boolean {
    return this.taken === undefined;
  }

  /** Those of all containers, stopped ones too. It may be older than the last choices, which rest for a while. */
  see(taken: ReadonlySet<string>): void {
    this.taken = taken;
  }

  /** A free address of the subnet's fixed part, or undefined where every one is taken or rests. */
  choose(subnet: string): string | undefined {
    const taken = this.taken ?? new Set<string>();
    const { first, last } = fixedRange(subnet);
    const size = last - first + 1;
    const start = this.latest.get(subnet) ?? highest(taken, first, last);
    for (let step = 1; step <= size; step++) {
      const address = first + ((start - first + step) % size);
      if (taken.has(formatAddress(address)) || this.rests(address)) continue;
      this.latest.set(subnet, address);
      this.lastUsed.set(address, this.now());
      return formatAddress(address);
    }
    return undefined;
  }

  /** Its container is gone, or away for a moment: nobody else gets it soon. */
  rest(address: string): void {
    this.lastUsed.set(parseAddress(address), this.now());
  }

  private rests(address: number): boolean {
    const usedAt = this.lastUsed.get(address);
    return usedAt !== undefined && this.now() - usedAt < RESTS_FOR;
  }
}

/** Where no address is taken: the one before the first. */
function highest(taken: ReadonlySet<string>, first: number, last: number): number {
  const inRange = [...taken].map(parseAddress).filter((address) => address >= first && address <= last);
  return Math.max(first - 1, ...inRange);
}
