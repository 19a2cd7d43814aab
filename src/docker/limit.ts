/** Work with an end: its signal is aborted after so many milliseconds, or with `outer`, which may live on for long. */
export async function inTime<Result>(
  limit: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const clock = new AbortController();
  const leave = follow(outer, clock);
  const timer = setTimeout(() => clock.abort(tooLate(limit)), limit);
  try {
    return await work(clock.signal);
  } finally {
    clearTimeout(timer);
    leave();
  }
}

/**
 * Aborts `inner` with `outer`, until the function that comes back is called. Node remembers for ever what
 * AbortSignal.any has made of a signal that lives on.
 */
export function follow(outer: AbortSignal | undefined, inner: AbortController): () => void {
  const end = () => inner.abort(outer?.reason);
  if (outer?.aborted === true) end();
  outer?.addEventListener('abort', end, { once: true });
  return () => outer?.removeEventListener('abort', end);
}

export function tooLate(limit: number): DOMException {
  return new DOMException(`waited ${limit / 1000} s`, 'TimeoutError');
}
