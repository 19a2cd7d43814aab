import { Journal } from '../../src/app/journal.ts';
import { Reconciler, type Pass } from '../../src/app/reconcile.ts';
import { desire, type DesiredState } from '../../src/core/desire.ts';
import type { Manifest } from '../../src/core/model.ts';
import { isUp } from '../../src/core/observed.ts';
import { report } from '../../src/core/status/report.ts';
import type { StatusReport } from '../../src/core/status/status.ts';
import { MemoryBalancer } from './memory-balancer.ts';
import { MemoryCertificates } from './memory-certificates.ts';
import { MemoryEngine } from './memory-engine.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemoryRuntime } from './memory-runtime.ts';
import { VirtualClock } from './virtual-clock.ts';

const TICK = 250;
const IMAGES_KEPT = 7 * 24 * 3_600_000;

/** What the process notices of an engine that restarts: `watched`, also how one container after the other falls. */
export const WITNESSES = ['watched', 'seen', 'unseen', 'dead'] as const;
export type Witness = (typeof WITNESSES)[number];

/** The real reconciler over an engine and a balancer in memory, with time that moves only when a test says so. */
export class World {
  readonly clock = new VirtualClock();
  readonly engine = new MemoryEngine(this.clock);
  readonly balancer = new MemoryBalancer(this.engine);
  readonly certificates = new MemoryCertificates();
  /** As in a state directory, which outlives processes. */
  readonly ledger = new MemoryLedger();
  readonly events: string[] = [];
  /** What a client of load balancer `web` could reach after each pass, where it changed. */
  readonly seen: string[] = [];
  /** Milliseconds that mutating calls take, by their first word. */
  readonly latency = new Map<string, number>();
  /** Called with each mutating call when it begins. */
  onMutation: (mutation: string) => void = () => undefined;
  reconciler: Reconciler;
  private desired: DesiredState = this.desire([]);
  private readonly node: ConstructorParameters<typeof MemoryRuntime>[2];
  private readonly sleepers: { readonly mutation: string; readonly at: number; readonly wake: () => void }[] = [];
  private readonly timers = new Set<{ readonly at: number; readonly wake: () => void }>();
  private callsLeft = Infinity;

  constructor(node: ConstructorParameters<typeof MemoryRuntime>[2] = {}) {
    this.node = node;
    this.engine.beforeMutation = (mutation) => this.before(mutation);
    this.reconciler = this.start();
  }

  /** A new process: what is remembered between passes is gone, and what the old one waited for does not happen. */
  restart(): void {
    this.sleepers.length = 0;
    this.reconciler = this.start();
  }

  /** The process is killed in place of its next mutating call but `count`; the next pass is a new process's. */
  crashAfter(count: number): void {
    this.callsLeft = count;
  }

  /** The engine goes down with all that runs, and comes back; the process sees that, or not, or goes down with it. */
  async restartEngine(witness: Witness): Promise<void> {
    const { engine, clock } = this;
    const alive = () => [...engine.containers.values()].filter((each) => each.alive);
    const watch = async () => {
      engine.reachable = false;
      await this.pass().catch(() => undefined);
    };
    if (witness === 'seen') await watch();
    const left = [...engine.containers.values()].filter((each) => each.hasTriesLeft);
    const fallen = alive();
    for (const container of fallen) {
      container.stop(clock.now());
      clock.advance(500);
      if (witness === 'watched') await this.pass();
    }
    if (witness === 'watched') await watch();
    for (const container of alive()) container.stop(clock.now());
    clock.advance(5_000);
    engine.startedAt = clock.now();
    for (const container of [...left, ...fallen].filter((each) => engine.containers.get(each.name) === each))
      if (container.restartPolicy !== 'no' || container.cluster !== 'demo') engine.start(container);
    engine.reachable = true;
    if (witness === 'dead') this.restart();
  }

  commit(manifests: readonly Manifest[], message = 'change'): void {
    this.desired = this.desire(manifests, message);
    this.reconciler.forgetFailures();
  }

  /** One pass, then a tick of the clock. */
  async pass(tick = TICK): Promise<Pass> {
    const pass = await this.reconcile();
    await settled();
    if (this.callsLeft < 0) await this.die();
    this.clock.advance(tick);
    await this.wakeSleepers();
    const reachable = this.balancer.reachable('web').join(' ');
    if (this.seen.at(-1) !== reachable) this.seen.push(reachable);
    return pass;
  }

  /** Passes until the condition holds; fails after ten virtual minutes. */
  async until(condition: (pass: Pass) => boolean): Promise<Pass> {
    for (let count = 0; count < 2400; count++) {
      const pass = await this.pass();
      if (condition(pass)) return pass;
    }
    throw new Error(`not reached; the last events are\n${this.events.slice(-20).join('\n')}`);
  }

