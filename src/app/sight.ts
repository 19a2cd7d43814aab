import type { ObservedBalancer, ObservedState, UnderWay } from '../core/observed.ts';
import type { Balancer, Clock, Runtime } from '../core/ports.ts';
import { pastOf } from '../core/records.ts';
import { lookAt, withAbsence, type LastLook } from '../core/rollout/absence.ts';
import { withOutcomes, type Memory } from '../core/rollout/memory.ts';
import type { Step } from '../core/rollout/steps.ts';
import type { RoutingTable } from '../core/routing.ts';
import type { Description } from './describe.ts';
import type { Ledger } from './ledger.ts';
import type { Sleep } from './turns.ts';
import { notice } from './notice.ts';

/**
 * How a pass learns what the engine has: from the engine, with every container inspected anew (`deep`), or from what the
 * last pass was told (`remembered`), as no event has come since. A balancer that did not answer then is not asked either.
 */
export type Look = 'usual' | 'deep' | 'remembered';

/** Milliseconds in which a balancer answers that is well. */
const ENOUGH = 250;
/** The same of one that was not waited for the last time: it has been asked already. */
const LITTLE = 100;
const SILENT: ObservedBalancer = { state: 'unreachable', checks: {}, members: {}, oldWorkers: 0 };

interface Seen {
  readonly state: ObservedState;
  /** With what was away, and came back. */
  readonly memory: Memory;
}

/** What one process sees of engine and balancer, and has seen of them. */
export class Sight {
  private readonly options: {
    readonly runtime: Runtime;
    readonly balancer: Balancer;
    readonly clock: Clock;
    readonly sleep: Sleep;
    readonly ledger: Pick<Ledger, 'records'>;
  };
  private hurried: () => void = () => undefined;
  /** It was not waited for the last time. */
  private isSlow = false;
  private isAway = false;
  /** When the engine was last seen, if it ever was. */
  private lastLook: LastLook | undefined;
  /** What the balancer worked by when it was last seen. */
  private table: RoutingTable | undefined;
  /** What was seen last, and what has been done since. */
  private last: { readonly state: ObservedState; readonly done: readonly Step[] } | undefined;

  constructor(options: Sight['options']) {
    this.options = options;
  }

  /** `working`: steps that are under way. Errors: those of the engine; what it is asked next is asked anew. */
  async see(memory: Memory, look: Look, working: readonly Step[], signal: AbortSignal): Promise<Seen> {
    const remembered = look === 'remembered' ? this.last?.state : undefined;
    const { runtime, balancer } = this.options;
    try {
      const deep = look === 'deep';
      const isSilent = remembered?.balancer.state === 'unreachable';
      const seen = {
        runtime: remembered?.runtime ?? (await runtime.observe({ deep, signal })),
        balancer: isSilent ? remembered.balancer : await this.inHurry(balancer.observe()),
      };
      const state = {
        ...seen,
        balancer: this.withTable(seen.balancer),
        underWay: underWay(working),
        ...pastOf(this.options.ledger.records),
        date: this.options.clock.date().getTime(),
      };
      const known = withAbsence(this.welcome(memory, seen.balancer), seen.runtime, this.lastLook, this.isAway);
      this.isAway = false;
      this.lastLook = lookAt(seen.runtime, this.lastLook);
      return { state, memory: known };
    } catch (error) {
      this.isAway = true;
      this.last = undefined;
      throw error;
    }
  }

  /** Somebody has news that do not wait for a balancer which takes its time to answer. */
  hurry(): void {
    this.hurried();
  }

  private async inHurry(answer: Promise<ObservedBalancer>): Promise<ObservedBalancer> {
    const over = new AbortController();
    const hurry = this.isSlow ? undefined : new Promise<void>((resolve) => (this.hurried = resolve));
    const enough = Promise.all([hurry, this.options.sleep(this.isSlow ? LITTLE : ENOUGH, over.signal)]).then(
      () => SILENT,
    );
    try {
      const observed = await Promise.race([answer, enough]);
      this.isSlow = observed === SILENT;
      return observed;
    } finally {
      over.abort();
    }
  }

  /** What has happened since the last look without any step of ours. */
  notices(state: ObservedState, meanwhile: readonly Step[]): readonly Description[] {
    return this.last === undefined ? [] : notice(this.last.state, state, [...this.last.done, ...meanwhile]);
  }

  /** The end of a pass. */
  remember(state: ObservedState, done: readonly Step[]): void {
    this.last = { state, done };
  }

  /** The balancer was removed, with all that it worked by. */
  forgetTable(): void {
    this.table = undefined;
  }

  /** A balancer that is down for a moment has not forgotten where its routes lead. */
  private withTable(observed: ObservedBalancer): ObservedBalancer {
    if (observed.state === 'running') this.table = observed.table;
    return this.table === undefined ? observed : { ...observed, table: this.table };
  }

  /** What a balancer could not be told while it did not answer need not wait any longer. */
  private welcome(memory: Memory, { state }: ObservedBalancer): Memory {
    if (this.last?.state.balancer.state !== 'unreachable' || state === 'unreachable') return memory;
    if (memory.failures['balancer']?.problem.reason !== 'balancer-unreachable') return memory;
    return withOutcomes(memory, [{ object: 'balancer' }], this.options.clock.now());
  }
}

function underWay(working: readonly Step[]): UnderWay {
  const route = working.find((step) => step.do === 'route');
  const stops = working.filter((step) => step.do === 'stop');
  const starts = working.filter(
    (step): step is Extract<Step, { do: 'ensure' | 'prepare' }> => step.do === 'ensure' || step.do === 'prepare',
  );
  return {
    stopping: stops.map((step) => step.instance.id),
    starting: starts.map((step) => step.slot),
    ...(route && { table: route.table }),
  };
}
