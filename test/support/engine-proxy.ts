import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { dockerHost } from './docker.ts';
import { changesSomething, nameOf, type Call } from './engine-call.ts';

/** Before the engine has heard of it, or after it has answered. */
export type Side = 'before' | 'after';

/** What an engine may do in place of an answer; where `on` is given only to calls such as `POST /images/create`. */
export type Fault = { readonly on?: RegExp } & (
  | { readonly do: 'silence' }
  | { readonly do: 'cut' }
  | { readonly do: 'refuse'; readonly status: number; readonly message: string }
  | { readonly do: 'delay'; readonly milliseconds: number }
);

interface Trap {
  readonly side: Side;
  readonly caught: (call: Call) => void;
  left: number;
}

/** While it stands nothing passes; then all that has waited does, or none of it. */
interface Barrier {
  readonly isGone: Promise<boolean>;
  readonly lift: (onward: boolean) => void;
}

/**
 * Stands before an engine on a unix socket: writes down what that is asked, stops at one call when it is told to, and has
 * the faults of an engine.
 */
export class EngineProxy implements AsyncDisposable {
  /** For `docker.host`. */
  readonly host: string;
  readonly calls: Call[] = [];
  /** What has changed something, with what was said in conversations. */
  readonly changes: Call[] = [];
  private readonly engine: string;
  private readonly socket: string;
  private readonly clients = new Set<Socket>();
  private readonly server = createServer((request, response) => {
    void this.serve(request, response).catch(() => response.destroy());
  });
  private trap: Trap | undefined;
  private held: Barrier | undefined;
  private fault: Fault | undefined;
  private silence = makeBarrier();

  private constructor(engine: string) {
    this.engine = engine;
    this.socket = join(tmpdir(), `fairlead-proxy-${randomBytes(6).toString('hex')}.sock`);
    this.host = `unix://${this.socket}`;
    this.server.on('upgrade', (request, client, head) => {
      void this.open(request, client, head).catch(() => client.destroy());
    });
    this.server.on('connection', (client: Socket) => {
      this.clients.add(client);
      client.on('error', () => client.destroy()).on('close', () => this.clients.delete(client));
    });
  }

  static async open(engine: string = dockerHost()): Promise<EngineProxy> {
    const proxy = new EngineProxy(engine);
    await new Promise<void>((resolve) => proxy.server.listen(proxy.socket, resolve));
    return proxy;
  }

  /** `GET /containers/json`, in order. */
  get requests(): string[] {
    return this.calls.map(nameOf);
  }

  /**
   * Stops at the `count`-th call from now on that changes something, and from then on at everything. Resolves with the call
   * once it is held, and never where there are fewer.
   */
  hold(count: number, side: Side): Promise<Call> {
    return new Promise((caught) => (this.trap = { left: count, side, caught }));
  }

  /** Nobody waits any more for what is held: it is never forwarded, or its answer never delivered. */
  drop(): void {
    this.trap = undefined;
    this.held?.lift(false);
    this.held = undefined;
  }

  /** From now on, until `heal`. */
  fail(fault: Fault): void {
    this.fault = fault;
    if (fault.do === 'cut' && fault.on === undefined) for (const client of this.clients) client.destroy();
  }

