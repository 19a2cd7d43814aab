import { desire, type DesiredState } from '../../src/core/desire.ts';
import type { Manifest, PruneBudget } from '../../src/core/model.ts';
import type {
  Instance,
  MemberHealth,
  ObservedBalancer,
  ObservedState,
  RecordedGap,
  RecordedRun,
  Run,
} from '../../src/core/observed.ts';
import { plan, type Plan } from '../../src/core/plan/plan.ts';
import type { Decision } from '../../src/core/rollout/decide.ts';
import { NO_MEMORY, type Memory } from '../../src/core/rollout/memory.ts';
import { viewsOf, type ServiceView } from '../../src/core/rollout/view.ts';
import { EMPTY_TABLE, type RoutingTable } from '../../src/core/routing.ts';
import { report, type ReportContext } from '../../src/core/status/report.ts';
import type { StatusReport } from '../../src/core/status/status.ts';
import { node } from './observed.ts';

/** One look at a cluster and what the core makes of it, for tests of the core. */

export const NOW = Date.UTC(2026, 10, 21);

export interface Situation {
  readonly wanted: readonly Manifest[];
  readonly message?: string;
  readonly instances?: readonly Instance[];
  readonly runs?: readonly Run[];
  readonly recorded?: readonly RecordedRun[];
  readonly gaps?: readonly RecordedGap[];
  readonly networks?: readonly string[];
  readonly partialNetworks?: readonly string[];
  readonly node?: Partial<ObservedState['runtime']['node']>;
  readonly balancer?: Partial<ObservedBalancer>;
  readonly underWay?: ObservedState['underWay'];
  readonly memory?: Partial<Memory>;
  readonly now?: number;
  readonly budget?: PruneBudget;
  readonly pruneAll?: boolean;
}

export function desiredBy({ wanted, message = 'change' }: Pick<Situation, 'wanted' | 'message'>): DesiredState {
  const revision = { id: 'c0ffee', message, author: 'test', at: NOW };
  return desire(wanted, { cluster: 'demo', revision });
}

export function stateOf(situation: Omit<Situation, 'wanted'>): ObservedState {
  const {
    instances = [],
    runs = [],
    recorded = [],
    gaps = [],
    networks = ['default'],
    partialNetworks = [],
    balancer = {},
    underWay,
    now = NOW,
  } = situation;
  const empty: ObservedBalancer = { state: 'running', table: EMPTY_TABLE, checks: {}, members: {}, oldWorkers: 0 };
  return {
    runtime: { node: node(situation.node), instances, runs, networks, partialNetworks, observedAt: now },
    recorded,
    gaps,
    date: now,
    balancer: { ...empty, ...balancer },
    ...(underWay && { underWay }),
  };
}

export function planOf(situation: Situation): Plan {
  const { memory, now = NOW, budget = { maxFraction: 0.2, maxCount: 3 }, pruneAll = false } = situation;
  const remembered = { ...NO_MEMORY, ...memory };
  return plan(desiredBy(situation), stateOf(situation), remembered, now, { budget, all: pruneAll });
}

/** The view of the service of that name. */
export function viewOf(situation: Situation, name = 'web'): ServiceView {
  const { memory, now = NOW } = situation;
  const { services } = viewsOf(desiredBy(situation), stateOf(situation), { ...NO_MEMORY, ...memory }, now);
  return found(services.find((each) => each.name === name));
}

export function decisionOf(situation: Situation, name = 'web'): Decision {
  return found(planOf(situation).decisions.find((each) => each.view.name === name));
}

/** What a process reports of that look. */
export function reportOf(situation: Situation, more: Partial<ReportContext> = {}): StatusReport {
  const { now = NOW } = situation;
  const desired = desiredBy(situation);
  const { id, message, author } = desired.revision;
  const at = new Date(NOW).toISOString();
  return report({
    desired,
    state: stateOf(situation),
    plan: planOf(situation),
    revision: { tried: id, applied: id, lastGood: id, message, author, at },
    problems: [],
    events: [],
    logTails: {},
    balancerPorts: { http: 80, https: 443 },
    observedAt: new Date(now),
    ...more,
  });
}

function found<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Error('The plan has no such service.');
  return item;
}

/** A balancer that works by the table and whose checks all say this, but for servers with other words. */
export function checked(
  table: RoutingTable,
  check: MemberHealth['check'] = 'up',
  others: Readonly<Record<string, MemberHealth['check']>> = {},
): Pick<ObservedBalancer, 'table' | 'checks'> {
  const servers = table.checks.flatMap((pool) => pool.servers.map(({ id }) => ({ id, key: `${pool.name}/${id}` })));
  const checks = servers.map(({ id, key }) => [key, health(others[id] ?? check)] as const);
  return { table, checks: Object.fromEntries(checks) };
}

function health(check: MemberHealth['check']): MemberHealth {
  const description = { up: 'L7OK', down: 'L7STS/503', starting: 'INI' }[check];
  return { check, description, sessions: 0, errors: 0, requests: 0, queue: 0 };
}
