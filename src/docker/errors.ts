import { ReasonError, type Reason } from '../core/reason.ts';

/**
 * The answer to a request to the engine, or a ReasonError: `engine-unreachable` where it does not answer, `disk-full`
 * where it says so, else `reason` with what was attempted and the engine's own words. Aborting stays as it is.
 */
export async function request<T>(attempt: string, reason: Reason, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw reasonError(attempt, reason, error);
  }
}

/** The same for an action that may be done already: answers with these status codes, or in these words, count as done. */
export async function settle(
  attempt: string,
  done: readonly (number | RegExp)[],
  answer: Promise<unknown>,
): Promise<void> {
  try {
    await answer;
  } catch (error) {
    const words = wordsOf(error);
    if (done.some((sign) => (typeof sign === 'number' ? sign === statusOf(error) : sign.test(words)))) return;
    throw reasonError(attempt, 'start-failed', error);
  }
}

/** The answer, or undefined where the engine has no such thing. */
export async function found<T>(attempt: string, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw reasonError(attempt, 'start-failed', error);
  }
}

export function reasonError(attempt: string, reason: Reason, error: unknown): Error {
  if (error instanceof ReasonError || isAbort(error)) return error;
  const words = wordsOf(error);
  if (isAway(error))
    return new ReasonError(
      'engine-unreachable',
      `${attempt}: the Docker engine does not answer (${words}). Is it running, and may this user reach it?`,
      { cause: error },
    );
  const full = /no space left on device/i.test(words);
  return new ReasonError(full ? 'disk-full' : reason, `${attempt}: ${words}`, { cause: error });
}

/** The same of a container that was to be made: its image may have been taken away since it was fetched. */
export function creationError(attempt: string, error: unknown): Error {
  return reasonError(attempt, /no such image/i.test(wordsOf(error)) ? 'image-not-found' : 'start-failed', error);
}

/** `(HTTP code 500) server error - `, before the words. */
const FRAME = /^\(HTTP code \d+\) .*? - /;

/** HTTP status of the engine's answer, where there was one. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The engine's own words, without dockerode's frame around them. */
export function wordsOf(error: unknown): string {
  const json = (error as { json?: { message?: unknown } | null } | null)?.json;
  if (typeof json?.message === 'string' && json.message.trim() !== '') return json.message.trim();
  if (!(error instanceof Error)) return String(error);
  const { message } = isTimeout(error.cause) ? (error.cause as Error) : error;
  // Where a name has several addresses and none answers there is a code only.
  return message.replace(FRAME, '').trim() || ((error as { code?: string }).code ?? error.name);
}

/** The caller wanted it; a limit of our own is none of that. */
export function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError' && !isTimeout(error.cause);
}

/** No HTTP answer came: a refused, missing, broken or silent connection. */
function isAway(error: unknown): boolean {
  if (statusOf(error) !== undefined || !(error instanceof Error)) return false;
  return isTimeout(error) || isTimeout(error.cause) || 'code' in error || /socket hang up/.test(error.message);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
