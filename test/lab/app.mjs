// The application of the lab: one file, no dependencies. What it does depends on RELEASE, and it says which one it is.
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const RELEASE = process.env['RELEASE'] ?? 'v0';
const PORT = Number(process.env['PORT'] ?? 8080);

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {{ status?: number, text?: string, json?: unknown }} Answer */

let health = RELEASE === 'unhealthy' ? 500 : 200;
let stopping = false;

/** @type {Record<string, (query: URLSearchParams, request: Request) => Answer | Promise<Answer>>} */
const PAGES = {
  '/': () => ({ text: `${RELEASE}\n` }),
  '/env': () => ({ json: process.env }),
  '/headers': (_query, request) => ({ json: request.headers }),
  '/health': (query, request) => {
    if (request.method === 'POST') health = Number(query.get('status') ?? 200);
    return request.method === 'POST'
      ? { text: `now ${String(health)}\n` }
      : { status: health, text: `${String(health)}\n` };
  },
  '/slow': async (query) => {
    await delay(Number(query.get('ms') ?? 1000));
    return { text: `${RELEASE}\n` };
  },
  '/exit': (query) => {
    setImmediate(() => process.exit(Number(query.get('code') ?? 1)));
    return { text: 'exiting\n' };
  },
  '/whoami': () => ({ json: { release: RELEASE, hostname: hostname(), addresses: addresses() } }),
  '/lookup': async (query) => ({
    json: (await lookup(query.get('name') ?? '', { all: true })).map(({ address }) => address),
  }),
  '/fetch': async (query) => {
    const response = await fetch(query.get('url') ?? '', { signal: AbortSignal.timeout(5000) });
    return { status: response.status, text: await response.text() };
  },
};

function addresses() {
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  );
}

const server = createServer((request, response) => {
  void answerTo(request).then(({ status = 200, text, json }) => {
    const body = text ?? `${JSON.stringify(json)}\n`;
    response.setHeader('x-instance', hostname());
    response.setHeader('content-type', text === undefined ? 'application/json' : 'text/plain');
    response.setHeader('content-length', Buffer.byteLength(body));
    if (stopping) response.setHeader('connection', 'close');
    response.writeHead(status).end(body);
  });
});

/** @param {Request} request @returns {Promise<Answer>} */
async function answerTo(request) {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app');
  const page = PAGES[pathname];
  if (page === undefined) return { status: 404, text: `no page ${pathname}\n` };
  try {
    return await page(searchParams, request);
  } catch (error) {
    return { status: 502, text: `${String(error)}\n` };
  }
}

/** Stops accepting, lets requests in flight finish, and ends; the stubborn release does not care. */
function stop() {
  if (RELEASE === 'stubborn') return;
  stopping = true;
  console.log(`${RELEASE} is stopping`);
  server.close(() => process.exit(0));
}

if (RELEASE === 'exits') {
  // On one stream: the engine keeps no order between two.
  console.error('reading the configuration');
  console.error('fatal: the configuration is missing');
  process.exit(1);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// A balancer reuses connections: this side must not be the one that closes them.
server.keepAliveTimeout = 75_000;
await delay(Number(process.env['START_DELAY_MS'] ?? 0));
server.listen(PORT, () => console.log(`${RELEASE} listens on ${String(PORT)}`));
