import type { ServerResponse } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import { connectEngine } from '../../../src/docker/connect.ts';
import { fakeEngine } from '../../support/fake-engine.ts';
import { service } from '../../support/manifests.ts';
import { instanceOf } from '../../support/observed.ts';

/** A log that is read to its end, not followed. */

afterEach(() => void vi.useRealTimers());

/** An engine whose log begins with `one`; the rest comes when the test says so. */
async function begun() {
  const answers: ServerResponse[] = [];
  const { server, port } = await fakeEngine((_, response) => {
    answers.push(response.writeHead(200));
    response.write(frame('one'));
  });
  const host = `tcp://127.0.0.1:${port}`;
  const { runtime } = connectEngine({ host, cluster: 'demo', capabilities: [], dockerConfig: '/', now: () => 0 });
  const lines = runtime.logs(instanceOf(service()), { tail: 2, follow: false })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toMatchObject({ text: 'one' });
  const end = (text: string) => answers[0]?.end(frame(text));
  return { server, lines, end };
}

/** A line of stdout, as Docker sends it. */
function frame(text: string): Buffer {
  const payload = Buffer.from(`2027-01-15T08:00:00Z ${text}\n`);
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, payload.length]);
  return Buffer.concat([header, payload]);
}

it('is handed out as it comes, however large it is', async () => {
  const { server, lines, end } = await begun();
  end('two');
  expect((await lines.next()).value).toMatchObject({ text: 'two' });
  expect((await lines.next()).done).toBe(true);
  server.close();
});

it('ends where the engine hangs in the midst of it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { server, lines } = await begun();
  const next = expect(lines.next()).rejects.toMatchObject({
    reason: 'engine-unreachable',
    message: expect.stringContaining('Reading the log: the Docker engine does not answer (waited 120 s).') as string,
  });
  await vi.advanceTimersByTimeAsync(120_000);
  await next;
  server.closeAllConnections();
  server.close();
});
