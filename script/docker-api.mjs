import { request as httpRequest } from 'node:http';

/** @typedef {{ method?: string, json?: unknown, body?: Buffer | import('node:stream').Readable, headers?: Record<string, string>, timeoutMs?: number }} Call */

/**
 * One call of the engine's HTTP API (unversioned paths: every engine answers them in its own newest version).
 * Gives the parsed JSON, or the text where the answer is none; an answer of 400 or more is an Error with a `status`.
 * @param {string} host unix:///path or tcp://host:port
 * @param {string} path
 * @param {Call} [call]
 * @returns {Promise<any>}
 */
export async function api(host, path, { method = 'GET', json, body, headers = {}, timeoutMs = 0 } = {}) {
  const payload = json === undefined ? body : Buffer.from(JSON.stringify(json));
  const type = json === undefined ? 'application/x-tar' : 'application/json';
  const { status, text } = await send(host, {
    method,
    path,
    payload,
    timeoutMs,
    headers: { 'content-type': type, ...headers },
  });
  if (status >= 400) {
    throw Object.assign(
      new Error(`The engine at ${host} refused ${method} ${path} (${String(status)}): ${reasonIn(text)}`),
      { status },
    );
  }
  return parsed(text);
}

/**
 * @param {string} host
 * @param {{ method: string, path: string, headers: Record<string, string>, timeoutMs: number, payload: Call['body'] }} call
 * @returns {Promise<{ status: number, text: string }>}
 */
function send(host, { method, path, headers, timeoutMs, payload }) {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...addressOf(host), method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    if (timeoutMs > 0)
      request.setTimeout(timeoutMs, () => request.destroy(new Error(`No answer within ${String(timeoutMs)} ms.`)));
    if (payload === undefined || Buffer.isBuffer(payload)) request.end(payload);
    else payload.on('error', (error) => request.destroy(error)).pipe(request);
  });
}

/** @param {string} host */
function addressOf(host) {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length), host: 'localhost' };
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url?.protocol === 'tcp:' || url?.protocol === 'http:')
    return { host: url.hostname, port: url.port === '' ? 2375 : Number(url.port) };
  throw new Error(`The lab reaches an engine at unix:///path or tcp://host:port only, and DOCKER_HOST is ${host}.`);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @param {string} text */
function reasonIn(text) {
  const answer = parsed(text);
  return typeof answer?.message === 'string' ? answer.message : text.trim();
}

/**
 * Whether an engine answers there now; throws for an address that it cannot ask.
 * @param {string} host
 * @returns {Promise<boolean>}
 */
export async function answers(host) {
  addressOf(host);
  return api(host, '/_ping', { timeoutMs: 2000 }).then(
    () => true,
    () => false,
  );
}

/**
 * The error in the progress lines that /build, /images/create and /push stream, if there is one.
 * @param {unknown} answer
 * @returns {string | undefined}
 */
export function streamError(answer) {
  return progress(answer)
    .map(({ error }) => error)
    .find((error) => typeof error === 'string');
}

/** The last status among progress lines: the id of an imported image. @param {unknown} answer @returns {string} */
export function lastStatus(answer) {
  return progress(answer).findLast(({ status }) => typeof status === 'string')?.status ?? '';
}

/** @param {unknown} answer @returns {{ status?: string, error?: string }[]} */
function progress(answer) {
  const lines = typeof answer === 'string' ? answer.split('\n').map(parsed) : [answer];
  return lines.filter((line) => typeof line === 'object' && line !== null);
}
