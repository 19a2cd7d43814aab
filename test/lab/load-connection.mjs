import { connect } from 'node:net';

const LIMIT_MS = 20_000;

/** @typedef {{ status: number, body: string }} Answer */
/** @typedef {{ path: string, resolve: (answer: Answer) => void, reject: (error: Error) => void }} Waiting */

/** One client's HTTP/1.1 connection to loopback: a request at a time, and the bare truth about how it ended. */
export class Connection {
  /** @param {number} port @param {() => void} onOpen called for each socket that is opened @param {string} [address] */
  constructor(port, onOpen, address = '127.0.0.1') {
    this.port = port;
    this.address = address;
    this.onOpen = onOpen;
    this.heard = '';
    /** @type {Waiting | undefined} */
    this.waiting = undefined;
    /** @type {import('node:net').Socket | undefined} */
    this.socket = undefined;
  }

  get busy() {
    return this.waiting !== undefined;
  }

  /**
   * Rejects where the connection fails or ends before the whole answer.
   * @param {string} path @param {string} host @param {boolean} close
   * @returns {Promise<Answer>}
   */
  get(path, host, close) {
    return new Promise((resolve, reject) => {
      this.waiting = { path, resolve, reject };
      this.socket ??= this.open();
      this.socket.setTimeout(LIMIT_MS);
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${close ? 'Connection: close\r\n' : ''}\r\n`);
    });
  }

  open() {
    this.onOpen();
    this.heard = '';
    const socket = connect({ port: this.port, host: this.address, noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (/** @type {string} */ text) => this.hear(text));
    socket.on('timeout', () => this.lose(socket, `no answer within ${String(LIMIT_MS / 1000)} s`));
    socket.on('error', (error) => this.lose(socket, error.message));
    socket.on('end', () => this.lose(socket, 'closed before the whole answer'));
    return socket;
  }

  /** @param {string} text */
  hear(text) {
    this.heard += text;
    const head = this.heard.indexOf('\r\n\r\n');
    if (head < 0) return;
    const headers = this.heard.slice(0, head);
    const length = Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? Number.NaN);
    const body = this.heard.slice(head + 4);
    if (Number.isNaN(length) || body.length < length) return;
    this.heard = body.slice(length);
    const { waiting } = this;
    this.waiting = undefined;
    this.socket?.setTimeout(0);
    if (/^connection: *close/im.test(headers)) this.drop();
    waiting?.resolve({ status: Number(headers.split(' ')[1]), body: body.slice(0, length).trim() });
  }

  /** Of an idle connection nobody is told: the next request opens another. @param {import('node:net').Socket} socket @param {string} message */
  lose(socket, message) {
    if (socket !== this.socket) return;
    const { waiting } = this;
    this.waiting = undefined;
    const heard = this.heard === '' ? '' : `, after ${JSON.stringify(this.heard.slice(0, 200))}`;
    this.drop();
    waiting?.reject(new Error(`${message}${heard}`));
  }

  drop() {
    this.socket?.destroy();
    this.socket = undefined;
  }
}
