import type Docker from 'dockerode';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { connectEngine } from '../../src/docker/connect.ts';
import { dockerAt, dockerHost, openCluster, until, type TestCluster } from '../support/docker.ts';
import { EngineProxy } from '../support/engine-proxy.ts';

/** What the tests of crashes and faults rely on. */

let proxy: EngineProxy;
let cluster: TestCluster;
let docker: Docker;

beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));
beforeEach(async () => {
  proxy = await EngineProxy.open();
  cluster = openCluster();
  docker = dockerAt(proxy.host);
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const make = (name: string) =>
  docker.createVolume({ Name: `${cluster.name}-${name}`, Labels: { 'io.fairlead.cluster': cluster.name } });
const made = async () => {
  const filters = { label: [`io.fairlead.cluster=${cluster.name}`] };
  return (await cluster.docker.listVolumes({ filters })).Volumes.map(({ Name }) => Name.split('-')[1]).sort();
};

it('holds a call of which the engine has not heard, and drops it', async () => {
  const held = proxy.hold(2, 'before');
  await docker.info();
  await make('first');
  const second = expect(make('second')).rejects.toThrow();
  expect(await held).toMatchObject({ method: 'POST', path: '/volumes/create' });
  proxy.drop();
  await second;
  expect(await made()).toEqual(['first']);
});

it('holds an answer, and drops that', async () => {
  const held = proxy.hold(1, 'after');
  const lost = expect(make('lost')).rejects.toThrow();
  await held;
  proxy.drop();
  await lost;
  expect(await made()).toEqual(['lost']);
});

it('lets a conversation with a process through, and holds what changes something', async () => {
  const container = await docker.createContainer({
    Image: 'lab/busybox:1',
    Cmd: ['sleep', '60'],
    Labels: { 'io.fairlead.cluster': cluster.name },
  });
  await container.start();
  const { host } = connectEngine({
    host: proxy.host,
    cluster: cluster.name,
    capabilities: [],
    dockerConfig: '/',
    now: Date.now,
  });
  const stream = await host.exec(container.id, ['sh']);
  const heard: string[] = [];
  const listening = (async () => {
    for await (const chunk of stream.output) heard.push(chunk);
  })();
  stream.write('echo one\n');
  await until(() => Promise.resolve(heard.join('') === 'one\n'));
  const held = proxy.hold(1, 'after');
  stream.write('echo two; cat >/tmp/file </dev/null; echo three\n');
  expect(await held).toMatchObject({ method: 'TELL' });
  proxy.drop();
  await listening;
  expect(heard.join('')).toBe('one\n');
});

it('has the faults of an engine', async () => {
  proxy.fail({ do: 'refuse', status: 500, message: 'not today', on: /POST \/volumes/ });
  await docker.info();
  await expect(make('refused')).rejects.toThrow('not today');
  proxy.fail({ do: 'cut' });
  await expect(docker.info()).rejects.toThrow();
  proxy.fail({ do: 'silence' });
  const answer = docker.info();
  const first = Promise.race([answer.then(() => 'an answer'), cluster.docker.info().then(() => 'nothing')]);
  expect(await first).toBe('nothing');
  proxy.heal();
  await answer;
});
