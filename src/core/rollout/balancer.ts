import type { ObservedBalancer, Refusal } from '../observed.ts';
import { EMPTY_TABLE, type RoutingTable } from '../routing.ts';
import type { Step } from './steps.ts';
import { sameTable } from './table.ts';

/** What is known of the balancer beside what is seen of it. */
export interface BalancerTerms {
  /** `auto`: it is there while a manifest needs it. */
  readonly enabled: 'auto' | boolean;
  /** This process has told it its table once, and so its own settings: a changed port, a newer config. */
  readonly wasTold: boolean;
}

/** Milliseconds after which it is looked whether the host has by now what it did not have. */
const REFUSED_AGAIN = 10_000;

/** Makes the balancer and leads it to the table, or removes it where nothing needs it. */
export function balancerSteps(
  observed: ObservedBalancer,
  table: RoutingTable,
  terms: BalancerTerms,
  now: number,
): Step[] {
  const isNeeded = terms.enabled === 'auto' ? table.routes.length > 0 || table.checks.length > 0 : terms.enabled;
  if (!isNeeded) return observed.state === 'absent' ? [] : [{ do: 'remove-balancer' }];
  const isAsWanted =
    terms.wasTold &&
    observed.state === 'running' &&
    sameTable(observed.table ?? EMPTY_TABLE, table) &&
    observed.deviation === undefined &&
    observed.problem === undefined &&
    !(observed.refusals ?? []).some((refusal) => refusedAgainAt(refusal) <= now);
  return isAsWanted ? [] : [{ do: 'route', table }];
}

/** When something is due although nothing happens. */
export function refusedAgainAt({ at }: Refusal): number {
  return at + REFUSED_AGAIN;
}
