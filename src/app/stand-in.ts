import type { Clock } from '../core/ports.ts';
import { isLocked, lockStateDir } from './lock.ts';

/** Milliseconds: a reconciler that is only started anew is back by then. */
const GONE_AFTER = 5_000;

/** Takes the state directory where no process works with it, and later once there has been none for a moment. */
export class StandIn implements AsyncDisposable {
  private readonly stateDir: string;
  private readonly clock: Pick<Clock, 'now'>;
  private lock: AsyncDisposable | undefined;
  /** Undefined: a process works with it. */
  private freeSince: number | undefined = Number.NEGATIVE_INFINITY;

  private constructor(stateDir: string, clock: Pick<Clock, 'now'>) {
    this.stateDir = stateDir;
    this.clock = clock;
  }

  static async open(stateDir: string, clock: Pick<Clock, 'now'>): Promise<StandIn> {
    const standIn = new StandIn(stateDir, clock);
    await standIn.isIn();
    return standIn;
  }

  /** Whether this process holds the state directory now. */
  async isIn(): Promise<boolean> {
    if (this.lock !== undefined) return true;
    this.freeSince = (await isLocked(this.stateDir)) ? undefined : (this.freeSince ?? this.clock.now());
    if (this.freeSince === undefined || this.clock.now() - this.freeSince < GONE_AFTER) return false;
    this.lock = await lockStateDir(this.stateDir);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lock?.[Symbol.asyncDispose]();
  }
}
