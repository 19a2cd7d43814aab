import { call } from './line.mjs';

/** As much of Redis' protocol as the shop needs: commands of words without blanks, and answers of one text or none. */

const { REDIS_HOST = 'redis' } = process.env;

/** @returns {import('./line.mjs').Session<string | undefined>} */
export function openQueue() {
  const socket = call(REDIS_HOST, 6379);
  const answers = answersOf(socket);
  return {
    socket,
    ask: async (command) => {
      socket.write(`${command}\r\n`);
      const { value } = await answers.next();
      return value;
    },
  };
}

/** @param {import('node:net').Socket} socket @returns {AsyncGenerator<string | undefined, never>} */
async function* answersOf(socket) {
  let heard = '';
  for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (socket)) {
    heard += chunk.toString('latin1');
    const answer = /^([-+:].*|[$*]-1)\r\n$|^\$\d+\r\n(.*)\r\n$/.exec(heard);
    if (answer === null) continue;
    heard = '';
    const [, line = '', text] = answer;
    if (line.startsWith('-')) throw new Error(line.slice(1));
    yield text ?? (/^[$*]/.test(line) ? undefined : line.slice(1));
  }
  throw new Error('Redis has closed the connection.');
}
