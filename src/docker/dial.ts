import type Docker from 'dockerode';
import { wordsOf } from './errors.ts';
import { follow, inTime, tooLate } from './limit.ts';

/** An engine that has not answered a call for this long hangs: even removing a large container takes seconds. */
export const LIMIT = 120_000;

/** What is answered when it happens or is done: pulls, events, stops, which have `stopInTime`. */
const UNLIMITED = /^\/(images\/create|events|containers\/[^/]+\/(stop|restart))\b/;
const LOG = /^\/containers\/[^/]+\/logs\b/;

interface Call {
  readonly path: string;
  /** `_query`: what the engine is asked, where dockerode is told something else. */
  readonly options?: { readonly follow?: boolean; readonly _query?: { readonly follow?: boolean } };
  /** What is uploaded. */
  readonly file?: unknown;
  abortSignal?: AbortSignal;
}

type Answer = (error: unknown, result?: unknown) => void;

interface Modem {
  dial(call: Call, answer: Answer): void;
}

/**
 * Gives every call of this client an end: one that waits for nothing but the engine fails after `limit` milliseconds, and
 * all do once `closing` is aborted. What the engine says becomes the whole message of an error.
 */
export function tame(
  docker: Docker,
  { limit = LIMIT, closing }: { limit?: number; closing?: AbortSignal } = {},
): Docker {
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  const underWay = new Set<AbortController>();
  closing?.addEventListener('abort', () => {
    for (const call of underWay) call.abort();
  });
  modem.dial = (call, answer) => {
    const clock = new AbortController();
    const isLimited = !UNLIMITED.test(call.path) && !isStreamed(call);
    const timer = isLimited ? setTimeout(() => clock.abort(tooLate(limit)), limit) : undefined;
    const leave = follow(call.abortSignal, clock);
    call.abortSignal = clock.signal;
    if (closing?.aborted === true) clock.abort();
    underWay.add(clock);
    dial(call, (error, result) => {
      clearTimeout(timer);
      underWay.delete(clock);
      // What is streamed goes on.
      if (isLimited) leave();
      if (error instanceof Error) error.message = wordsOf(error);
      answer(error, result);
    });
  };
  return docker;
}

/** It takes as long as what is to come on one side or the other. */
function isStreamed({ path, options, file }: Call): boolean {
  return (
    (LOG.test(path) && (options?._query ?? options)?.follow === true) || (file !== undefined && !Buffer.isBuffer(file))
  );
}

/** What Docker gives a container that has no grace period of its own. */
const GRACE = 10_000;

/** A stop or restart, which may take the grace period, in milliseconds, and as long as any other call on top of it. */
export function stopInTime<Result>(
  grace: number | undefined,
  signal: AbortSignal | undefined,
  stop: (abortSignal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return inTime((grace ?? GRACE) + LIMIT, signal, stop);
}
