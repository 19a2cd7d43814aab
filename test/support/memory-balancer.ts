import type { MemberHealth, ObservedBalancer } from '../../src/core/observed.ts';
import type { Balancer, RequestOptions } from '../../src/core/ports.ts';
import { ReasonError } from '../../src/core/reason.ts';
import type { HandledRequest } from '../../src/core/requests.ts';
import type { Route, RoutingTable } from '../../src/core/routing.ts';
import type { MemoryContainer } from './memory-container.ts';
import { sameTable } from '../../src/core/rollout/table.ts';
import type { MemoryEngine } from './memory-engine.ts';

/** A server is asked for the first time this long after it was added. */
const FIRST_CHECK = 500;
/** After a reload the worker before it is there for this long. */
const OLD_WORKER_LIVES = 2_000;
const UNREACHABLE = { reason: 'balancer-unreachable', message: 'The balancer does not answer.' } as const;

/**
 * A balancer in memory over the containers of a MemoryEngine: a check passes while its container runs and is not said to
 * fail. As in HAProxy a new server is not up before it was asked, and another set of routes needs a reload.
 */
export class MemoryBalancer implements Balancer {
  readonly tables: RoutingTable[] = [];
  /** Addresses whose checks fail. */
  readonly failing = new Set<string>();
  /** Images whose checks fail. */
  readonly failingImages = new Set<string>();
  /** Sessions by server id. */
  readonly sessions = new Map<string, number>();
  /** Why it takes no table, until undefined again. */
  problem: ObservedBalancer['problem'];
  /** false: it cannot be observed. */
  answers = true;
  /** What its log has. */
  readonly handled: HandledRequest[] = [];
  private table: RoutingTable | undefined;
  private reloadedAt = -Infinity;
  /** When a server of a check pool was added, by `pool/server`. */
  private addedAt = new Map<string, number>();
  private readonly engine: MemoryEngine;

  constructor(engine: MemoryEngine) {
    this.engine = engine;
  }

  observe(): Promise<ObservedBalancer> {
    return Promise.resolve(this.observed());
  }

  async apply(table: RoutingTable): Promise<void> {
    if (this.table === undefined || !sameTable(this.table, table)) await this.engine.mutate('route');
    if (!this.answers) throw new ReasonError(UNREACHABLE.reason, UNREACHABLE.message);
    if (this.problem !== undefined) throw new ReasonError(this.problem.reason, this.problem.message);
    const now = this.engine.clock.now();
    if (this.table !== undefined && skeleton(table) !== skeleton(this.table)) this.reloadedAt = now;
    const keys = table.checks.flatMap((pool) => pool.servers.map(({ id }) => `${pool.name}/${id}`));
    this.addedAt = new Map(keys.map((key) => [key, this.addedAt.get(key) ?? now]));
    this.table = table;
    this.tables.push(table);
  }

  async *requests({ tail, wanted }: RequestOptions): AsyncGenerator<HandledRequest> {
    yield* await Promise.resolve(this.handled.filter(wanted).slice(-tail));
  }

  async remove(): Promise<void> {
    await this.engine.mutate('remove balancer');
    this.lose();
  }

  /** Its container is removed by hand, with all that it knew. */
  lose(): void {
    this.table = undefined;
    this.addedAt.clear();
    this.reloadedAt = -Infinity;
  }

  close(): void {
    this.lose();
  }

  /** What it works by now. */
  get recorded(): RoutingTable | undefined {
    return this.table;
  }

  /** Releases that a request to the load balancer can reach now. */
  reachable(loadBalancer: string): string[] {
    const route = this.table?.routes.find((each) => each.loadBalancer === loadBalancer);
    if (route === undefined) return [];
    const byAddress = this.containersByAddress();
    const members = route.pools[route.active].members.filter((each) => each.state === 'active');
    const up = members.filter(
      ({ id, address, check }) => this.health(`${check}/${id}`, byAddress.get(address), 0).check === 'up',
    );
    return [...new Set(up.map((each) => `${each.service}@${each.release}`))].sort();
  }

  private observed(): ObservedBalancer {
    const nothing = { checks: {}, members: {}, oldWorkers: 0, ...(this.problem && { problem: this.problem }) };
    if (!this.answers) return { state: 'unreachable', ...nothing, problem: UNREACHABLE };
    if (this.table === undefined) return { state: 'absent', ...nothing };
    const isReloaded = this.engine.clock.now() - this.reloadedAt < OLD_WORKER_LIVES;
    const byAddress = this.containersByAddress();
    return {
      ...nothing,
      state: 'running',
      table: this.table,
      checks: Object.fromEntries(this.checks(byAddress)),
      members: Object.fromEntries(this.table.routes.flatMap((route) => this.members(route, byAddress))),
      oldWorkers: isReloaded ? 1 : 0,
    };
  }

  private checks(byAddress: ReadonlyMap<string, MemoryContainer>): [string, MemberHealth][] {
    const pools = this.table?.checks ?? [];
    return pools.flatMap((pool) =>
      pool.servers.map(({ id, address }): [string, MemberHealth] => {
        const key = `${pool.name}/${id}`;
        return [key, this.health(key, byAddress.get(address), 0)];
      }),
    );
  }

  private members(route: Route, byAddress: ReadonlyMap<string, MemoryContainer>): [string, MemberHealth][] {
    return (['a', 'b'] as const).flatMap((colour) =>
      route.pools[colour].members.map(({ id, address, check }): [string, MemberHealth] => [
        `${route.loadBalancer}/${colour}/${id}`,
        this.health(`${check}/${id}`, byAddress.get(address), this.sessions.get(id) ?? 0),
      ]),
    );
  }

  private health(key: string, container: MemoryContainer | undefined, sessions: number): MemberHealth {
    const isNew = this.engine.clock.now() - (this.addedAt.get(key) ?? 0) < FIRST_CHECK;
    if (isNew) return { check: 'starting', description: 'INI', sessions, errors: 0, requests: 0, queue: 0 };
    return this.passes(container)
      ? { check: 'up', description: 'L7OK', sessions, errors: 0, requests: 0, queue: 0 }
      : { check: 'down', description: 'L7STS/503', sessions, errors: 0, requests: 0, queue: 0 };
  }

  private passes(container: MemoryContainer | undefined): boolean {
    if (container?.state !== 'running' || this.failing.has(container.address)) return false;
    return !this.failingImages.has(container.slot.container.image);
  }

  private containersByAddress(): ReadonlyMap<string, MemoryContainer> {
    this.engine.settle();
    return new Map([...this.engine.containers.values()].map((each) => [each.address, each]));
  }
}

/** What HAProxy cannot change while it runs. */
function skeleton({ checks, routes }: RoutingTable): string {
  return JSON.stringify([
    checks.map(({ name }) => name),
    routes.map(({ loadBalancer, path, stripPath, timeouts }) => ({ loadBalancer, path, stripPath, timeouts })),
  ]);
}
