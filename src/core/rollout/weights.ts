import isEqual from 'fast-deep-equal';
import { groupBy } from '../group.ts';
import type { Backend } from '../load-balancer.ts';
import { servicesOfSet, type Member, type Pool } from '../routing.ts';

/** The greatest weight that a server may have in HAProxy. */
const MOST = 256;

type Shares = NonNullable<Pool['weights']>;

/** Whether a pool leads to these services, with these shares. */
export function leadsTo({ set, weights }: Pool, backends: readonly Backend[]): boolean {
  const wanted = sharesOf(backends);
  const isSame = isEqual([...servicesOfSet(set)].sort(), Object.keys(wanted).sort());
  return isSame && (weights === undefined || isEqual(weights, wanted));
}

function sharesOf(backends: readonly Backend[]): Shares {
  return Object.fromEntries(backends.map(({ service, weight }) => [service, weight]));
}

interface Around {
  readonly recorded: Pool | undefined;
  /** Services with a member that has passed its check. */
  readonly answering: ReadonlySet<string>;
}

/**
 * With the shares of several services. They stay what they were in a set that is on its way out, and as long as none of
 * those that are to get requests has anybody who answers.
 */
export function weighted(pool: Pool, backends: readonly Backend[], { recorded, answering }: Around): Pool {
  const services = servicesOfSet(pool.set);
  if (services.length < 2) return pool;
  const wanted = sharesOf(backends);
  const before = recorded?.weights;
  const isWanted = services.every((each) => wanted[each] !== undefined);
  const isUsable = isWanted && backends.some(({ service, weight }) => weight > 0 && answering.has(service));
  const isKnown = before !== undefined && services.every((each) => before[each] !== undefined);
  const shares = isUsable || !isKnown ? wanted : before;
  const weights = Object.fromEntries(services.map((each) => [each, shares[each] ?? 0]));
  const own = memberWeights(pool.members, weights);
  const members = pool.members.map((each) =>
    each.state === 'active' ? { ...each, weight: own.get(each.service) ?? 0 } : each,
  );
  return { ...pool, weights, members };
}

/**
 * By service: what each of its members weighs, so that the service has its share whatever number of members it has. As
 * whole numbers up to 256 they are exact to within half of one; a share above 0 is never rounded to nothing.
 */
function memberWeights(members: readonly Member[], shares: Shares): ReadonlyMap<string, number> {
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
