import type Docker from 'dockerode';
import { wordsOf } from './errors.ts';

/** An engine that has not answered a call for this long hangs: even removing a large container takes seconds. */
const LIMIT = 120_000;

/** What is answered when it happens or is done: pulls, events, lines of a log to come, stops, which have `stopLimit`. */
const UNLIMITED = /^\/(images\/create|events|containers\/[^/]+\/(stop|restart))\b/;
const LOG = /^\/containers\/[^/]+\/logs\b/;

interface Call {
  readonly path: string;
  readonly options?: { readonly follow?: boolean };
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
    const isLimited = !UNLIMITED.test(call.path) && !(LOG.test(call.path) && call.options?.follow === true);
    const timer = isLimited ? setTimeout(() => clock.abort(tooLate(limit)), limit) : undefined;
    call.abortSignal =
      call.abortSignal === undefined ? clock.signal : AbortSignal.any([call.abortSignal, clock.signal]);
    if (closing?.aborted === true) clock.abort();
    underWay.add(clock);
    dial(call, (error, result) => {
      clearTimeout(timer);
      underWay.delete(clock);
      if (error instanceof Error) error.message = wordsOf(error);
      answer(error, result);
    });
  };
  return docker;
}

/** What Docker gives a container that has no grace period of its own. */
const GRACE = 10_000;

/** Aborts a stop or restart that takes longer than the grace period, in milliseconds, and any other call on top of it. */
export function stopLimit(grace = GRACE, signal?: AbortSignal): AbortSignal {
  const clock = new AbortController();
  const limit = grace + LIMIT;
  setTimeout(() => clock.abort(tooLate(limit)), limit).unref();
  return signal === undefined ? clock.signal : AbortSignal.any([signal, clock.signal]);
}

function tooLate(limit: number): DOMException {
  return new DOMException(`waited ${limit / 1000} s`, 'TimeoutError');
}
