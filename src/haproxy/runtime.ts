import type { CheckPool, Member, RoutingTable } from '../core/routing.ts';
import { serverArguments } from './config.ts';
import { serverLimits } from './limits.ts';
import type { LiveServer, LiveServers } from './live.ts';
import { backendName, checkBackend, serverName, slotName } from './names.ts';
import { addProbe, probeOf, removeProbe } from './probes.ts';
import { slotOf, type Slots } from './slots.ts';

export interface Command {
  readonly text: string;
  /** Whether HAProxy may refuse: a server with connections left is not deleted now but by a later apply. */
  readonly optional?: true;
}

/** The commands that bring the newest worker's servers to the table; `leave` comes after the routes have switched. */
export interface RuntimeChange {
  readonly join: readonly Command[];
  readonly leave: readonly Command[];
}

interface WantedMember {
  readonly backend: string;
  readonly member: Member;
  readonly slot: string;
  /** Requests that it has at a time; absent: any number. */
  readonly limit?: number;
}

export function runtimeChange(table: RoutingTable, slots: Slots, live: LiveServers): RuntimeChange {
  const members = wantedMembers(table, slots);
  const joining = [...members].flatMap(([server, wanted]) => joinMember(server, wanted, live.get(server)));
  const draining = [...members].flatMap(([server, { member }]) => drainMember(server, member, live.get(server)));
  return {
    join: [...table.checks.flatMap((pool) => occupiedSlots(pool, slots, live)), ...joining],
    leave: [
      ...draining,
      ...strangers(table, members, live),
      ...table.checks.flatMap((pool) => freeSlots(pool, slots, live)),
    ],
  };
}

/** By server as HAProxy names it. Members whose check has no slot have no server. */
export function wantedMembers(table: RoutingTable, slots: Slots): ReadonlyMap<string, WantedMember> {
  const pools = table.routes.flatMap((route) =>
    (['a', 'b'] as const).map((colour) => ({
      backend: backendName(route.loadBalancer, colour),
      pool: route.pools[colour],
      limits: serverLimits(route, route.pools[colour]),
    })),
  );
  return new Map(
    pools.flatMap(({ backend, pool, limits }) =>
      pool.members.flatMap((member) => {
        const slot = slotOf(slots, member.check, member.id);
        const limit = limits.get(member.id);
        const wanted = { backend, member, ...(limit !== undefined && { limit }) };
        return slot === undefined ? [] : [[`${backend}/${serverName(member, slot)}`, { ...wanted, slot }] as const];
      }),
    ),
  );
}

function occupiedSlots(pool: CheckPool, slots: Slots, live: LiveServers): readonly Command[] {
  return (slots[pool.name] ?? []).flatMap((holder, index) => {
    const server = `${checkBackend(pool.name)}/${slotName(index)}`;
    const address = pool.servers.find((each) => each.id === holder)?.address;
    const now = live.get(server);
    if (address === undefined || (now?.maintenance === false && now.address === address)) return [];
    // A server that leaves maintenance counts as up until it is checked, so it is sent down at once.
    const changes = ['state maint', `addr ${address}`, 'state ready', 'health down'];
    return [
      ...changes.map((change) => ({ text: `set server ${server} ${change}` })),
      ...(live.has(probeOf(server)) ? removeProbe(server) : []),
      // A probe knows of one success only.
      ...((pool.pace?.rise ?? 1) > 1 ? [] : addProbe(server, address, pool.check.port)),
    ];
  });
}

function freeSlots(pool: CheckPool, slots: Slots, live: LiveServers): readonly Command[] {
  return (slots[pool.name] ?? []).flatMap((holder, index) => {
    const server = `${checkBackend(pool.name)}/${slotName(index)}`;
    if (holder !== null) return [];
    return [
      ...(live.has(probeOf(server)) ? removeProbe(server) : []),
      ...(live.get(server)?.maintenance === false ? [{ text: `set server ${server} state maint` }] : []),
    ];
  });
}

function joinMember(
  server: string,
  { backend, member, slot, limit }: WantedMember,
  live: LiveServer | undefined,
): readonly Command[] {
  const add =
    live === undefined
      ? [{ text: `add server ${backend}/${serverArguments(member, slot, limit)}` }]
      : [...limitMember(server, limit), ...weighMember(server, member, live)];
  const blocked = live === undefined || live.maintenance || live.draining;
  return member.state === 'active' && blocked ? [...add, { text: `set server ${server} state ready` }] : add;
}

/** HAProxy does not tell the limit among what is read of its servers: it is set whether it has changed or not. */
function limitMember(server: string, limit: number | undefined): readonly Command[] {
  return limit === undefined ? [] : [{ text: `set maxconn server ${server} ${limit}` }];
}

/** One that leaves keeps what it has; without a word of it all weigh 1. */
function weighMember(server: string, { weight = 1, state }: Member, live: LiveServer): readonly Command[] {
  return state === 'draining' || weight === live.weight ? [] : [{ text: `set server ${server} weight ${weight}` }];
}

function drainMember(server: string, member: Member, live: LiveServer | undefined): readonly Command[] {
  const takesTraffic = live !== undefined && !live.maintenance && !live.draining;
  return member.state === 'draining' && takesTraffic ? [{ text: `set server ${server} state drain` }] : [];
}

function strangers(table: RoutingTable, wanted: ReadonlyMap<string, unknown>, live: LiveServers): readonly Command[] {
  const backends = table.routes.flatMap((route) =>
    (['a', 'b'] as const).map((colour) => `${backendName(route.loadBalancer, colour)}/`),
  );
  const gone = [...live].filter(
    ([server]) => !wanted.has(server) && backends.some((backend) => server.startsWith(backend)),
  );
  return gone.flatMap(([server, { maintenance }]) => [
    ...(maintenance ? [] : [{ text: `set server ${server} state maint` }]),
    { text: `del server ${server}`, optional: true as const },
  ]);
}
