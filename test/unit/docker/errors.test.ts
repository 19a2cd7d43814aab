import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectEngine, openDocker } from '../../../src/docker/connect.ts';
import { Containers } from '../../../src/docker/containers.ts';
import { tame } from '../../../src/docker/dial.ts';
import { request, settle } from '../../../src/docker/errors.ts';
import { fakeEngine } from '../../support/fake-engine.ts';
import { service } from '../../support/manifests.ts';
import { instanceOf } from '../../support/observed.ts';

/** As dockerode throws it. */
function engineError(statusCode: number, message: string): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) - ${message}`), { statusCode, json: { message } });
}

describe('an error of the engine', () => {
  it("says what was attempted and the engine's own words, with its cause", async () => {
    const cause = engineError(500, 'driver failed');
    const failure = request('Starting web', 'start-failed', Promise.reject(cause));
    await expect(failure).rejects.toMatchObject({
      reason: 'start-failed',
      message: 'Starting web: driver failed',
      cause,
    });
  });

  it('is without the frame of the HTTP answer and without blanks at its end', async () => {
    const framed = Object.assign(new Error('(HTTP code 500) server error - pull access denied - for web \n'), {
      statusCode: 500,
      json: null,
    });
    await expect(request('Pulling web', 'pull-failed', Promise.reject(framed))).rejects.toMatchObject({
      message: 'Pulling web: pull access denied - for web',
    });
    const trailing = Promise.reject(engineError(500, 'driver failed\n'));
    await expect(settle('Starting web', [], trailing)).rejects.toMatchObject({
      message: 'Starting web: driver failed',
    });
  });

  it('is disk-full where the disk is', async () => {
    const failure = request(
      'Pulling web',
      'pull-failed',
      Promise.reject(engineError(500, 'write: no space left on device')),
    );
    await expect(failure).rejects.toMatchObject({ reason: 'disk-full' });
  });

  it('is no error where the work was done already', async () => {
    await settle('Stopping web', [304], Promise.reject(engineError(304, '')));
    await settle('Leaving', [/is not connected/], Promise.reject(engineError(500, 'web is not connected to x')));
    await expect(settle('Leaving', [404], Promise.reject(engineError(500, 'x')))).rejects.toMatchObject({
      message: 'Leaving: x',
    });
  });
});

describe('a call to the engine', () => {
  it("has the engine's own sentence as its error, wherever it is read", async () => {
    const { server, port } = await fakeEngine((incoming, response) => {
      const isPull = incoming.url?.startsWith('/images/create') ?? false;
      if (incoming.url?.startsWith('/images/json') ?? false) return void response.end('[]');
      response.writeHead(isPull ? 500 : 404).end(JSON.stringify({ message: isPull ? 'lookup failed \n' : 'none' }));
    });
    const host = `tcp://127.0.0.1:${port}`;
    const pulled = connectEngine({ host, cluster: 'demo', capabilities: [], dockerConfig: '/', now: () => 0 });
    await expect(pulled.runtime.pull('web:v1', 'always')).rejects.toMatchObject({
      message: 'Pulling web:v1: lookup failed',
      cause: { message: 'lookup failed' },
    });
    const bare = openDocker(host).getContainer('web').inspect();
    await expect(bare).rejects.toMatchObject({ message: 'none', statusCode: 404 });
    server.close();
  });

  it('ends when an engine that hangs has been given its time, and names what was tried', async () => {
    const { server, port } = await fakeEngine(() => undefined);
    const docker = tame(new Docker({ protocol: 'http', host: '127.0.0.1', port }), { limit: 50 });
    const started = settle('Starting web', [], docker.getContainer('web').start());
    await expect(started).rejects.toMatchObject({
      reason: 'engine-unreachable',
      message: expect.stringContaining('Starting web: the Docker engine does not answer (waited 0.05 s).') as string,
    });
    const abort = new AbortController();
    const stopped = settle('Stopping web', [], docker.getContainer('web').stop({ abortSignal: abort.signal }));
    const created = docker.createContainer({ Image: 'web:v1', abortSignal: abort.signal });
    await expect(request('Creating web', 'start-failed', created)).rejects.toMatchObject({
      reason: 'engine-unreachable',
    });
    const read = docker.getContainer('web').logs({ stdout: true, follow: false });
    await expect(request('Reading', 'start-failed', read)).rejects.toMatchObject({ reason: 'engine-unreachable' });
    const followed = docker.getContainer('web').logs({ stdout: true, follow: true, abortSignal: abort.signal });
    abort.abort();
    await expect(followed).rejects.toMatchObject({ name: 'AbortError' });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    server.closeAllConnections();
    server.close();
  });
});

