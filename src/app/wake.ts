import { setTimeout as delay } from 'node:timers/promises';

/** Lets a loop sleep until a time, or until somebody has something for it; a call in between is not lost. */
export class Wake {
  private isCalled = false;
  private end: (() => void) | undefined;

  call(): void {
    this.isCalled = true;
    this.end?.();
  }

  /** Milliseconds; ends early on `call`, though not before `atLeast`, and on abort. */
  async sleep(duration: number, signal: AbortSignal, atLeast = 0): Promise<void> {
    if (atLeast > 0) await delay(atLeast, undefined, { signal }).catch(() => undefined);
    if (!this.isCalled && !signal.aborted && duration > atLeast) await this.rest(duration - atLeast, signal);
    this.isCalled = false;
  }

  private rest(duration: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.end = undefined;
        resolve();
      };
      const timer = setTimeout(end, duration);
      signal.addEventListener('abort', end, { once: true });
      this.end = end;
    });
  }
}
