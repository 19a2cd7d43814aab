import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { startLoad, type Load, type LoadReport, USUAL_LOAD } from '../../lab/load.ts';
import type { Call } from '../../support/engine-call.ts';
import { EngineProxy, type Side } from '../../support/engine-proxy.ts';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { takesOver } from '../load/taking-over.ts';
import { stateOf, type ClusterState } from './state.ts';

/** Longer than any pause of a rollout between two steps. */
const QUIET = 2_500;

/** Where a process is ended, and how: at its `at`-th call of a rollout that changes something. */
export interface Point {
  readonly at: number;
  readonly side: Side;
  /** SIGTERM is given while the engine lets it wait for the answer to that call. */
  readonly signal: 'SIGKILL' | 'SIGTERM';
}

/** The call at which it was ended; none: the rollout had no more of them. */
export interface Crash {
  readonly call: Call | undefined;
  /** Milliseconds from the signal to its end. */
  readonly ending: number;
  readonly report: LoadReport;
}

/** A cluster whose reconciler is killed again and again, always in the middle of something. */
export class CrashWalk implements AsyncDisposable {
  readonly scenario: Scenario;
  private readonly proxy: EngineProxy;
  private running: RunningFairlead;
  /** By manifests: how the cluster looks where nobody was killed. */
  private readonly expected = new Map<string, ClusterState>();

  private constructor(scenario: Scenario, proxy: EngineProxy) {
    this.scenario = scenario;
    this.proxy = proxy;
    this.running = scenario.run();
  }

  static async open(): Promise<CrashWalk> {
    const proxy = await EngineProxy.open();
    return new CrashWalk(await Scenario.create({ through: proxy.host }), proxy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scenario[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
  }

  /** Goes to these manifests undisturbed, and remembers what the cluster is then; how many calls that took. */
  async learn(manifests: string): Promise<number> {
    const before = this.proxy.changes.length;
    const since = this.running.log.length;
    await this.push(manifests);
    await until('the commit is taken', () => this.running.log.slice(since).includes('took '));
    await this.scenario.answers('web.example.com', {});
    this.expected.set(manifests, await this.restingState());
    return this.proxy.changes.length - before;
  }

  /** Goes to these manifests with a crash on the way, under load. */
  async crash(manifests: string, { at, side, signal }: Point): Promise<Crash> {
    await using load = this.load();
    await takesOver(load, 20);
    const held: { call?: Call } = {};
    void this.proxy.hold(at, side).then((call) => (held.call = call));
    await this.push(manifests);
    await this.rest(manifests, () => held.call !== undefined);
    const since = Date.now();
    if (held.call !== undefined) expect(await this.running.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : null);
    const ending = Date.now() - since;
    this.proxy.drop();
    if (held.call !== undefined) this.running = this.scenario.run();
    await this.arrival(manifests);
    await takesOver(load, 100);
    // Still, but for a file that is just being written.
    await this.arrival(manifests);
    return { call: held.call, ending, report: await load.stop() };
  }

  /** Until somebody is held, or the rollout is over and nothing has come after it. */
  private async rest(manifests: string, isHeld: () => boolean): Promise<void> {
    let last = Infinity;
    const ask = async () => {
      if (isHeld()) return true;
      const isThere = await this.isAt(manifests);
      last = isThere ? Math.min(last, Date.now()) : Infinity;
      return Date.now() - last > QUIET;
    };
    await until('a call to stop at, or the end', ask, { within: 60_000, every: 150, seen: () => this.scenario.logs() });
  }

  private async push(manifests: string): Promise<void> {
    await this.scenario.repository.push({ 'app.yaml': manifests }, 'Go on');
  }

  private load(): Load {
    return startLoad({
      ...USUAL_LOAD,
      port: this.scenario.httpPort,
      hostHeader: 'web.example.com',
      ratePerSecond: 100,
      newConnectionsPerSecond: 20,
      idleConnections: 10,
      slow: { path: '/slow?ms=300', everyMs: 500 },
    });
  }

  private async isAt(manifests: string): Promise<boolean> {
    const now = await stateOf(this.scenario).catch(() => undefined);
    return isDeepStrictEqual(now, this.expected.get(manifests));
  }

  /** The state that it would have come to without the crash. */
  private async arrival(manifests: string): Promise<void> {
    let seen: unknown;
    const ask = async () => {
      seen = await stateOf(this.scenario).catch(String);
      return isDeepStrictEqual(seen, this.expected.get(manifests));
    };
    const both = () =>
      `${JSON.stringify(seen, null, 1)}\nin place of\n${JSON.stringify(this.expected.get(manifests), null, 1)}`;
    const tell = () => `${both()}\n${this.scenario.logs()}`;
    await until('the state of a rollout without a crash', ask, { within: 60_000, every: 100, seen: tell });
  }

  /** The state once it has not changed for a while. */
  private async restingState(): Promise<ClusterState> {
    for (let last = await stateOf(this.scenario); ;) {
      await delay(QUIET);
      const now = await stateOf(this.scenario);
      if (isDeepStrictEqual(now, last)) return now;
      last = now;
    }
  }
}
