import type { Pool, Route } from '../core/routing.ts';

/** By member: the requests that its server has at a time, so that all of the pool together have what the route may. */
export function serverLimits({ traffic: { maxConnections } }: Route, pool: Pool): ReadonlyMap<string, number> {
  if (maxConnections === undefined) return new Map();
  const active = pool.members.filter(({ state }) => state === 'active');
  const [least, more] = [Math.floor(maxConnections / active.length), maxConnections % active.length];
  // To HAProxy 0 is any number.
  return new Map(active.map(({ id }, index) => [id, Math.max(1, least + (index < more ? 1 : 0))]));
}
