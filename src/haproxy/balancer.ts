import { setTimeout as delay } from 'node:timers/promises';
import type { ObservedBalancer } from '../core/observed.ts';
import type { ContainerHost } from '../core/container-host.ts';
import type { Balancer, RequestOptions } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import type { HandledRequest } from '../core/requests.ts';
import type { RoutingTable } from '../core/routing.ts';
import { Access } from './access.ts';
import { admit } from './admission.ts';
import {
  changeTo,
  CommandRefused,
  converge,
  firstStart,
  needsReload,
  prepareStart,
  reloadTo,
  type Change,
} from './apply.ts';
import { configFile, configSettings, containerName, type BalancerIdentity } from './container.ts';
import { ConversationLost } from './dialogue.ts';
import { observeSession } from './observe.ts';
import { readRequests } from './requests.ts';
import { assertSafe } from './safety.ts';
import type { Session } from './session.ts';

export interface BalancerOptions extends BalancerIdentity {
  readonly host: ContainerHost;
  /** Milliseconds. */
  readonly now: () => number;
  /** What is done to the balancer, in a line each. */
  readonly log?: (line: string) => void;
  /** Chain and key of a certificate of the table, by its id. */
  readonly pem: (id: string) => string | undefined;
  /** Milliseconds that `observe` waits for its turn. */
  readonly patience?: number;
}

const BETWEEN_RELOADS = 2000;
const PATIENCE = 5000;
/** With one that did not answer the last time: it has as long as it wants, and nobody waits for it. */
const IMPATIENCE = 250;

/** HAProxy in a container of its own, reached through the engine alone. */
export function createBalancer(options: BalancerOptions): Balancer {
  return new HaproxyBalancer(options);
}

type Problem = NonNullable<ObservedBalancer['problem']>;

const SILENT: ObservedBalancer = { state: 'unreachable', checks: {}, members: {}, oldWorkers: 0 };
const BUSY: ObservedBalancer = {
  ...SILENT,
  problem: { reason: 'balancer-unreachable', message: 'The balancer is being changed, and that takes unusually long.' },
};

class HaproxyBalancer implements Balancer {
  private readonly options: BalancerOptions;
  private readonly access: Access;
  private readonly closing = new AbortController();
  private turn: Promise<unknown> = Promise.resolve();
  private reloadedAt = -Infinity;
  /** Set when HAProxy refused at run time what a reload brings about. */
  private mustReload = false;
  private problem: Problem | undefined;
  /** When it was last looked what the host has. */
  private admittedAt = 0;
  private observing: Promise<ObservedBalancer> | undefined;
  private isSilent = false;

  constructor(options: BalancerOptions) {
    this.options = options;
    this.access = new Access(options.host, options);
  }

  /** A change that hangs holds up nobody who looks. */
  async observe(): Promise<ObservedBalancer> {
    this.observing ??= this.ask().finally(() => (this.observing = undefined));
    const over = new AbortController();
    const patience = this.options.patience ?? PATIENCE;
    const late = delay(this.isSilent ? Math.min(patience, IMPATIENCE) : patience, BUSY, { signal: over.signal });
    try {
      const observed = await Promise.race([this.observing, late]);
      this.isSilent = observed.state === 'unreachable';
      return observed;
    } finally {
      over.abort();
    }
  }

  async apply(table: RoutingTable): Promise<void> {
    try {
      assertSafe(table);
      await this.fetchImage();
      let wait = await this.alone(() => this.applyNow(table));
      while (wait > 0) {
        await delay(wait, undefined, { signal: this.closing.signal });
        wait = await this.alone(() => this.applyNow(table));
      }
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error) ?? this.problem;
      throw error;
    }
  }

  /** Looking goes on meanwhile, however long that takes. */
  private async fetchImage(): Promise<void> {
    if (await this.alone(() => this.access.needsImage())) await this.options.host.pull(this.options.settings.image);
  }

  /** It has a log whether it can be talked to or not. */
  requests(options: RequestOptions): AsyncIterable<HandledRequest> {
    const { host, cluster } = this.options;
    return readRequests(host, containerName(cluster), options);
  }

  async remove(): Promise<void> {
    await this.alone(() => this.access.remove());
    this.problem = undefined;
  }

  close(): void {
    this.closing.abort();
    this.access.close();
  }

  private async ask(): Promise<ObservedBalancer> {
    try {
      return await this.alone(() => this.observeNow());
    } catch (error) {
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      return { ...SILENT, problem };
    }
  }

  private async observeNow(): Promise<ObservedBalancer> {
    const session = await this.access.forReading();
    const problem = this.problem === undefined ? {} : { problem: this.problem };
    if (typeof session === 'string') return { state: session, checks: {}, members: {}, oldWorkers: 0, ...problem };
    return { ...(await observeSession(session, this.options, this.admittedAt)), ...problem };
  }

  /** Applies what it may now; gives the milliseconds to wait where a reload is needed but the last one was just now. */
  private async applyNow(table: RoutingTable): Promise<number> {
    const { log } = this.options;
    const session = await this.access.forWriting(async (old) => {
      log?.('making the balancer anew, its settings have changed');
      await prepareStart(await this.changeOf(table, old));
    });
    const change = await this.changeOf(table, session);
    await firstStart(change);
    const reloads = this.mustReload || (await needsReload(change));
    const wait = reloads ? this.reloadedAt + BETWEEN_RELOADS - this.options.now() : 0;
    if (wait > 0) return wait;
    if (reloads) await this.reload(() => reloadTo(change));
    try {
      await converge(change, reloads);
      return 0;
    } catch (error) {
      if (!(error instanceof CommandRefused) || reloads) throw error;
      log?.(`${error.message}; reloading instead`);
      this.mustReload = true;
      return 1;
    }
  }

  /** The table as far as this host has what it takes; what it does not have is told, and looked for again later. */
  private async changeOf(table: RoutingTable, session: Session): Promise<Change> {
    const { pem, now } = this.options;
    const settings = configSettings(this.options, session.control);
    const { admission, refusals } = await admit(table, settings, session, { config: configFile(this.options), pem });
    this.admittedAt = now();
    return changeTo(table, { identity: this.options, settings: { ...settings, admission }, refusals, session, pem });
  }

  private async reload(reloadNow: () => Promise<void>): Promise<void> {
    this.reloadedAt = this.options.now();
    this.mustReload = false;
    await reloadNow();
    this.options.log?.('reloaded HAProxy');
  }

  /** One use of the command line at a time. A container that restarted meanwhile is entered anew, once. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work).catch((error: unknown) => {
      if (!(error instanceof ConversationLost) || this.closing.signal.aborted) throw error;
      this.access.forget();
      return work();
    });
    this.turn = result.catch(() => undefined);
    return result;
  }
}

function problemOf(error: unknown): Problem | undefined {
  if (!(error instanceof ReasonError)) return undefined;
  const { reason, message } = error;
  if (reason !== 'config-rejected' && reason !== 'reload-failed' && reason !== 'balancer-unreachable') return undefined;
  return { reason, message };
}