  /** An engine that was silent hears then what it was told meanwhile. */
  heal(): void {
    this.fault = undefined;
    this.silence.lift(true);
    this.silence = makeBarrier();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    this.silence.lift(false);
    for (const client of this.clients) client.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.socket, { force: true });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = this.record(request);
    const body = await buffer(request);
    const side = this.sideOf(call);
    if (!(await this.admits(call, side, response))) return;
    const answer = await this.forward(request, body, response);
    const { statusCode = 502, headers } = answer;
    if (side !== 'after') {
      response.writeHead(statusCode, headers).flushHeaders();
      await this.copy(answer, response);
      return;
    }
    const content = await buffer(answer);
    if (!(await this.stop(call))) return void response.destroy();
    response.writeHead(statusCode, headers).end(content);
  }

  /** Whether it goes on to the engine; else the client has its answer, or will never have one. */
  private async admits(call: Call, side: Side | undefined, response: ServerResponse): Promise<boolean> {
    const fault = this.faultOf(call);
    if (fault?.do === 'refuse') {
      response.writeHead(fault.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: fault.message }));
      return false;
    }
    if (await this.passes(call, side, fault)) return true;
    response.destroy();
    return false;
  }

  private async passes(call: Call, side: Side | undefined, fault = this.faultOf(call)): Promise<boolean> {
    if (fault?.do === 'cut') return false;
    if (fault?.do === 'delay') await delay(fault.milliseconds);
    return side === 'before' ? await this.stop(call) : await this.isOpen(fault);
  }

  /** The fault that this call meets, or the rest of an answer where no call is given. */
  private faultOf(call?: Call): Fault | undefined {
    const { fault } = this;
    if (fault?.on === undefined) return fault;
    return call !== undefined && fault.on.test(nameOf(call)) ? fault : undefined;
  }

  /** Waits for as long as nothing passes; whether what has waited goes on. */
  private async isOpen(fault = this.faultOf()): Promise<boolean> {
    if (fault?.do === 'silence' && !(await this.silence.isGone)) return false;
    return (await this.held?.isGone) ?? true;
  }

  /** The side on which this call is the one to stop at. */
  private sideOf(call: Call): Side | undefined {
    if (!changesSomething(call)) return undefined;
    this.changes.push(call);
    if (this.trap === undefined) return undefined;
    this.trap.left -= 1;
    return this.trap.left === 0 ? this.trap.side : undefined;
  }

  private async stop(call: Call): Promise<boolean> {
    this.held = makeBarrier();
    this.trap?.caught(call);
    return await this.held.isGone;
  }

  private record({ method = '', url = '' }: IncomingMessage): Call {
    const call = { method, path: url.split('?', 1)[0] ?? '', at: Date.now() };
    this.calls.push(call);
    return call;
  }

  /** The engine learns where the client goes away. */
  private forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<IncomingMessage> {
    const { method, url: path, headers } = request;
    return new Promise((resolve, reject) => {
      const onward = send({ ...addressOf(this.engine), method, path, headers }, resolve);
      onward.on('error', reject);
      response.on('close', () => onward.destroy());
      onward.end(body);
    });
  }

  /** A connection that becomes a conversation with a process: what is said in it counts like calls. */
  private async open(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const call = this.record(request);
    const side = this.sideOf(call);
    if (!(await this.passes(call, side))) return void client.destroy();
    const engine = connect(addressOf(this.engine));
    engine.on('error', () => client.destroy());
    client.on('close', () => engine.destroy());
    let awaited = side === 'after' ? call : undefined;
    engine.write(Buffer.concat([headOf(request), head]));
    const hear = async () => {
      const answered = awaited;
      awaited = undefined;
      return answered === undefined ? await this.isOpen() : await this.stop(answered);
    };
    const say = async (chunk: Buffer) => {
      const said = { method: 'TELL', path: chunk.toString(), at: Date.now() };
      const where = this.sideOf(said);
      if (where === 'after') awaited = said;
      return await this.passes(said, where);
    };
    await Promise.all([this.copy(engine, client, hear), this.copy(client, engine, say)]);
  }

  /** Chunk by chunk, as long as they are let through. */
  private async copy(
    from: AsyncIterable<Buffer>,
    to: Duplex | ServerResponse,
    passes: (chunk: Buffer) => Promise<boolean> = () => this.isOpen(),
  ): Promise<void> {
    for await (const chunk of from) {
      if (!(await passes(chunk))) return void to.destroy();
      to.write(chunk);
    }
    to.end();
  }
}

function makeBarrier(): Barrier {
  let lift: Barrier['lift'] = () => undefined;
  const isGone = new Promise<boolean>((resolve) => (lift = resolve));
  return { isGone, lift };
}

function addressOf(host: string): { path: string; socketPath: string } | { host: string; port: number } {
  if (!host.startsWith('unix://')) return { host: new URL(host).hostname, port: Number(new URL(host).port) };
  const path = host.slice('unix://'.length);
  return { path, socketPath: path };
}

/** The request as it came, without its body. */
function headOf({ method = '', url = '', rawHeaders }: IncomingMessage): Buffer {
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ''}`] : []));
  return Buffer.from(`${[`${method} ${url} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`);
}
