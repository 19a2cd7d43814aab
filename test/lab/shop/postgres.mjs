import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { call, Refused } from './line.mjs';

/** As much of PostgreSQL's protocol as the shop needs: one connection, a password, and queries as text. */

/** @typedef {{ type: string, body: Buffer }} Message */
/** @typedef {AsyncGenerator<Message, never>} Messages */

const VERSION = 196_608;
const { PGHOST = 'db', PGUSER = 'postgres', PGPASSWORD = '', PGDATABASE = 'shop' } = process.env;

/** A value as a literal of SQL. @param {string} value */
export const text = (value) => `'${value.replaceAll("'", "''")}'`;

/** Its answers are rows of texts. @returns {Promise<import('./line.mjs').Session<string[][]>>} */
export async function openDatabase() {
  const socket = call(PGHOST, 5432);
  const messages = messagesOf(socket);
  const start = Buffer.from(`....user\0${PGUSER}\0database\0${PGDATABASE}\0\0`);
  start.writeUInt32BE(VERSION);
  socket.write(withLength(start));
  await authenticate(socket, messages);
  await rowsUntilReady(messages);
  return {
    socket,
    ask: (sql) => {
      send(socket, 'Q', `${sql}\0`);
      return rowsUntilReady(messages);
    },
  };
}

/** @param {import('node:net').Socket} socket @returns {Messages} */
async function* messagesOf(socket) {
  let heard = Buffer.alloc(0);
  for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (socket)) {
    heard = Buffer.concat([heard, chunk]);
    while (heard.length >= 5 && heard.length > heard.readUInt32BE(1)) {
      const end = 1 + heard.readUInt32BE(1);
      yield { type: heard.toString('latin1', 0, 1), body: heard.subarray(5, end) };
      heard = heard.subarray(end);
    }
  }
  throw new Error('The database has closed the connection.');
}

/** @param {Buffer} body */
function withLength(body) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

/** @param {import('node:net').Socket} socket @param {string} type @param {string | Buffer} body */
function send(socket, type, body) {
  socket.write(Buffer.concat([Buffer.from(type), withLength(Buffer.from(body))]));
}

/** SCRAM-SHA-256 (RFC 7677), and no other way in. @param {import('node:net').Socket} socket @param {Messages} messages */
async function authenticate(socket, messages) {
  await authentication(messages);
  const first = `n=,r=${randomBytes(18).toString('base64')}`;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(first.length + 3);
  send(socket, 'p', Buffer.concat([Buffer.from('SCRAM-SHA-256\0'), length, Buffer.from(`n,,${first}`)]));
  const challenge = await authentication(messages);
  send(socket, 'p', answerTo(challenge, first));
  await authentication(messages);
  await authentication(messages);
}

/** @param {Messages} messages @returns {Promise<string>} */
async function authentication(messages) {
  const { value } = await messages.next();
  if (value.type === 'E') throw errorIn(value.body);
  return value.body.toString('utf8', 4);
}

/** @param {string} challenge @param {string} first */
function answerTo(challenge, first) {
  const [, nonce = '', salt = '', rounds] = /^r=(.*),s=(.*),i=(\d+)/.exec(challenge) ?? [];
  const salted = pbkdf2Sync(PGPASSWORD, Buffer.from(salt, 'base64'), Number(rounds), 32, 'sha256');
  const key = createHmac('sha256', salted).update('Client Key').digest();
  const stored = createHash('sha256').update(key).digest();
  const last = `c=biws,r=${nonce}`;
  const signature = createHmac('sha256', stored).update(`${first},${challenge},${last}`).digest();
  const proof = Buffer.from(key.map((byte, at) => byte ^ (signature[at] ?? 0)));
  return `${last},p=${proof.toString('base64')}`;
}

/** @param {Messages} messages */
async function rowsUntilReady(messages) {
  const rows = [];
  let error;
  for (;;) {
    const { value } = await messages.next();
    if (value.type === 'D') rows.push(rowIn(value.body));
    if (value.type === 'E') error = errorIn(value.body);
    if (value.type !== 'Z') continue;
    if (error !== undefined) throw error;
    return rows;
  }
}

/** @param {Buffer} body */
function rowIn(body) {
  const row = [];
  for (let at = 2; at < body.length;) {
    const length = Math.max(body.readInt32BE(at), 0);
    row.push(body.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return row;
}

/** A server that starts or stops (class 57) is as good as one that is away. @param {Buffer} body */
function errorIn(body) {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  const message = fields.get('M') ?? 'unknown error';
  return (fields.get('C') ?? '').startsWith('57') ? new Error(message) : new Refused(message);
}
