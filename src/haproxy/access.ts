import type { ContainerHost } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import {
  containerName,
  directoryOf,
  ensureContainer,
  isOutdated,
  uploadControl,
  type BalancerIdentity,
} from './container.ts';
import { Session } from './session.ts';

/** The way into the balancer's container, kept open as long as that lives. */
export class Access {
  private readonly host: ContainerHost;
  private readonly identity: BalancerIdentity;
  private session: Session | undefined;
  private outdated = false;

  constructor(host: ContainerHost, identity: BalancerIdentity) {
    this.host = host;
    this.identity = identity;
  }

  /** Whether the container that was last seen was made from other settings. */
  get isOutdated(): boolean {
    return this.outdated;
  }

  /** Leaves everything as it is. */
  async forReading(): Promise<Session | 'absent' | 'stopped'> {
    if (this.session?.closed === false) return this.session;
    this.forget();
    const found = await this.host.find(containerName(this.identity.cluster));
    if (found === undefined) return 'absent';
    if (!found.running) return 'stopped';
    this.outdated = isOutdated(this.identity, found);
    this.session = await Session.open(this.host, found.id, directoryOf(this.identity));
    return this.session ?? 'stopped';
  }

  /** Whether a container has to be made: there is none that runs, or one that was made from other settings. */
  async needsImage(): Promise<boolean> {
    const session = await this.forReading();
    return typeof session === 'string' || this.outdated;
  }

  /** Makes or starts the container where it must be; `replace` readies the next one before one of other settings goes. */
  async forWriting(replace: (old: Session) => Promise<void>): Promise<Session> {
    const old = await this.forReading();
    if (typeof old !== 'string' && !this.outdated) return old;
    if (typeof old !== 'string') await replace(old);
    this.forget();
    const { id } = await ensureContainer(this.host, this.identity);
    this.session = (await this.open(id)) ?? (await this.admit(id));
    this.outdated = false;
    return this.session;
  }

  private async admit(container: string): Promise<Session> {
    await uploadControl(this.host, container, this.identity);
    const session = await this.open(container);
    if (session !== undefined) return session;
    throw new ReasonError('balancer-unreachable', "The balancer's volume does not keep what is written to it.");
  }

  private open(container: string): Promise<Session | undefined> {
    return Session.open(this.host, container, directoryOf(this.identity));
  }

  async remove(): Promise<void> {
    this.forget();
    const name = containerName(this.identity.cluster);
    const found = await this.host.find(name);
    if (found !== undefined) await this.host.remove(found.id);
    await this.host.removeVolume(name);
  }

  forget(): void {
    this.session?.close();
    this.session = undefined;
  }
}
