import type { ContainerHost } from '../core/container-host.ts';
import { ReasonError } from '../core/reason.ts';
import {
  containerName,
  directoryOf,
  ensureContainer,
  isOutdated,
  uploadControl,
  type BalancerIdentity,
} from './container.ts';
import { ConversationLost } from './dialogue.ts';
import { Session } from './session.ts';

/** Milliseconds. */
const PATIENCE = 2_000;

/** The way into the balancer's container, kept open as long as that lives. */
export class Access {
  private readonly host: ContainerHost;
  private readonly identity: BalancerIdentity;
  private session: Session | undefined;
  private readonly now: () => number;
  private outdated = false;
  private isClosed = false;
  /** Since when one of other settings cannot be entered, or not be asked. */
  private lostAt: number | undefined;

  constructor(host: ContainerHost, options: BalancerIdentity & { readonly now: () => number }) {
    this.host = host;
    this.identity = options;
    this.now = options.now;
  }

  /** Leaves everything as it is. */
  async forReading(): Promise<Session | 'absent' | 'stopped'> {
    if (this.session?.closed === false) return this.session;
    this.forget();
    const found = await this.host.find(containerName(this.identity.cluster));
    if (found === undefined) return 'absent';
    if (!found.running) return 'stopped';
    this.outdated = isOutdated(this.identity, found);
    this.session = await this.open(found.id);
    return this.session ?? 'stopped';
  }

  /** Whether a container has to be made: there is none that runs, or one that was made from other settings. */
  async needsImage(): Promise<boolean> {
    const session = await this.forReplacing();
    return typeof session === 'string' || this.outdated;
  }

  /** Makes or starts the container where it must be; `replace` readies the next one before one of other settings goes. */
  async forWriting(replace: (old: Session) => Promise<void>): Promise<Session> {
    const old = await this.forReplacing();
    if (typeof old !== 'string' && !this.outdated) return old;
    if (typeof old !== 'string') await replace(old).catch((error: unknown) => this.takeLoss(error));
    this.forget();
    const { id } = await ensureContainer(this.host, this.identity);
    this.session = (await this.open(id)) ?? (await this.admit(id));
    this.outdated = false;
    this.lostAt = undefined;
    return this.session;
  }

  /** One of other settings that lets nobody in has nothing that could be saved. */
  private async forReplacing(): Promise<Session | 'absent' | 'stopped'> {
    try {
      return await this.forReading();
    } catch (error) {
      if (!this.outdated) throw error;
      this.takeLoss(error);
      return 'stopped';
    }
  }

  /** For a while it may answer yet, and be replaced by one that knows who passes its checks. */
  private takeLoss(error: unknown): void {
    const isLoss = error instanceof ReasonError && error.reason === 'balancer-unreachable';
    this.lostAt = isLoss ? (this.lostAt ?? this.now()) : undefined;
    if (this.lostAt === undefined || this.now() - this.lostAt < PATIENCE) throw error;
  }

  private async admit(container: string): Promise<Session> {
    await uploadControl(this.host, container, this.identity);
    const session = await this.open(container);
    if (session !== undefined) return session;
    throw new ReasonError('balancer-unreachable', "The balancer's volume does not keep what is written to it.");
  }

  private async open(container: string): Promise<Session | undefined> {
    try {
      const session = await Session.open(this.host, container, directoryOf(this.identity));
      // Whoever asked for it may have gone meanwhile.
      if (this.isClosed) session?.close();
      return session;
    } catch (error) {
      // It has just stopped, or may not be entered.
      if (!(error instanceof ReasonError) || error.reason !== 'start-failed') throw error;
      throw new ConversationLost(error.message, '', { cause: error });
    }
  }

  async remove(): Promise<void> {
    this.forget();
    const name = containerName(this.identity.cluster);
    const found = await this.host.find(name);
    if (found !== undefined) await this.host.remove(found.id);
    await this.host.removeVolume(name);
  }

  /** For good: also what is being opened now. */
  close(): void {
    this.isClosed = true;
    this.forget();
  }

  forget(): void {
    this.session?.close();
    this.session = undefined;
  }
}
