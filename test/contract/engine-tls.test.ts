import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { read } from '../../script/run.mjs';
import { connectEngine } from '../../src/docker/connect.ts';
import { makeStack } from '../lab/git-hosts.ts';
import { dockerHost, openCluster, type TestCluster } from '../support/docker.ts';
import { temporaryFolder } from '../support/folder.ts';

/** The engine behind TLS, with certificates on both sides, as `dockerd --tlsverify` offers itself. */

const stack = makeStack();
let cluster: TestCluster;
let folder: string;
let host: string;

beforeAll(async () => {
  await ensureImages(dockerHost(), ['lab/busybox:1']);
  cluster = stack.use(openCluster());
  folder = stack.use(await temporaryFolder()).path;
  for (const name of ['server', 'ops', 'stranger']) await makeCertificate(name);
  await trust('server', 'ops');
  await trust('ops', 'server');
  await trust('stranger', 'server');
  host = `tcp://127.0.0.1:${await listen()}`;
});
afterAll(() => stack.disposeAsync());

async function makeCertificate(name: string): Promise<void> {
  const pair = join(folder, name);
  await mkdir(pair);
  const files = ['-keyout', join(pair, 'key.pem'), '-out', join(pair, 'cert.pem')];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  await read('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files]);
}

/** Each certificate is its own authority. */
async function trust(who: string, whom: string): Promise<void> {
  await copyFile(join(folder, whom, 'cert.pem'), join(folder, who, 'ca.pem'));
}

/** Hands on to the engine what comes from those whom the server trusts, byte by byte; the port. */
async function listen(): Promise<number> {
  const file = (name: string) => readFile(join(folder, 'server', name));
  const [ca, cert, key] = await Promise.all([file('ca.pem'), file('cert.pem'), file('key.pem')]);
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (client) => {
    const engine = toEngine();
    client.on('error', () => engine.destroy()).pipe(engine);
    engine.on('error', () => client.destroy()).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.use({ [Symbol.asyncDispose]: () => Promise.resolve(void server.close()) });
  return (server.address() as AddressInfo).port;
}

function toEngine(): Socket {
  const engine = dockerHost();
  if (engine.startsWith('unix://')) return connect(engine.slice('unix://'.length));
  const { hostname, port } = new URL(engine);
  return connect(Number(port), hostname);
}

const reach = (who: string) =>
  connectEngine({
    host,
    tls: { verify: true, directory: join(folder, who) },
    cluster: cluster.name,
    capabilities: [],
    dockerConfig: folder,
    now: Date.now,
  });

it('is worked with as any other, by somebody whom it knows', async () => {
  const { runtime, host: containers } = reach('ops');
  expect((await runtime.observe()).instances).toEqual([]);
  const { id } = await containers.create({
    name: `fairlead-${cluster.name}-balancer`,
    image: 'lab/busybox:1',
    command: ['sleep', '1000000'],
    labels: { 'io.fairlead.cluster': cluster.name },
    volume: { name: `fairlead-${cluster.name}-balancer`, target: '/state' },
    network: 'host',
    capabilities: [],
    readOnly: true,
    nofile: 4096,
  });
  const shell = await containers.exec(id, ['sh']);
  shell.write('echo heard; exit\n');
  let said = '';
  for await (const chunk of shell.output) said += chunk;
  expect(said.trim()).toBe('heard');
});

it('is not trusted where it is a stranger, and says nothing to strangers', async () => {
  await trust('ops', 'stranger');
  await expect(reach('ops').runtime.observe()).rejects.toMatchObject({
    reason: 'engine-unreachable',
    message: expect.stringContaining('self-signed certificate') as string,
  });
  await expect(reach('stranger').runtime.observe()).rejects.toMatchObject({ reason: 'engine-unreachable' });
});
