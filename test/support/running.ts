import { vi } from 'vitest';
import { tellAsked } from '../../src/app/asked.ts';
import { Journal } from '../../src/app/journal.ts';
import { Loop } from '../../src/app/loop.ts';
import { Publisher } from '../../src/app/publisher.ts';
import { Pulse } from '../../src/app/pulse.ts';
import { Reconciler } from '../../src/app/reconcile.ts';
import { Reporter } from '../../src/app/reporter.ts';
import { Source, type ManifestSet } from '../../src/app/source.ts';
import { Wake } from '../../src/app/wake.ts';
import type { ObservedRuntime } from '../../src/core/observed.ts';
import type { StatusReport } from '../../src/core/status/status.ts';
import { MemoryCertificates } from './memory-certificates.ts';
import { MemoryBalancer } from './memory-balancer.ts';
import { MemoryEngine } from './memory-engine.ts';
import type { MemoryRepository } from './memory-repository.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemoryRuntime } from './memory-runtime.ts';
import { settled } from './world.ts';

const LIMIT = 600_000;

/** A runtime that counts its full sweeps. */
class SweptRuntime extends MemoryRuntime {
  sweeps = 0;

  override observe(options?: { deep?: boolean }): Promise<ObservedRuntime> {
    if (options?.deep === true) this.sweeps += 1;
    return super.observe();
  }
}

interface Surroundings {
  readonly stateDir: string;
  readonly interval: number;
  readonly repository: MemoryRepository;
  /** What is in the folder of a revision, which is called by its id. */
  readonly manifests: ReadonlyMap<string, ManifestSet>;
  /** The one of an earlier process; else an empty one. */
  readonly engine?: MemoryEngine;
  readonly lastStatus?: StatusReport;
}

/**
 * The real loop over an engine, a balancer and a remote in memory. Its timers are vitest's: time goes on only while a test
 * waits.
 */
export class Running {
  readonly clock = { now: () => Date.now(), date: () => new Date() };
  readonly engine: MemoryEngine;
  readonly runtime: SweptRuntime;
  readonly balancer: MemoryBalancer;
  readonly events: string[] = [];
  readonly loop: Loop;
  readonly pulse = new Pulse(this.clock, 60_000);
  private readonly repository: MemoryRepository;
  private readonly controller = new AbortController();
  private readonly ended: Promise<void>;

  constructor({ stateDir, interval, repository, manifests, engine, lastStatus }: Surroundings) {
    this.repository = repository;
    this.engine = engine ?? new MemoryEngine(this.clock);
    this.runtime = new SweptRuntime(this.engine);
    const { clock, runtime, pulse } = this;
    const balancer = new MemoryBalancer(this.engine);
    this.balancer = balancer;
    const wake = new Wake();
    const journal = new Journal(clock, (event) => this.events.push(event.message));
    const prune = { budget: { maxFraction: 0.2, maxCount: 3 }, all: false };
    const read = (directory: string) => manifests.get(directory) ?? { manifests: [], problems: [], warnings: [] };
    this.loop = new Loop({
      runtime,
      reconciler: new Reconciler({
        runtime,
        balancer,
        certificates: new MemoryCertificates(),
        clock,
        journal,
        ledger: new MemoryLedger(),
        prune,
        images: { prune: true, keep: 0 },
        balancerEnabled: 'auto',
        wake: () => wake.call(),
        sleep: (duration, signal) => new Wake().sleep(duration, signal),
      }),
      reporter: new Reporter({ runtime, journal, clock, balancerPorts: { http: 80, https: 443 } }),
      source: new Source({ repository, cluster: 'demo', stateDir, read }),
      publisher: new Publisher({ repository, clock, journal, stateDir, enabled: true, wake: () => wake.call() }),
      journal,
      wake,
      pulse,
      clock,
      tellAsked: () => tellAsked(stateDir, journal),
      interval,
      ...(lastStatus && { lastStatus }),
    });
    this.ended = this.loop.run(this.controller.signal);
  }

  /** The last status on the branch. */
  get status(): StatusReport | undefined {
    const text = this.repository.published.at(-1)?.files['status.json'];
    return text === undefined ? undefined : (JSON.parse(text) as StatusReport);
  }

  /** Lets time go on until the condition holds; gives how many milliseconds that took. */
  async until(condition: () => unknown): Promise<number> {
    const start = Date.now();
    while (!isMet(condition())) {
      if (Date.now() - start > LIMIT)
        throw new Error(`not reached; the last events are\n${this.events.slice(-20).join('\n')}`);
      await this.goOn();
    }
    return Date.now() - start;
  }

  async wait(milliseconds: number): Promise<void> {
    await this.goOnUntil(new Promise((resolve) => setTimeout(resolve, milliseconds)));
  }

  /** Ends the loop as a signal does, and waits for it. */
  async end(): Promise<void> {
    this.controller.abort();
    await this.goOnUntil(this.ended);
  }

  private async goOnUntil(end: Promise<void>): Promise<void> {
    const state = { isOver: false };
    const over = end.finally(() => (state.isOver = true));
    while (!state.isOver) await this.goOn();
    await over;
  }

  /** To the next timer, with all that comes of it; work on files takes real time, in which the clock stands still. */
  private async goOn(): Promise<void> {
    await quiet();
    await vi.advanceTimersToNextTimerAsync();
    await quiet();
  }
}

async function quiet(): Promise<void> {
  do await settled();
  while (process.getActiveResourcesInfo().some((each) => /^(FSReq|CloseReq)/.test(each)));
}

function isMet(answer: unknown): boolean {
  return answer !== undefined && answer !== false;
}
