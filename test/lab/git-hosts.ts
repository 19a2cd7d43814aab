import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { aptInstall } from '../../script/apt.mjs';
import { read } from '../../script/run.mjs';
import { freePort } from './free-port.ts';

/** Keeps what is to be disposed at the end, last first. */
export function makeStack(): { use<T extends AsyncDisposable>(resource: T): T; disposeAsync(): Promise<void> } {
  const resources: AsyncDisposable[] = [];
  return {
    use: (resource) => {
      resources.unshift(resource);
      return resource;
    },
    disposeAsync: async () => {
      for (const resource of resources) await resource[Symbol.asyncDispose]();
    },
  };
}

/** A folder for one test file, gone at its end. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-git-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A bare repository as a hosting site has it, and a checkout to push from. */
export interface Origin {
  readonly bare: string;
  /** Replaces all files by these, commits and pushes; returns the commit's id. */
  readonly push: (
    files: Readonly<Record<string, string>>,
    message: string,
    options?: readonly string[],
  ) => Promise<string>;
  /** git in the bare repository. */
  readonly git: (...args: readonly string[]) => Promise<string>;
  /** git in the checkout. */
  readonly checkout: (...args: readonly string[]) => Promise<string>;
  readonly work: string;
}

export async function makeOrigin(folder: string, name = 'origin', format = 'sha1'): Promise<Origin> {
  const bare = join(folder, `${name}.git`);
  const work = join(folder, `${name}-checkout`);
  const run = (cwd: string, args: readonly string[]): Promise<string> => read('git', args, { cwd, env: PLAIN });
  await read('git', ['init', '--quiet', '--bare', `--object-format=${format}`, '--initial-branch=main', bare], {
    env: PLAIN,
  });
  await run(bare, ['config', 'uploadpack.allowFilter', 'true']);
  await run(bare, ['config', 'http.receivepack', 'true']);
  await read('git', ['init', '--quiet', `--object-format=${format}`, '--initial-branch=main', work], { env: PLAIN });
  await run(work, ['remote', 'add', 'origin', bare]);
  return {
    bare,
    work,
    git: (...args) => run(bare, args),
    checkout: (...args) => run(work, args),
    push: async (files, message, options = []) => {
      await run(work, ['rm', '-rfq', '--ignore-unmatch', '.']);
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(work, path)), { recursive: true });
        await writeFile(join(work, path), content);
      }
      await run(work, ['add', '--all']);
      await run(work, ['commit', '--quiet', '--allow-empty', '--message', message]);
      await run(work, ['push', '--quiet', ...options, 'origin', 'HEAD:main']);
      return (await run(work, ['rev-parse', 'HEAD'])).trim();
    },
  };
}

/** git as it is on a machine where nobody configured it. */
const PLAIN = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export interface HttpHost extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Method and path of each request so far. */
  readonly requests: string[];
  password: string;
  /** Requests that match are let in and never answered. */
  hang: RegExp | undefined;
  /** Whether the connection breaks in the middle of each pack. */
  breaksOff: boolean;
  /** Resolves at the next request that hangs. */
  hanging(): Promise<void>;
}

/** Smart HTTP with a password, by git's own http-backend. */
export async function serveHttp(folder: string, password: string, tls?: ServerOptions): Promise<HttpHost> {
  let onHang = (): void => undefined;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const line = `${request.method ?? ''} ${request.url ?? ''}`;
    host.requests.push(line);
    if (passwordOf(request) !== host.password) {
      const headers = { 'WWW-Authenticate': 'Basic realm="git"', 'Content-Type': 'text/plain' };
      // Shown by git: a careless server, so that redaction has something to do.
      response
        .writeHead(401, headers)
        .end(`not accepted: ${passwordOf(request) ?? ''} ${request.headers.authorization ?? ''}\n`);
    } else if (host.hang?.test(line) === true) {
      onHang();
    } else {
      answer(folder, { request, response, host });
    }
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host: HttpHost = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/origin.git`,
    port,
    requests: [],
    password,
    hang: undefined,
    breaksOff: false,
    hanging: () => new Promise((resolve) => (onHang = resolve)),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return host;
}

function passwordOf({ headers }: IncomingMessage): string | undefined {
  const basic = /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  return /:(.*)$/.exec(Buffer.from(basic, 'base64').toString())?.[1];
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly host: HttpHost;
}

function answer(folder: string, { request, response, host }: Exchange): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...PLAIN,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'git',
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('close', () => {
    const output = Buffer.concat(chunks);
    const split = output.indexOf('\r\n\r\n');
    const headers = output
      .subarray(0, split)
      .toString()
      .split('\r\n')
      .map((header) => header.split(': '));
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    for (const [name = '', value = ''] of headers) if (name !== 'Status') response.setHeader(name, value);
    response.writeHead(Number.parseInt(status, 10));
    const body = output.subarray(split + 4);
    if (host.breaksOff && body.includes('PACK')) response.write(body.subarray(0, -20), () => response.destroy());
    else response.end(body);
  });
}

export interface SshHost extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly keyFile: string;
  readonly knownHostsFile: string;
}

/** A private sshd that lets one key in. */
export async function serveSsh(folder: string, bare: string): Promise<SshHost> {
  const home = join(folder, 'ssh host');
  await mkdir(home);
  await mkdir('/run/sshd', { recursive: true });
  const at = (name: string): string => join(home, name);
  if (!existsSync('/usr/sbin/sshd')) await aptInstall(['openssh-server'], { log: console.error, why: 'git over SSH' });
  for (const name of ['host_key', 'user_key']) {
    await read('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  }
  const port = await freePort();
  const hostKey = await readFile(at('host_key.pub'), 'utf8');
  await writeFile(at('known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);
  const config = `ListenAddress 127.0.0.1:${port}
HostKey "${at('host_key')}"
AuthorizedKeysFile "${at('user_key.pub')}"
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`;
  await writeFile(at('sshd_config'), config);
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('sshd_config')], { stdio: 'ignore' });
  await answering(port);
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}${encodeURI(bare)}`,
    port,
    keyFile: at('user_key'),
    knownHostsFile: at('known_hosts'),
    [Symbol.asyncDispose]: async () => {
      sshd.kill();
      await once(sshd, 'exit');
    },
  };
}

/** A server that takes connections and says nothing. */
export async function serveSilence(): Promise<{ port: number; connected: Promise<void> } & AsyncDisposable> {
  const server = createTcpServer();
  const connected = once(server, 'connection').then(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  return {
    port: (server.address() as AddressInfo).port,
    connected,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await delay(25);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`Nothing answers on port ${port}.`);
}

/** Command lines of all processes on the machine that contain the text. */
export async function commandLinesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text));
}

/** Files below the folder that contain the text. */
export async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return files.filter((_, index) => contents[index]?.includes(text));
}
