import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { aptInstall } from '../../script/apt.mjs';
import { api, streamError } from '../../script/docker-api.mjs';
import { read, which } from '../../script/run.mjs';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A real registry on loopback; it and all that was pushed are gone at its end. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, the first part of the names of its images. */
  readonly host: string;
  /** A docker config.json of someone who is logged in. */
  readonly dockerConfig: string;
  /**
   * Pushes an image that the engine has as `repository:tag` and takes the new name from the engine again, so that only a
   * pull brings it back; gives the digest.
   */
  push(dockerHost: string, image: string, repository: string, tag: string): Promise<string>;
  /** The same of an image that is made for this, like the other one: whoever removes it takes it from nobody. */
  pushCopy(dockerHost: string, image: string, repository: string, tag: string): Promise<void>;
  /** What the tag points to now. */
  digest(repository: string, tag: string): Promise<string>;
  /** Takes a manifest away, and with it its tags. */
  remove(repository: string, digest: string): Promise<void>;
}

/** Starts Debian's docker-registry; with credentials it lets nobody else read or write. */
export async function startRegistry({ credentials }: { credentials?: Credentials } = {}): Promise<Registry> {
  if (which('docker-registry') === undefined) {
    await aptInstall(['docker-registry'], { log: console.error, why: 'A local registry' });
  }
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-registry-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(await configOf(folder, credentials)));
  // With this process gone the kernel ends the registry too.
  const argv = ['--pdeathsig', 'KILL', 'docker-registry', 'serve', join(folder, 'config.json')];
  const server = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const host = await listening(server);
  return {
    host,
    dockerConfig: JSON.stringify({ auths: credentials === undefined ? {} : { [host]: { auth: basic(credentials) } } }),
    push: async (dockerHost, image, repository, tag) => {
      await push(dockerHost, image, { host, repository, tag, credentials });
      return digestOf(host, repository, tag, credentials);
    },
    pushCopy: (dockerHost, image, repository, tag) =>
      pushCopy(dockerHost, image, { host, repository, tag, credentials }),
    digest: (repository, tag) => digestOf(host, repository, tag, credentials),
    remove: async (repository, digest) => {
      await ask(host, 'DELETE', `${repository}/manifests/${digest}`, credentials);
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(server, 'exit');
      if (server.exitCode === null && server.kill()) await ended;
      await rm(folder, { recursive: true });
    },
  };
}

/** JSON is YAML, which is what the registry reads. */
async function configOf(folder: string, credentials: Credentials | undefined): Promise<object> {
  const config = {
    version: 0.1,
    log: { formatter: 'json' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  if (credentials === undefined) return config;
  const path = join(folder, 'htpasswd');
  await writeFile(path, `${credentials.username}:${await bcrypt(credentials.password)}\n`);
  return { ...config, auth: { htpasswd: { realm: 'lab', path } } };
}

/** By the C library, through perl, which every Debian has. */
async function bcrypt(password: string): Promise<string> {
  return await read('perl', ['-e', 'print crypt(<STDIN>, q($2y$05$abcdefghijklmnopqrstuu))'], { input: password });
}

/** The registry chooses a free port and logs its address. */
async function listening(server: ChildProcess): Promise<string> {
  const lines: string[] = [];
  return await new Promise((resolve, reject) => {
    const look = (line: string) => {
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address === undefined) lines.push(line);
      else resolve(address);
    };
    for (const output of [server.stdout, server.stderr]) if (output) createInterface(output).on('line', look);
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`docker-registry did not start:\n${lines.slice(-5).join('\n')}`)));
  });
}

interface Target {
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly credentials: Credentials | undefined;
}

async function push(dockerHost: string, image: string, target: Target): Promise<void> {
  await api(dockerHost, `/images/${image}/tag?${nameQuery(target)}`, { method: 'POST' });
  await handOver(dockerHost, target);
}

async function pushCopy(dockerHost: string, image: string, target: Target): Promise<void> {
  const made = { method: 'POST', json: { Image: image } };
  const { Id } = (await api(dockerHost, '/containers/create', made)) as { Id: string };
  await api(dockerHost, `/commit?container=${Id}&${nameQuery(target)}`, { method: 'POST', json: {} });
  await api(dockerHost, `/containers/${Id}`, { method: 'DELETE' });
  await handOver(dockerHost, target);
}

function nameQuery({ host, repository, tag }: Target): string {
  return String(new URLSearchParams({ repo: `${host}/${repository}`, tag }));
}

/** From the engine to the registry. */
async function handOver(dockerHost: string, { host, repository, tag, credentials }: Target): Promise<void> {
  const name = `${host}/${repository}`;
  const headers = { 'X-Registry-Auth': padded({ ...credentials, serveraddress: host }) };
  const failure = streamError(await api(dockerHost, `/images/${name}/push?tag=${tag}`, { method: 'POST', headers }));
  await api(dockerHost, `/images/${name}:${tag}`, { method: 'DELETE' });
  if (failure !== undefined) throw new Error(`${name}:${tag} could not be pushed: ${failure}`);
}

/** The engine reads base64url only with its padding, which Node leaves out. */
function padded(auth: object): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

async function digestOf(host: string, repository: string, tag: string, credentials?: Credentials): Promise<string> {
  const response = await ask(host, 'HEAD', `${repository}/manifests/${tag}`, credentials);
  return response.headers.get('docker-content-digest') ?? '';
}

async function ask(host: string, method: string, path: string, credentials?: Credentials): Promise<Response> {
  const headers = new Headers({ accept: 'application/vnd.docker.distribution.manifest.v2+json' });
  if (credentials !== undefined) headers.set('authorization', `Basic ${basic(credentials)}`);
  const response = await fetch(`http://${host}/v2/${path}`, { method, headers });
  if (!response.ok) throw new Error(`The registry at ${host} answered ${response.status} to ${method} ${path}.`);
  return response;
}

function basic({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
