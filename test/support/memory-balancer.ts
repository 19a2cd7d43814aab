import type { MemberHealth, ObservedBalancer } from '../../src/core/observed.ts';
import type { Balancer } from '../../src/core/ports.ts';
import type { RoutingTable } from '../../src/core/routing.ts';
import type { MemoryEngine } from './memory-engine.ts';

/** A balancer in memory over the containers of a MemoryEngine: a check passes while its container runs and its image is not said to fail. */
export class MemoryBalancer implements Balancer {
  readonly tables: RoutingTable[] = [];
  /** Addresses whose checks fail. */
  readonly failing = new Set<string>();
  /** Images whose checks fail. */
  readonly failingImages = new Set<string>();
  /** Sessions by server id. */
  readonly sessions = new Map<string, number>();
  oldWorkers = 0;
  private table: RoutingTable | undefined;
  private readonly engine: MemoryEngine;

  constructor(engine: MemoryEngine) {
    this.engine = engine;
  }

  observe(): Promise<ObservedBalancer> {
    if (this.table === undefined) return Promise.resolve({ state: 'absent', checks: {}, members: {}, oldWorkers: 0 });
    const { checks, routes } = this.table;
    return Promise.resolve({
      state: 'running',
      table: this.table,
      checks: Object.fromEntries(
        checks.flatMap((pool) =>
          pool.servers.map(({ id, address }) => [`${pool.name}/${id}`, this.health(id, address)]),
        ),
      ),
      members: Object.fromEntries(
        routes.flatMap((route) =>
          (['a', 'b'] as const).flatMap((colour) =>
            route.pools[colour].members.map(({ id, address }) => [
              `${route.loadBalancer}/${colour}/${id}`,
              this.health(id, address),
            ]),
          ),
        ),
      ),
      oldWorkers: this.oldWorkers,
    });
  }

  async apply(table: RoutingTable): Promise<void> {
    await this.engine.mutate('route');
    this.table = table;
    this.tables.push(table);
  }

  async remove(): Promise<void> {
    await this.engine.mutate('remove balancer');
    this.table = undefined;
  }

  close(): void {
    this.table = undefined;
  }

  /** Releases that a request to the load balancer can reach now. */
  reachable(loadBalancer: string): string[] {
    const route = this.table?.routes.find((each) => each.loadBalancer === loadBalancer);
    if (route === undefined) return [];
    const members = route.pools[route.active].members.filter((each) => each.state === 'active');
    const up = members.filter((each) => this.health(each.id, each.address).check === 'up');
    return [...new Set(up.map((each) => `${each.service}@${each.release}`))].sort();
  }

  private health(id: string, address: string): MemberHealth {
    const container = [...this.engine.containers.values()].find((each) => each.address === address);
    const isUp =
      container?.state === 'running' &&
      !this.failing.has(address) &&
      !this.failingImages.has(container.slot.container.image);
    return {
      check: isUp ? 'up' : 'down',
      description: isUp ? 'L7OK/200' : 'L7STS/503',
      sessions: this.sessions.get(id) ?? 0,
      errors: 0,
    };
  }
}
