import type { CheckResult, MemberHealth } from '../core/observed.ts';
import type { CheckPool, Colour, Member, Pool, Route, RoutingTable } from '../core/routing.ts';
import type { ServerStat, Stats } from './live.ts';
import { backendName, checkBackend, serverName } from './names.ts';
import { slotOf, type Slots } from './slots.ts';

type ByServer<Value> = Readonly<Record<string, Value>>;

/** Results of the checks, by `pool/server`. */
export function observedChecks(table: RoutingTable, slots: Slots, stats: Stats): ByServer<CheckResult> {
  return Object.fromEntries(
    table.checks.flatMap((pool) =>
      pool.servers.map((server) => [`${pool.name}/${server.id}`, checkHealth(slotStat(pool, server.id, slots, stats))]),
    ),
  );
}

function slotStat(pool: CheckPool, id: string, slots: Slots, stats: Stats): ServerStat | undefined {
  return stats.get(`${checkBackend(pool.name)}/${slotOf(slots, pool.name, id) ?? ''}`);
}

function checkHealth(stat: ServerStat | undefined): CheckResult {
  if (stat === undefined) return { check: 'starting', description: 'not in HAProxy yet' };
  return {
    check: checkState(stat),
    description: isGood(stat) || stat.code === '' ? stat.check : `${stat.check}/${stat.code}`,
  };
}

/** A server is sent down when it gets its slot, so one that is down with a good last answer has not been asked yet. */
function checkState(stat: ServerStat): CheckResult['check'] {
  const { status, check } = stat;
  if (status.startsWith('MAINT') || check === '' || check === 'INI' || check === 'UNK') return 'starting';
  if (status.startsWith('UP') || status.startsWith('DRAIN')) return 'up';
  return isGood(stat) ? 'starting' : 'down';
}

/** What the last answer was, whatever state the server is in. */
function isGood({ check }: ServerStat): boolean {
  return /^L\dOK/.test(check);
}

/** Health and figures of the members, by `loadBalancer/colour/server`. */
export function observedMembers(table: RoutingTable, slots: Slots, stats: Stats): ByServer<MemberHealth> {
  return Object.fromEntries(
    table.routes.flatMap((route) =>
      (['a', 'b'] as const).flatMap((colour) =>
        route.pools[colour].members.map((member) => [
          `${route.loadBalancer}/${colour}/${member.id}`,
          memberHealth(memberStat(route, colour, member, slots, stats), trackedHealth(table, member, slots, stats)),
        ]),
      ),
    ),
  );
}

function memberStat(route: Route, colour: Colour, member: Member, slots: Slots, stats: Stats): ServerStat | undefined {
  const slot = slotOf(slots, member.check, member.id);
  return slot === undefined
    ? undefined
    : stats.get(`${backendName(route.loadBalancer, colour)}/${serverName(member, slot)}`);
}

function trackedHealth(table: RoutingTable, member: Member, slots: Slots, stats: Stats): CheckResult {
  const pool = table.checks.find((each) => each.name === member.check);
  return checkHealth(pool === undefined ? undefined : slotStat(pool, member.id, slots, stats));
}

function memberHealth(stat: ServerStat | undefined, check: CheckResult): MemberHealth {
  const { sessions = 0, requests = 0, errors = 0, queue = 0 } = stat ?? {};
  return { ...check, sessions, requests, errors, queue };
}

/** Requests that wait, by load balancer. */
export function observedQueues(table: RoutingTable, stats: Stats): ByServer<number> {
  return Object.fromEntries(
    table.routes.map(({ loadBalancer }) => {
      const waiting = (colour: Colour) => stats.get(`${backendName(loadBalancer, colour)}/BACKEND`)?.queue ?? 0;
      return [loadBalancer, waiting('a') + waiting('b')];
    }),
  );
}

/**
 * The recorded table without what the newest worker does not have: after a crash between the record and its doing, the
 * difference to what is wanted must show.
 */
export function observedTable(table: RoutingTable, slots: Slots, stats: Stats): RoutingTable {
  const pool = (route: Route, colour: Colour): Pool => ({
    ...route.pools[colour],
    members: route.pools[colour].members.filter((member) =>
      serves(memberStat(route, colour, member, slots, stats), member),
    ),
  });
  return {
    ...table,
    checks: table.checks.map((checks) => ({
      ...checks,
      servers: checks.servers.filter(({ id, address }) => isAsked(slotStat(checks, id, slots, stats), address)),
    })),
    routes: table.routes.map((route) => ({ ...route, pools: { a: pool(route, 'a'), b: pool(route, 'b') } })),
  };
}

function serves(stat: ServerStat | undefined, { state }: Member): boolean {
  return (
    stat !== undefined && (state === 'draining' || !/^(MAINT|DRAIN)/.test(stat.status) || stat.status.includes('via'))
  );
}

function isAsked(stat: ServerStat | undefined, address: string): boolean {
  return stat !== undefined && !stat.status.startsWith('MAINT') && stat.address.startsWith(`${address}:`);
}
