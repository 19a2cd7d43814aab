// The shop's worker: packs each order that the web tier has told it of.
import { Line } from './line.mjs';
import { openDatabase, text } from './postgres.mjs';
import { openQueue } from './redis.mjs';

const database = new Line(openDatabase);
const queue = new Line(openQueue);
const state = { isStopping: false };
process.on('SIGTERM', () => (state.isStopping = true));

console.log('The worker is at work.');
while (!state.isStopping) {
  const id = await queue.ask('BLMOVE placed packing RIGHT LEFT 1');
  await (id === undefined ? takeUpAgain() : pack(id));
}
process.exit();

/** @param {string} id */
async function pack(id) {
  await database.ask(`UPDATE orders SET packed = now() WHERE id = ${text(decodeURIComponent(id))} AND packed IS NULL`);
  await queue.ask(`LREM packing 1 ${id}`);
}

/** What was begun and not ended, by a worker that died; one that still lives packs it too, which does no harm. */
async function takeUpAgain() {
  while ((await queue.ask('LMOVE packing placed LEFT RIGHT')) !== undefined);
}
