import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { connectEngine } from '../../../src/docker/connect.ts';
import { fakeEngine } from '../../support/fake-engine.ts';

/** What the engine is told, and what becomes of its answers. */

let close: () => void;
afterEach(() => close());

async function handsOn(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const { server, port } = await fakeEngine(answer);
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  const host = `tcp://127.0.0.1:${port}`;
  return connectEngine({ host, cluster: 'demo', capabilities: [], dockerConfig: '/', now: () => 0 }).hands;
}

const { signal } = new AbortController();
const stat = (fields: object) =>
  Buffer.from(JSON.stringify({ name: 'x', linkTarget: '', ...fields })).toString('base64');

it.each([
  ['a folder', { mode: 0x8000_0000 + 0o755 }, { type: 'folder' }],
  ['a file', { mode: 0o644 }, { type: 'file' }],
  ['a file with setuid and a sticky bit', { mode: 0x00d0_0000 + 0o644 }, { type: 'file' }],
  ['a device', { mode: 0x0420_0000 + 0o666 }, { type: 'special' }],
  ['a pipe', { mode: 0x0200_0000 + 0o644 }, { type: 'special' }],
  ['a socket', { mode: 0x0100_0000 + 0o755 }, { type: 'special' }],
  ['a link', { mode: 0x0800_0000 + 0o777, linkTarget: '/srv/x' }, { type: 'link', to: '/srv/x' }],
])('sees %s', async (_, fields, found) => {
  const hands = await handsOn((_, response) => response.setHeader('x-docker-container-path-stat', stat(fields)).end());
  expect(await hands.look('web', '/x', signal)).toEqual(found);
});

it('sees that there is nothing', async () => {
  const hands = await handsOn((_, response) => response.writeHead(404).end());
  expect(await hands.look('web', '/x', signal)).toBeUndefined();
  await expect(hands.read('web', '/x', signal)).rejects.toThrow('/x is gone: somebody has removed it.');
});

it.each([400, 500])('has words for a path that leads nowhere, as %i brings none', async (status) => {
  const hands = await handsOn((_, response) => response.writeHead(status).end());
  await expect(hands.look('web', '/f/x', signal)).rejects.toThrow(
    '/f/x leads through something that is no folder in this container, or through links in a circle, or the engine cannot',
  );
});

it('asks before it sends, which it does piece by piece, and never puts a file in place of a folder', async () => {
  const got: { url: string; length: string | undefined; body: Buffer }[] = [];
  const hands = await handsOn((incoming, response) => {
    void buffer(incoming).then((body) => {
      got.push({ url: incoming.url ?? '', length: incoming.headers['content-length'], body });
      response.end();
    });
  });
  await hands.write('web', '/a b', Readable.from([Buffer.from('one'), Buffer.from('two')]), signal);
  expect(got.map(({ url }) => url)).toEqual(
    Array(2).fill('/containers/web/archive?path=%2Fa%20b&noOverwriteDirNonDir=true'),
  );
  expect(got[0]?.body.equals(Buffer.alloc(1024))).toBe(true);
  expect(got[1]).toMatchObject({ length: undefined, body: Buffer.from('onetwo') });
});

it.each([
  [403, 'container rootfs is marked read-only', '/x is read-only in this container, which takes files only in volumes'],
  [400, 'extraction point is not a directory', '/x is no folder in this container; name one that is.'],
  [404, 'Could not find the file /x in container web', 'There is no folder /x in this container; make it first.'],
  [500, 'no space left on device', 'Copying to /x: no space left on device'],
])('says why the engine refuses, and sends nothing: %i %s', async (status, message, sentence) => {
  const hands = await handsOn((incoming, response) => {
    incoming.resume().on('end', () => response.writeHead(status).end(JSON.stringify({ message })));
  });
  const archive = new PassThrough();
  await expect(hands.write('web', '/x', archive, signal)).rejects.toThrow(sentence);
  expect(archive.readableFlowing).toBeNull();
});

it.each(['before', 'while'])('ends with what is wrong here, %s it is sent', async (when) => {
  const broken = new PassThrough();
  const breaks = () => void broken.destroy(new Error('it cannot be read'));
  const hands = await handsOn((incoming, response) => {
    if (when === 'while' && incoming.headers['content-length'] === undefined) breaks();
    incoming.resume().on('end', () => response.end());
  });
  const written = hands.write('web', '/x', broken, signal);
  if (when === 'before') breaks();
  else broken.write('begun');
  await expect(written).rejects.toThrow(/^it cannot be read$/);
});

it('ends when it is given up, in the middle of either way', async () => {
  const giveUp = new AbortController();
  const hands = await handsOn((incoming, response) => {
    if (incoming.method === 'GET') response.write('begun');
    else incoming.resume().on('end', () => response.end());
  });
  const archive = await hands.read('web', '/x', giveUp.signal);
  const written = hands.write('web', '/x', new PassThrough(), giveUp.signal);
  const all = buffer(archive);
  giveUp.abort();
  await expect(all).rejects.toMatchObject({ name: 'AbortError' });
  await expect(written).rejects.toMatchObject({ name: 'AbortError' });
});
