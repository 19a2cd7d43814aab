import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connectEngine, openDocker } from '../../../src/docker/connect.ts';
import { request, settle } from '../../../src/docker/errors.ts';

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

describe('connecting', () => {
  it.each(['ssh://host', 'host:2375', 'tcp://', ''])('refuses the host %j', (host) => {
    expect(() => openDocker(host)).toThrow(/is not one of unix:/);
  });

  it('reaches an engine over tcp, and says when it breaks off or answers late', async () => {
    const server = createServer((incoming) => incoming.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
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