it('an upload goes on for as long as there is more of it, and what is given at once has its limit', async () => {
  const { server, port } = await fakeEngine((incoming, response) => {
    incoming.resume().on('end', () => void (incoming.headers['content-length'] ?? response.end()));
  });
  const container = tame(new Docker({ protocol: 'http', host: '127.0.0.1', port }), { limit: 50 }).getContainer('web');
  const more = new PassThrough();
  const uploaded = container.putArchive(more, { path: '/' });
  more.write('begun');
  const atOnce = container.putArchive(Buffer.alloc(1024), { path: '/' });
  await expect(request('Copying', 'start-failed', atOnce)).rejects.toMatchObject({ reason: 'engine-unreachable' });
  more.end('over');
  await expect(uploaded).resolves.toBeDefined();
  server.close();
});

it.each([true, false])('a log that hangs ends where the reader gives it up; follow: %s', async (follow) => {
  const { server, port } = await fakeEngine(() => undefined);
  const host = `tcp://127.0.0.1:${port}`;
  const { runtime } = connectEngine({ host, cluster: 'demo', capabilities: [], dockerConfig: '/', now: () => 0 });
  const signal = AbortSignal.timeout(20);
  for await (const line of runtime.logs(instanceOf(service()), { tail: 1, follow, signal })) expect(line).toBe('none');
  server.closeAllConnections();
  server.close();
});

describe('a stop that an engine never answers', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['the grace period of the container', { stopGracePeriod: 600_000 }, 720_000],
    ["Docker's own grace period", {}, 130_000],
  ])('ends two minutes after %s', async (_, spec, limit) => {
    const { server, port } = await fakeEngine(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const containers = new Containers(openDocker(`tcp://127.0.0.1:${port}`), {
      begins: () => undefined,
      ended: () => undefined,
    });
    const web = { id: '1', name: 'web', spec };
    const ends = [containers.stop(web), containers.restart(web)].map(async (end) => await end.catch(String));
    vi.advanceTimersByTime(limit - 1);
    const soon = new Promise((resolve) => setImmediate(() => resolve('under way')));
    expect(await Promise.race([...ends, soon])).toBe('under way');
    vi.advanceTimersByTime(1);
    for (const end of ends) expect(await end).toContain(`does not answer (waited ${limit / 1000} s)`);
    server.closeAllConnections();
    server.close();
  });
});

it.each([
  [404, 'done'],
  [409, 'done'],
  [500, 'ReasonError: Renaming web: no'],
])('a name that the engine answers with %i has come to this: %s', async (status, end) => {
  const { server, port } = await fakeEngine((_, response) => {
    response.writeHead(status).end(JSON.stringify({ message: 'no' }));
  });
  const witness = { begins: () => undefined, ended: () => undefined };
  const containers = new Containers(openDocker(`tcp://127.0.0.1:${port}`), witness);
  const renamed = containers.rename({ id: '1', name: 'web' }, 'web-restart').then(() => 'done');
  expect(await renamed.catch(String)).toBe(end);
  server.close();
});

describe('connecting', () => {
  it.each(['ssh://host', 'host:2375', 'tcp://', 'unix://', ''])('refuses the host %j', (host) => {
    expect(() => openDocker(host)).toThrow(/^The Docker host .* cannot be used\./);
  });

  it('reaches an engine over tcp, and says when it breaks off or answers late', async () => {
    const { server, port } = await fakeEngine((incoming) => incoming.socket.destroy());
    const host = `tcp://127.0.0.1:${port}`;
    const { runtime } = connectEngine({ host, cluster: 'demo', capabilities: [], dockerConfig: '/', now: () => 0 });
    await expect(runtime.observe()).rejects.toMatchObject({ reason: 'engine-unreachable' });
    server.removeAllListeners('request').on('request', () => undefined);
    const late = runtime.observe({ signal: AbortSignal.timeout(50) });
    await expect(late).rejects.toMatchObject({ reason: 'engine-unreachable' });
    const abort = new AbortController();
    const aborted = runtime.observe({ signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    server.closeAllConnections();
    server.close();
  });
});
