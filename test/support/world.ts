import { Journal } from '../../src/app/journal.ts';
import { Reconciler, type Pass } from '../../src/app/reconcile.ts';
import { desire, type DesiredState } from '../../src/core/desire.ts';
import type { Manifest } from '../../src/core/model.ts';
import { isUp } from '../../src/core/rollout/view.ts';
import { MemoryBalancer } from './memory-balancer.ts';
import { MemoryEngine } from './memory-engine.ts';
import { MemoryRuntime } from './memory-runtime.ts';
import { VirtualClock } from './virtual-clock.ts';

const TICK = 250;

/** The real reconciler over an engine and a balancer in memory, with time that moves only when a test says so. */
export class World {
  readonly clock = new VirtualClock();
  readonly engine = new MemoryEngine(this.clock);
  readonly balancer = new MemoryBalancer(this.engine);
  readonly events: string[] = [];
  /** What a client of load balancer `web` could reach after each pass, where it changed. */
  readonly seen: string[] = [];
  reconciler: Reconciler;
  private desired: DesiredState = this.desire([]);
  private node = {};

  constructor(node: ConstructorParameters<typeof MemoryRuntime>[2] = {}) {
    this.node = node;
    this.reconciler = this.start();
  }

  /** A new process: what is remembered between passes is gone. */
  restart(): void {
    this.reconciler = this.start();
  }

  commit(manifests: readonly Manifest[], message = 'change'): void {
    this.desired = this.desire(manifests, message);
    this.reconciler.forgetFailures();
  }

  /** One pass, then a tick of the clock. */
  async pass(): Promise<Pass> {
    const pass = await this.reconciler.pass(this.desired, new AbortController().signal);
    await new Promise(setImmediate);
    this.clock.advance(TICK);
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

  /** `web:v1#1`: image and slot of what is up, sorted. */
  up(): string[] {
    this.engine.settle();
    const containers = [...this.engine.containers.values()].map((each) => each.toInstance());
    return containers
      .filter(isUp)
      .map((each) => `${each.spec?.image ?? ''}#${each.slot}`)
      .sort();
  }

  stopped(): string[] {
    const containers = [...this.engine.containers.values()].map((each) => each.toInstance());
    return containers
      .filter((each) => !isUp(each))
      .map((each) => `${each.spec?.image ?? ''}#${each.slot}`)
      .sort();
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
      clock: this.clock,
      journal,
      prune: { budget: { maxFraction: 0.2, maxCount: 3 }, all: false },
      balancerEnabled: 'auto',
      wake: () => undefined,
    });
  }
}
