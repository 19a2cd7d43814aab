/** Values pushed by one side and iterated by the other, until closed or aborted. */
export class Channel<T> implements AsyncIterable<T> {
  private readonly values: T[] = [];
  private wake: () => void = () => undefined;
  private closed = false;

  constructor(signal?: AbortSignal) {
    if (signal?.aborted === true) this.close();
    signal?.addEventListener('abort', () => this.close(), { once: true });
  }

  push(value: T): void {
    this.values.push(value);
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const value = this.values.shift();
      if (value !== undefined) yield value;
      else if (this.closed) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
