// The process behind load.ts: sends at a fixed rate over connections of its own, never retries, and counts what went
// wrong. A socket that the server closes while it is idle is opened anew; one that ends under a request is a failure.
import { Connection } from './load-connection.mjs';

/** @typedef {import('./load.ts').LoadOptions} LoadOptions */
/** @typedef {import('./load.ts').LoadFailure} LoadFailure */

const TICK_MS = 10;
/** Each idle client asks once in this time. */
const IDLE_MS = 4_000;
/** Connections for the steady rate: more are opened while all are busy, up to a limit, from which on it has to wait. */
const KEPT_ALIVE = 20;
const MOST_KEPT_ALIVE = 200;
const KEPT_FAILURES = 50;
const LAST_ANSWERS_MS = 15_000;

/** @type {LoadOptions} */
const options = JSON.parse(process.argv[2] ?? '');
const allowed = new Set(options.allowedBodies);
const begun = performance.now();
let requests = 0;
let connections = 0;
let keptAlive = KEPT_ALIVE;
let failureCount = 0;
/** @type {LoadFailure[]} */
const failures = [];
/** @type {Record<string, number>} */
const bodies = {};
/** @type {number[]} */
const latencies = [];
/** @type {Set<Promise<void>>} */
const inFlight = new Set();
/** Kept-alive connections that wait for the next request, each in its turn. */
const free = Array.from({ length: KEPT_ALIVE }, () => open());

const timers = [
  every(1000 / options.ratePerSecond, askKeptAlive),
  every(1000 / options.newConnectionsPerSecond, () => ask('fresh', options.path, open(), { close: true })),
  every(options.slow.everyMs, () => ask('slow', options.slow.path, open(), { close: true, isTimed: false })),
  ...Array.from({ length: options.idleConnections }, () => idleClient()),
];

process.on('message', (message) => {
  if (message === 'progress') process.send?.({ progress: report() });
  if (message === 'stop') void stop();
});
process.on('disconnect', () => process.exit());

async function stop() {
  for (const timer of timers) clearInterval(timer);
  await Promise.race([Promise.all(inFlight), new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS))]);
  process.send?.({ report: report() }, () => process.exit());
}

/** Calls at this mean interval, and makes up for ticks that came late. @param {number} ms @param {() => void} call */
function every(ms, call) {
  let due = performance.now() + ms * Math.random();
  return setInterval(() => {
    for (; due <= performance.now(); due += ms) call();
  }, TICK_MS);
}

/** A server that is too slow is sent less, which the rate in the report shows. */
function askKeptAlive() {
  if (free.length === 0 && keptAlive === MOST_KEPT_ALIVE) return;
  if (free.length === 0) keptAlive += 1;
  ask('keep-alive', options.path, free.shift() ?? open());
}

/** A client that keeps one connection open and seldom uses it. */
function idleClient() {
  const connection = open();
  return every(IDLE_MS, () => {
    if (!connection.busy) ask('idle', options.path, connection, { keep: false });
  });
}

function open() {
  return new Connection(options.port, () => (connections += 1), options.address);
}

/**
 * @param {LoadFailure['kind']} kind @param {string} path @param {Connection} connection
 * @param {{ close?: boolean, keep?: boolean, isTimed?: boolean }} [how]
 */
function ask(kind, path, connection, { close = false, keep = !close, isTimed = true } = {}) {
  const since = performance.now();
  const answer = connection.get(path, options.hostHeader, close).then(
    ({ status, body }) => {
      if (isTimed) latencies.push(performance.now() - since);
      if (status !== 200 || !allowed.has(body)) fail(kind, since, `${String(status)} ${body.slice(0, 200)}`);
      else bodies[body] = (bodies[body] ?? 0) + 1;
      if (keep) free.push(connection);
    },
    (/** @type {unknown} */ error) => {
      if (keep) free.push(connection);
      fail(kind, since, error instanceof Error ? error.message : String(error));
    },
  );
  requests += 1;
  inFlight.add(answer);
  void answer.then(() => inFlight.delete(answer));
}

/** @param {LoadFailure['kind']} kind @param {number} since @param {string} message */
function fail(kind, since, message) {
  failureCount += 1;
  if (failures.length < KEPT_FAILURES) failures.push({ at: Math.round(since - begun), kind, message });
}

function report() {
  const sorted = [...latencies].sort((a, b) => a - b);
  const rank = (/** @type {number} */ share) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return {
    seconds: Math.round(performance.now() - begun) / 1000,
    requests,
    connections,
    failureCount,
    failures,
    bodies,
    p50: rank(0.5),
    p99: rank(0.99),
  };
}