  async steady(): Promise<Pass> {
    return await this.until((pass) => pass.steady);
  }

  async take(manifests: readonly Manifest[], message?: string): Promise<Pass> {
    this.commit(manifests, message);
    return await this.steady();
  }

  /** Passes for this many virtual seconds. */
  async wait(seconds: number): Promise<Pass> {
    const end = this.clock.now() + seconds * 1000;
    for (;;) {
      const pass = await this.pass();
      if (this.clock.now() >= end) return pass;
    }
  }

  status({ state, plan }: Pass): StatusReport {
    const { id, message, author } = this.desired.revision;
    const revision = { tried: id, applied: id, lastGood: id, message, author, at: '' };
    const now = this.clock.now();
    return report({
      desired: this.desired,
      state,
      plan,
      revision,
      problems: [],
      events: [],
      logTails: {},
      balancerPorts: { http: 80, https: 443 },
      observedAt: new Date(now),
    });
  }

  /** `web:v1#1`: image and slot of what is up, sorted. */
  up(): string[] {
    return this.containers(true);
  }

  stopped(): string[] {
    return this.containers(false);
  }

  private containers(up: boolean): string[] {
    this.engine.settle();
    const own = [...this.engine.containers.values()].filter((each) => each.cluster === 'demo');
    return own
      .map((each) => each.toInstance())
      .filter((each) => isUp(each) === up)
      .map((each) => `${each.spec?.image ?? ''}#${each.slot}`)
      .sort();
  }

  /** A call takes as long as the clock says, so a pass goes on once nothing but waiting is left. */
  private async reconcile(): Promise<Pass> {
    const pass = this.reconciler.pass(this.desired, new AbortController().signal);
    const over = pass.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, settled()]))) {
      this.clock.advance(TICK);
      await this.wakeSleepers();
    }
    return await pass;
  }

  private async before(mutation: string): Promise<void> {
    if (!this.isSecondHalf(mutation)) this.callsLeft -= 1;
    if (this.callsLeft < 0) throw new Error('the process was killed');
    this.onMutation(mutation);
    const takes = this.latency.get(mutation.split(' ')[0] ?? '') ?? 0;
    const at = this.clock.now() + takes;
    if (takes > 0) await new Promise<void>((wake) => this.sleepers.push({ mutation, at, wake }));
  }

  /** A stopped container gets its restart policy and is started: a process killed in between is the runtime's affair. */
  private isSecondHalf(mutation: string): boolean {
    const [verb, name] = mutation.split(' ');
    return verb === 'start' && this.engine.mutations.at(-1) === `update ${name ?? ''}`;
  }

  private async wakeSleepers(): Promise<void> {
    const isDue = ({ at }: { at: number }) => at <= this.clock.now();
    const due = [...this.sleepers.filter(isDue), ...[...this.timers].filter(isDue)];
    if (due.length === 0) return;
    this.sleepers.splice(0, this.sleepers.length, ...this.sleepers.filter((each) => !isDue(each)));
    for (const { wake } of due) wake();
    await settled();
  }

  /** What the engine was asked for before still happens there; nothing else of the old process does. */
  private async die(): Promise<void> {
    for (const { mutation, wake } of this.sleepers.splice(0)) if (mutation !== 'route') wake();
    await settled();
    this.callsLeft = Infinity;
    this.restart();
  }

  private desire(manifests: readonly Manifest[], message = ''): DesiredState {
    const revision = { id: 'c0ffee', message, author: 'test', at: 0 };
    return desire(manifests, { cluster: 'demo', revision });
  }

  private start(): Reconciler {
    const journal = new Journal(this.clock, (event) => this.events.push(`${event.object}: ${event.message}`));
    return new Reconciler({
      runtime: new MemoryRuntime(this.engine, 'demo', this.node),
      balancer: this.balancer,
      certificates: this.certificates,
      clock: this.clock,
      journal,
      ledger: this.ledger,
      prune: { budget: { maxFraction: 0.2, maxCount: 3 }, all: false },
      images: { prune: true, keep: IMAGES_KEPT },
      balancerEnabled: 'auto',
      wake: () => undefined,
      sleep: (duration, signal) => this.sleep(duration, signal),
    });
  }

  private sleep(duration: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.timers.delete(timer);
        resolve();
      };
      const timer = { at: this.clock.now() + duration, wake };
      this.timers.add(timer);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** Everything that can go on without time going on has done so. */
export function settled(): Promise<false> {
  return new Promise((resolve) => setImmediate(() => resolve(false)));
}
