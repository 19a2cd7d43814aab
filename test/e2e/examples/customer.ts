import { request } from 'node:http';

const EVERY_MS = 100;
const ANSWER_WITHIN_MS = 40_000;

/** Somebody who orders all the time, each order on a connection of its own, and who never asks twice. */
export interface Customer extends AsyncDisposable {
  /** The orders that were taken so far. */
  readonly taken: readonly string[];
  /** What else was answered, or not, to which order. */
  readonly failures: readonly string[];
  /** Ends the orders, and waits for the last answers. */
  stop(): Promise<void>;
}

export function startCustomer(port: number, host: string): Customer {
  const taken: string[] = [];
  const failures: string[] = [];
  const orders: Promise<void>[] = [];
  const order = async (id: string) => {
    const answer = await post(port, host, JSON.stringify({ id, item: "a painter's easel", quantity: 2 }));
    if (answer.startsWith('201 ')) taken.push(id);
    else failures.push(`${id}: ${answer}`);
  };
  const timer = setInterval(() => orders.push(order(`order-${orders.length}`)), EVERY_MS);
  const stop = async () => {
    clearInterval(timer);
    await Promise.all(orders);
  };
  return { taken, failures, stop, [Symbol.asyncDispose]: stop };
}

/** Status and body, or what went wrong in their place. */
function post(port: number, host: string, body: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { host, 'content-length': Buffer.byteLength(body) };
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const options = { host: '127.0.0.1', port, path: '/api/orders', method: 'POST', headers, agent: false, signal };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response
        .on('error', (error) => resolve(String(error)))
        .on('end', () => resolve(`${response.statusCode ?? 0} ${text}`));
    });
    sent.on('error', (error) => resolve(String(error))).end(body);
  });
}
