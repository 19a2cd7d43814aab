import type { CheckPool, RoutingTable } from '../core/routing.ts';
import { slotName } from './names.ts';

/**
 * A server made at run time cannot be tracked by others (HAProxy 2.6 to 3.0), so each check pool has servers in the
 * config that get their address at run time. By pool: which checked server has the slot; null: free.
 */
export type Slots = Readonly<Record<string, readonly (string | null)[]>>;

const FEWEST = 4;

/** Slots for the table: who has one keeps it, new servers take free ones, and a full pool grows, which needs a reload. */
export function assignSlots(previous: Slots, table: RoutingTable): Slots {
  return Object.fromEntries(table.checks.map((pool) => [pool.name, assignPool(previous[pool.name] ?? [], pool)]));
}

function assignPool(previous: readonly (string | null)[], pool: CheckPool): readonly (string | null)[] {
  const wanted = pool.servers.map((server) => server.id);
  const joining = wanted.filter((id) => !previous.includes(id));
  const taken = previous.filter((holder) => holder !== null).length;
  const grown = [
    ...previous,
    ...Array<null>(room(previous.length, taken + joining.length) - previous.length).fill(null),
  ];
  // A slot that loses its server now is not given to another in the same step: it goes through maintenance first.
  return grown.map((holder) => (holder === null ? (joining.shift() ?? null) : wanted.includes(holder) ? holder : null));
}

/** Half as many again as are needed, so that updates find room for the new beside the old. */
function room(present: number, needed: number): number {
  return present > 0 && needed <= present ? present : Math.max(FEWEST, 2 ** Math.ceil(Math.log2(needed * 1.5)));
}

/** The slot's name in HAProxy, or undefined where the server has none. */
export function slotOf(slots: Slots, pool: string, id: string): string | undefined {
  const index = slots[pool]?.indexOf(id) ?? -1;
  return index < 0 ? undefined : slotName(index);
}

/** The same slots with only those holders that the test lets pass. */
export function keepHolders(slots: Slots, keep: (pool: string, id: string) => boolean): Slots {
  const kept = (pool: string) => (holder: string | null) => (holder !== null && keep(pool, holder) ? holder : null);
  return Object.fromEntries(Object.entries(slots).map(([pool, holders]) => [pool, holders.map(kept(pool))]));
}
