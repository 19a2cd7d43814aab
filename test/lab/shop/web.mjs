// The shop's web tier: takes orders into PostgreSQL, and tells the worker of them by Redis.
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Line } from './line.mjs';
import { openDatabase, text } from './postgres.mjs';
import { openQueue } from './redis.mjs';

const RELEASE = process.env['RELEASE'] ?? 'v1';
/** Who looked the shop's name up before this instance left it may still come for so long. */
const LATECOMERS_MS = 2_000;

const database = new Line(openDatabase);
const queue = new Line(openQueue);

/** @typedef {{ id: string, item: string, quantity?: number }} Order */
/** @typedef {{ status?: number, body: string }} Answer */

/** @type {Record<string, (request: import('node:http').IncomingMessage) => Answer | Promise<Answer>>} */
const PAGES = {
  'GET /api/release': () => ({ body: RELEASE }),
  // Not whether the database answers: if it does not, to take all instances out of service would help nobody.
  'GET /health': () => ({ body: 'well' }),
  'GET /api/orders': async () => {
    const [[placed, packed] = []] = await database.ask('SELECT count(*), count(packed) FROM orders');
    return { body: JSON.stringify({ placed: Number(placed), packed: Number(packed) }) };
  },
  'POST /api/orders': async (request) => {
    const order = /** @type {Order} */ (await json(request));
    await database.ask(insertionOf(order));
    await queue.ask(`LPUSH placed ${encodeURIComponent(order.id)}`);
    return { status: 201, body: `order ${order.id} taken by ${RELEASE}` };
  },
};

/** Since the second release an order has a quantity, and the table a column for it. @param {Order} order */
function insertionOf({ id, item, quantity = 1 }) {
  const columns = RELEASE === 'v1' ? 'id, item' : 'id, item, quantity';
  const values = [text(id), text(item), ...(RELEASE === 'v1' ? [] : [Math.trunc(quantity)])];
  return `INSERT INTO orders (${columns}) VALUES (${values.join(', ')}) ON CONFLICT (id) DO NOTHING`;
}

const server = createServer((request, response) => {
  void answerTo(request).then(({ status = 200, body }) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
  });
});

/** @param {import('node:http').IncomingMessage} request @returns {Promise<Answer>} */
async function answerTo(request) {
  try {
    return (
      (await PAGES[`${request.method ?? ''} ${request.url ?? ''}`]?.(request)) ?? { status: 404, body: 'no such page' }
    );
  } catch (error) {
    console.error(String(error));
    return { status: 500, body: String(error) };
  }
}

process.on('SIGTERM', () => {
  void delay(LATECOMERS_MS).then(() => server.close(() => process.exit()));
});
await database.ask('SELECT FROM orders LIMIT 0');
server.listen(8080, () => console.log(`The shop's ${RELEASE} is open.`));
