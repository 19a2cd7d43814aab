import type { DesiredService } from './desire.ts';
import { groupBy } from './group.ts';
import type { Resources } from './model.ts';
import { Neighbours } from './neighbours.ts';
import { isTrusted, isUp, type Instance, type ObservedNode } from './observed.ts';
import type { Reason } from './reason.ts';

/** Why an instance does not fit on a node, with what the node has free: cores and MB. */
interface PlacementProblem {
  readonly reason: Reason;
  readonly host: {
    readonly name: string;
    readonly cpu: number;
    readonly memory: number;
    readonly capabilities: readonly string[];
    readonly services: readonly string[];
  };
}

export interface Unscheduled {
  readonly service: string;
  /** Counts from 1. */
  readonly instance: number;
  readonly cpu: number;
  /** MB */
  readonly memory: number;
  readonly requirements: readonly string[];
  readonly problems: readonly PlacementProblem[];
}

export interface Placement {
  /** Instances that may run, by service. */
  readonly admitted: Readonly<Record<string, number>>;
  /** Services whose new release does not fit: the old one serves on. */
  readonly blocked: readonly string[];
  readonly unscheduled: readonly Unscheduled[];
  /** What is left once everything admitted runs; never below what runs already. */
  readonly free: Demand;
}

export interface Demand {
  readonly cpu: number;
  readonly memory: number;
}

const MB = 1024 * 1024;

/**
 * Admits instances to the one node: first those of services that run already (nothing that runs moves without cause),
 * then the others by name. What does not fit is listed with the reason, and everything else goes on.
 */
export function place(
  services: readonly DesiredService[],
  instances: readonly Instance[],
  node: ObservedNode,
): Placement {
  const byService = groupBy(instances, (each) => each.service);
  const standing = new Map([...byService].map(([name, own]) => [name, standingOf(own)]));
  const count = (service: DesiredService) => standing.get(service.name)?.length ?? 0;
  const order = [...services].sort((a, b) => count(b) - count(a) || (a.name < b.name ? -1 : 1));
  const ledger = new Ledger(node);
  for (const service of order) ledger.admitStanding(service, standing.get(service.name) ?? []);
  for (const service of order) ledger.admitRest(service);
  return ledger.placement();
}

/**
 * What holds a service's place on the node: what is up, or, where nothing is, what served last: a service that is down for
 * a moment, between two releases or with its machine, loses its place to nobody.
 */
function standingOf(instances: readonly Instance[]): readonly Instance[] {
  const up = instances.filter(isUp);
  return up.length > 0 ? up : instances.filter(isTrusted);
}

/** The node's accounts while instances are admitted; the one place that holds changing state. */
class Ledger {
  private free: Demand;
  /** By service, whatever its name: `constructor` too. */
  private readonly admitted = Object.create(null) as Record<string, number>;
  private readonly blocked: string[] = [];
  private readonly unscheduled: Unscheduled[] = [];
  private readonly node: ObservedNode;
  private readonly neighbours = new Neighbours();
  /** What an older release of a service still holds, until the new one is admitted in its place. */
  private readonly held = new Map<string, readonly Instance[]>();
  /** Green-blue services that start a new set: they need room for both at once; the others make room as they go. */
  private readonly doubled = new Set<string>();

  constructor(node: ObservedNode) {
    this.node = node;
    this.free = { cpu: node.cpu - node.foreign.cpu, memory: node.memory - node.foreign.memory };
  }

  /** What runs stays, unless the node no longer suits the service at all; an older release holds its place. */
  admitStanding(service: DesiredService, standing: readonly Instance[]): void {
    const own = standing.filter((each) => each.release === service.release);
    const current = new Set(own.map((each) => each.slot)).size;
    const running = own.filter(isUp).length;
    for (let instance = 1; instance <= Math.min(current, service.instances); instance++) {
      const isFree = instance <= running || !this.isPortTaken(service, instance);
      if (isFree && this.unsuitable(service, instance) === undefined) this.admit(service);
    }
    const others = standing.filter((each) => each.release !== service.release);
    const old = others.slice(0, Math.max(0, service.instances - current));
    this.held.set(service.name, old);
    if (service.strategy === 'green-blue' && current === 0) this.doubled.add(service.name);
    for (const each of old) this.free = minus(this.free, each.resources);
    if (old.length > 0) this.neighbours.add(service.service);
  }

