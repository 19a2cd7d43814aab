import type { Pool, Route } from '../core/routing.ts';

/**
 * By member: the requests that its server has at a time, so that all of the pool together have what the route may, each by
 * its weight. To HAProxy 0 is any number, so that each has one at least.
 */
export function serverLimits({ traffic: { maxConnections } }: Route, pool: Pool): ReadonlyMap<string, number> {
  if (maxConnections === undefined) return new Map();
  const sharing = pool.members.filter(({ state, weight }) => state === 'active' && weight !== 0);
  const all = sharing.reduce((sum, { weight = 1 }) => sum + weight, 0);
  let [given, weighed] = [0, 0];
  return new Map(
    sharing.map(({ id, weight = 1 }) => {
      weighed += weight;
      const limit = Math.round((maxConnections * weighed) / all) - given;
      given += limit;
      return [id, Math.max(1, limit)];
    }),
  );
}
