import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a request waits for a server that is being replaced. */
const PATIENCE_MS = 20_000;
const ANSWER_WITHIN_MS = 3_000;
const PAUSE_MS = 200;

/** The server has understood and says no: to ask again would not help. */
export class Refused extends Error {}

/** Gives up where nobody answers, be it the call itself. @param {string} host @param {number} port */
export function call(host, port) {
  const socket = connect(port, host);
  socket.setTimeout(ANSWER_WITHIN_MS);
  return socket.on('timeout', () => socket.destroy(new Error('no answer')));
}

/** @template Answer @typedef {{ socket: import('node:net').Socket, ask: (question: string) => Promise<Answer> }} Session */

/**
 * A line to a server: one question at a time, and where the connection is lost or cannot be had, the same question again over
 * a new one. So a question must be one that may be asked twice.
 * @template Answer
 */
export class Line {
  /** @param {() => Session<Answer> | Promise<Session<Answer>>} open */
  constructor(open) {
    this.open = open;
    /** @type {Session<Answer> | undefined} */
    this.session = undefined;
    /** @type {Promise<unknown>} */
    this.before = Promise.resolve();
  }

  /** @param {string} question @returns {Promise<Answer>} */
  ask(question) {
    const answer = this.before.then(() => this.askPatiently(question));
    this.before = answer.catch(() => undefined);
    return answer;
  }

  /** @param {string} question @returns {Promise<Answer>} */
  async askPatiently(question) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.askOnce(question);
      } catch (error) {
        if (error instanceof Refused || Date.now() > end) throw error;
        this.session?.socket.destroy();
        this.session = undefined;
        await delay(PAUSE_MS);
      }
    }
  }

  /** @param {string} question @returns {Promise<Answer>} */
  async askOnce(question) {
    this.session ??= await this.open();
    const { socket } = this.session;
    socket.setTimeout(ANSWER_WITHIN_MS);
    const answer = await this.session.ask(question);
    socket.setTimeout(0);
    return answer;
  }
}
