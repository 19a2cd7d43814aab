import { groupBy } from '../group.ts';
import { EMPTY_TABLE, type CheckPool, type Colour, type Member, type Route, type RoutingTable } from '../routing.ts';

/** A routing table by what is looked up in it, so that one service costs the same however many there are. */
export interface RoutingIndex {
  /** By load balancer. */
  readonly routes: ReadonlyMap<string, Route>;
  /** By name. */
  readonly checks: ReadonlyMap<string, CheckPool>;
  /** The checks that ask a server, by its id. */
  readonly checksByServer: ReadonlyMap<string, readonly CheckPool[]>;
  /** Where a server is a member, by its id. */
  readonly memberships: ReadonlyMap<string, readonly Membership[]>;
}

export interface Membership {
  readonly route: Route;
  readonly colour: Colour;
  readonly member: Member;
}

export function indexRouting({ checks, routes }: RoutingTable = EMPTY_TABLE): RoutingIndex {
  const asked = checks.flatMap((pool) => pool.servers.map(({ id }) => ({ id, pool })));
  return {
    routes: new Map(routes.map((each) => [each.loadBalancer, each])),
    checks: new Map(checks.map((each) => [each.name, each])),
    checksByServer: new Map(
      [...groupBy(asked, ({ id }) => id)].map(([id, entries]) => [id, entries.map(({ pool }) => pool)]),
    ),
    memberships: groupBy(routes.flatMap(membershipsIn), ({ member }) => member.id),
  };
}

function membershipsIn(route: Route): Membership[] {
  return (['a', 'b'] as const).flatMap((colour) =>
    route.pools[colour].members.map((member) => ({ route, colour, member })),
  );
}
