/** Lets a loop sleep until a time, or until somebody has something for it; a call in between is not lost. */
export class Wake {
  private isCalled = false;
  private end: (() => void) | undefined;

  call(): void {
    this.isCalled = true;
    this.end?.();
  }

  /** Milliseconds; ends early on `call` and on abort. */
  async sleep(duration: number, signal: AbortSignal): Promise<void> {
    if (!this.isCalled && !signal.aborted) await this.rest(duration, signal);
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