  admitRest(service: DesiredService): void {
    const old = this.held.get(service.name) ?? [];
    if (!this.doubled.has(service.name)) for (const each of old) this.free = plus(this.free, each.resources);
    const refused = this.unscheduled.length;
    const running = this.admitted[service.name] ?? 0;
    for (let instance = running + 1; instance <= service.instances; instance++) {
      const taken = this.isPortTaken(service, instance) ? 'host-port-conflict' : undefined;
      const reason = this.unsuitable(service, instance) ?? taken ?? this.shortage(service);
      if (reason === undefined) this.admit(service);
      else this.unscheduled.push(this.refusal(service, instance, reason));
    }
    if (old.length > 0 && this.unscheduled.length > refused) this.block(service, old, running);
  }

  placement(): Placement {
    return { admitted: this.admitted, blocked: this.blocked, unscheduled: this.unscheduled, free: this.free };
  }

  private admit(service: DesiredService): void {
    this.neighbours.add(service.service);
    this.admitted[service.name] = (this.admitted[service.name] ?? 0) + 1;
    this.free = minus(this.free, service.service.resources);
  }

  /** The new release does not fit in the place of the old one, which therefore stays, with its reservations. */
  private block(service: DesiredService, old: readonly Instance[], running: number): void {
    this.blocked.push(service.name);
    for (let count = this.admitted[service.name] ?? 0; count > 0; count--) {
      this.free = plus(this.free, service.service.resources);
    }
    if (!this.doubled.has(service.name)) for (const each of old) this.free = minus(this.free, each.resources);
    this.admitted[service.name] = running + old.length;
  }

  private unsuitable(service: DesiredService, instance: number): Reason | undefined {
    const { maxPerNode, requirements } = service.service;
    if (maxPerNode !== undefined && instance > maxPerNode) return 'duplicate';
    if (requirements.some((each) => !this.node.capabilities.includes(each))) return 'missing-capabilities';
    return this.neighbours.rejects(service.service) ? 'conflicts-with' : undefined;
  }

  /** By something that is not ours, or by the service's own first instance. */
  private isPortTaken({ service }: DesiredService, instance: number): boolean {
    const bound = service.container.ports.filter(({ hostPort }) => hostPort !== undefined);
    const isForeign = (key: string) => this.node.foreignHostPorts.includes(key);
    return bound.some(({ hostPort, protocol }) => instance > 1 || isForeign(`${hostPort ?? 0}/${protocol}`));
  }

  private shortage(service: DesiredService): Reason | undefined {
    const { cpu, memory } = service.service.resources;
    if (memory > 0 && memory > this.free.memory) return 'not-enough-memory';
    return cpu > 0 && milli(cpu) > milli(this.free.cpu) ? 'not-enough-cpu' : undefined;
  }

  private refusal(service: DesiredService, instance: number, reason: Reason): Unscheduled {
    const { resources, requirements } = service.service;
    const host = {
      name: this.node.name,
      cpu: milli(this.free.cpu) / 1000,
      memory: Math.floor(this.free.memory / MB),
      capabilities: this.node.capabilities,
      services: this.neighbours.names,
    };
    return {
      service: service.name,
      instance,
      cpu: resources.cpu,
      memory: Math.ceil(resources.memory / MB),
      requirements,
      problems: [{ reason, host }],
    };
  }
}

function minus(free: Demand, resources: Resources): Demand {
  return { cpu: free.cpu - resources.cpu, memory: free.memory - resources.memory };
}

function plus(free: Demand, resources: Resources): Demand {
  return { cpu: free.cpu + resources.cpu, memory: free.memory + resources.memory };
}

export function fits(free: Demand, resources: Resources, count: number): boolean {
  const { cpu, memory } = resources;
  return (memory === 0 || memory * count <= free.memory) && (cpu === 0 || milli(cpu) * count <= milli(free.cpu));
}

/** Sums of tenths of a core are compared exactly: an exact fit fits. */
function milli(cores: number): number {
  return Math.round(cores * 1000);
}
