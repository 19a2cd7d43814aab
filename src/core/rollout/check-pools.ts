import type { CheckDefinition } from '../desire.ts';
import type { Instance } from '../observed.ts';
import type { CheckedServer, CheckPool, Member, Route } from '../routing.ts';
import { byId, isReachable, type TableContext } from './pool.ts';
import { checksFor, serverId } from './readiness.ts';

/** Every instance that is up is checked, routed or not; a check that a member follows stays as long as the member. */
export function checkPools(
  context: TableContext,
  instances: readonly Instance[],
  routes: readonly Route[],
): CheckPool[] {
  const pools = new Map<string, { definition: CheckDefinition; servers: Map<string, CheckedServer> }>();
  const add = (definition: CheckDefinition, server: CheckedServer) => {
    const entry = pools.get(definition.name) ?? { definition, servers: new Map<string, CheckedServer>() };
    pools.set(definition.name, entry);
    entry.servers.set(server.id, server);
  };
  for (const instance of instances.filter(isReachable)) {
    const desired = context.decisions.get(instance.service)?.view.desired;
    const server = { id: serverId(instance), address: instance.address ?? '' };
    for (const definition of checksFor(instance, desired, context.routing)) add(definition, server);
  }
  for (const { check, id, address } of routes.flatMap(membersOf)) {
    const definition = context.routing.checks.get(check);
    if (definition !== undefined) add(definition, { id, address });
  }
  return [...pools.values()].map(toPool).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function membersOf(each: Route): Member[] {
  return [...each.pools.a.members, ...each.pools.b.members];
}

function toPool({
  definition,
  servers,
}: {
  definition: CheckDefinition;
  servers: Map<string, CheckedServer>;
}): CheckPool {
  return { ...definition, servers: [...servers.values()].sort(byId) };
}
