import { chmod, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { packed } from '../../src/archive/pack.ts';
import { unpack } from '../../src/archive/unpack.ts';
import type { ContainerSpec } from '../../src/core/model.ts';
import type { Instance } from '../../src/core/observed.ts';
import { dockerHost, execIn, openCluster, type TestCluster } from '../support/docker.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

/** Files into containers of a real engine, and out of them. */

let cluster: TestCluster;
let folder: string;
beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-copy-'));
  await writeFile(join(folder, 'note'), 'hello', { mode: 0o640 });
  cluster = openCluster();
  await cluster.runtime.ensureNetworks(['default']);
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const { signal } = new AbortController();

async function instanceWith(fields: Partial<ContainerSpec> = {}): Promise<Instance> {
  const command = [
    'sh',
    '-c',
    'mkdir -p /srv/in; echo there > /srv/in/file; mkfifo /srv/in/pipe; ln -s circle /srv/circle; ln -s in /srv/link; sleep 1000',
  ];
  const container = containerSpec({ image: 'lab/busybox:1', command, stopSignal: 'SIGKILL', ...fields });
  await cluster.runtime.ensure(slotSpec({ container }));
  const [instance] = (await cluster.runtime.observe()).instances;
  if (instance === undefined) throw new Error('there is no instance');
  return instance;
}

const write = (id: string, target: string) =>
  cluster.hands.write(id, target, packed(join(folder, 'note'), 'note'), signal);

it('copies in and out, as root inside, with the mode of here', async () => {
  const { id } = await instanceWith();
  await write(id, '/tmp');
  expect(await execIn(cluster.docker, id, ['sh', '-c', 'stat -c "%a %u:%g" /tmp/note; cat /tmp/note'])).toBe(
    '640 0:0\r\nhello',
  );
  await unpack(await cluster.hands.read(id, '/tmp/note', signal), join(folder, 'again'), signal);
  expect(await readFile(join(folder, 'again'), 'utf8')).toBe('hello');
});

it('copies into and out of one that does not run', async () => {
  const instance = await instanceWith();
  await cluster.runtime.stop(instance, { mark: true });
  await write(instance.id, '/tmp');
  await unpack(await cluster.hands.read(instance.id, '/tmp/note', signal), join(folder, 'again'), signal);
  expect(await readFile(join(folder, 'again'), 'utf8')).toBe('hello');
});

it('says what may be wrong where the engine breaks off in the midst of it', async () => {
  const { id } = await instanceWith();
  await expect.poll(() => cluster.hands.look(id, '/srv/in/file', signal)).toEqual({ type: 'file' });
  await mkdir(join(folder, 'srv', 'in', 'file'), { recursive: true });
  await writeFile(join(folder, 'srv', 'large'), Buffer.alloc(8 * 1024 * 1024, 'x'));
  const written = cluster.hands.write(id, '/', packed(join(folder, 'srv'), 'srv'), signal);
  await expect(written).rejects.toMatchObject({ reason: 'start-failed' });
  expect(await execIn(cluster.docker, id, ['cat', '/srv/in/file'])).toBe('there\r\n');
});

it('sees folders, files and links, and copies a link as one, but what is behind it where that is asked for', async () => {
  const { id } = await instanceWith();
  const look = (path: string) => cluster.hands.look(id, path, signal);
  await expect.poll(() => look('/srv/link')).toEqual({ type: 'link', to: '/srv/in' });
  expect(await look('/srv/link/')).toEqual({ type: 'folder' });
  expect(await look('/srv/in/file')).toEqual({ type: 'file' });
  for (const path of ['/dev/null', '/srv/in/pipe']) expect(await look(path)).toEqual({ type: 'special' });
  expect(await look('/srv/nowhere')).toBeUndefined();
  for (const path of ['/srv/in/file/below', '/srv/circle/below'])
    await expect(look(path)).rejects.toThrow(`${path} leads through something that is no folder in this container`);
  await unpack(await cluster.hands.read(id, '/srv', signal), join(folder, 'srv'), signal);
  expect(await readFile(join(folder, 'srv', 'link', 'file'), 'utf8')).toBe('there\n');
  await unpack(await cluster.hands.read(id, '/srv/in/.', signal), join(folder, 'contents'), signal);
  expect(await readFile(join(folder, 'contents', 'file'), 'utf8')).toBe('there\n');
  await unpack(await cluster.hands.read(id, '/srv/link/', signal), join(folder, 'behind'), signal);
  expect(await readFile(join(folder, 'behind', 'file'), 'utf8')).toBe('there\n');
});

it('brings modes and times as they are, but no setuid', async () => {
  const { id } = await instanceWith();
  const path = join(folder, 'note');
  const stat = async (mode: number, seconds: number) => {
    await chmod(path, mode);
    await utimes(path, new Date(seconds * 1000), new Date(seconds * 1000));
    await write(id, '/tmp');
    return (await execIn(cluster.docker, id, ['stat', '-c', '%a %Y', '/tmp/note'])).trim();
  };
  expect(await stat(0o000, 1_000_000_000)).toBe('0 1000000000');
  // Before 1970 there is nothing for an engine.
  expect(await stat(0o6755, -1000)).toBe('755 0');
  expect(await stat(0o1777, 2 ** 31 + 5)).toBe('1777 2147483653');
});

it('gives all that there is, from the root on', async () => {
  const { id } = await instanceWith();
  await unpack(await cluster.hands.read(id, '/.', signal), join(folder, 'all'), signal);
  expect(await readFile(join(folder, 'all', 'srv', 'in', 'file'), 'utf8')).toBe('there\n');
});

it('says why it cannot be put there', async () => {
  const mounts = [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] as const;
  const { id } = await instanceWith({ readOnly: true, command: ['sleep', '1000'], mounts });
  await expect(write(id, '/tmp')).rejects.toThrow('/tmp is read-only in this container');
  await expect(write(id, '/nowhere')).rejects.toThrow('There is no folder /nowhere in this container');
  await expect(write(id, '/bin/busybox')).rejects.toThrow('/bin/busybox is no folder in this container');
  await write(id, '/data');
  expect(await cluster.hands.look(id, '/data/note', signal)).toEqual({ type: 'file' });
});
