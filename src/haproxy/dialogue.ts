import { setTimeout as delay } from 'node:timers/promises';
import type { ExecStream } from '../core/container-host.ts';
import { ReasonError } from '../core/reason.ts';

/** The process at the other end has gone, or does not answer in time. */
export class ConversationLost extends ReasonError {
  /** What it had said until then. */
  readonly heard: string;
  constructor(message: string, heard: string, options?: ErrorOptions) {
    super('balancer-unreachable', message, options);
    this.name = 'ConversationLost';
    this.heard = heard;
  }
}

export interface Question {
  readonly text: string;
  /** Whether what was heard is the whole answer. */
  readonly complete: (heard: string) => boolean;
  /** Milliseconds. */
  readonly limit: number;
}

/** Questions and answers with a process in the container, one at a time; after the first that fails it is closed. */
export class Dialogue {
  private readonly stream: ExecStream;
  private heard = '';
  private ended = false;
  private wake: () => void = () => undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(stream: ExecStream) {
    this.stream = stream;
    void this.listen();
  }

  get closed(): boolean {
    return this.ended;
  }

  ask(question: Question): Promise<string> {
    const answer = this.turn.then(() => this.askNow(question));
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  close(): void {
    this.ended = true;
    this.stream.close();
    this.wake();
  }

  private async askNow({ text, complete, limit }: Question): Promise<string> {
    if (this.ended) throw new ConversationLost('The connection into the balancer is closed.', this.heard);
    this.heard = '';
    this.stream.write(text);
    const watchdog = new AbortController();
    void delay(limit, undefined, { signal: watchdog.signal }).then(
      () => this.close(),
      () => undefined,
    );
    try {
      return await this.answer(complete, limit);
    } finally {
      watchdog.abort();
    }
  }

  private async answer(complete: Question['complete'], limit: number): Promise<string> {
    for (;;) {
      if (complete(this.heard)) return this.heard;
      if (this.ended)
        throw new ConversationLost(`The balancer gave no answer within ${limit} ms, or hung up.`, this.heard);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private async listen(): Promise<void> {
    try {
      for await (const chunk of this.stream.output) {
        this.heard += chunk;
        this.wake();
      }
    } catch {
      // A broken stream is an ended one; whoever asks next is told.
    }
    this.ended = true;
    this.wake();
  }
}
