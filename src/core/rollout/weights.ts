import { groupBy } from '../group.ts';
import type { Member } from '../routing.ts';

/** The greatest weight that a server may have in HAProxy. */
const MOST = 256;

/**
 * By service: what each of its members weighs, so that the service has its share whatever number of members it has. As
 * whole numbers up to 256 they are exact to within half of one; a share above 0 is never rounded to nothing.
 */
export function memberWeights(
  members: readonly Member[],
  shares: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const active = groupBy(
    members.filter(({ state }) => state === 'active'),
    ({ service }) => service,
  );
  const each = [...active].map(([service, own]) => [service, (shares[service] ?? 0) / own.length] as const);
  const greatest = Math.max(...each.map(([, share]) => share));
  return new Map(
    each.map(([service, share]) => [service, share === 0 ? 0 : Math.max(1, Math.round((MOST * share) / greatest))]),
  );
}
