import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { Instance } from '../../src/core/observed.ts';
import type { Runtime } from '../../src/core/ports.ts';
import { dockerHost, openCluster, until, type TestCluster } from '../support/docker.ts';
import { EngineProxy } from '../support/engine-proxy.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

const MB = 1024 ** 2;
const SLEEPER = containerSpec({ image: 'lab/busybox:1', command: ['sleep', '3600'], stopSignal: 'SIGKILL' });

describe('observing the engine', () => {
  let cluster: TestCluster;
  let proxy: EngineProxy;
  /** Sees the engine through the proxy. */
  let runtime: Runtime;

  beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));
  beforeEach(async () => {
    proxy = await EngineProxy.open();
    cluster = openCluster();
    runtime = openCluster(proxy.host, cluster.name).runtime;
    await cluster.runtime.ensureNetworks(['default']);
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const start = (...slots: number[]) =>
    Promise.all(slots.map((slot) => cluster.runtime.ensure(slotSpec({ container: SLEEPER, slot }))));
  const requestsOf = async (action: () => Promise<unknown>) => {
    const before = proxy.requests.length;
    await action();
    return proxy.requests.slice(before).sort();
  };
  const only = async (): Promise<Instance> => {
    const [instance] = (await runtime.observe()).instances;
    if (instance === undefined) throw new Error('no instance');
    return instance;
  };

  it('costs two calls where nothing changed, however many containers there are', async () => {
    const quiet = ['GET /containers/json', 'GET /networks'];
    await start(1);
    await runtime.observe();
    expect(await requestsOf(() => runtime.observe())).toEqual(quiet);
    await start(2, 3, 4, 5);
    await runtime.observe();
    expect(await requestsOf(() => runtime.observe())).toEqual(quiet);
  });

  it('inspects only what is new or changed', async () => {
    await start(1, 2);
    await runtime.observe();
    await start(3);
    const third = (await cluster.runtime.observe()).instances.find(({ slot }) => slot === 3);
    const inspects = (requests: string[]) =>
      requests.filter((request) => request.endsWith('/json') && request.length > 60);
    expect(inspects(await requestsOf(() => runtime.observe()))).toEqual([`GET /containers/${third?.id ?? ''}/json`]);
    await cluster.docker.getContainer(third?.id ?? '').pause();
    expect(inspects(await requestsOf(() => runtime.observe()))).toEqual([`GET /containers/${third?.id ?? ''}/json`]);
    await cluster.docker.getContainer(third?.id ?? '').unpause();
  });

  it('inspects everything in a deep pass', async () => {
    await start(1);
    const { id } = await only();
    await cluster.docker.getContainer(id).update({ Memory: 64 * MB, MemorySwap: 64 * MB });
    expect((await only()).resources.limits).toEqual({});
    expect((await runtime.observe({ deep: true })).instances[0]?.resources.limits).toEqual({ memory: 64 * MB });
  });

  it('sees what the list does not show by its event', async () => {
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of runtime.watch(stop.signal)) if (event.type === 'lost') throw new Error('lost events');
    })();
    await until(() => Promise.resolve(proxy.requests.includes('GET /events')));
    await start(1);
    const { id } = await only();
    await cluster.docker.getContainer(id).update({ Memory: 64 * MB, MemorySwap: 64 * MB });
    await until(async () => (await only()).resources.limits.memory === 64 * MB);
    stop.abort();
    await watching;
  });

  it('sees its own changes at once', async () => {
    await start(1);
    await runtime.update(await only(), { restart: 'on-failure' });
    expect((await only()).restartPolicy).toBe('on-failure');
  });

  it('knows a candidate whose end another process had begun', async () => {
    const command = ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'];
    const stubborn = containerSpec({ image: 'lab/busybox:1', command, stopGracePeriod: 2000 });
    await cluster.runtime.ensure(slotSpec({ container: stubborn, restart: 'no' }));
    const [candidate] = (await cluster.runtime.observe()).instances;
    if (candidate === undefined) throw new Error('no candidate');
    const ended = cluster.runtime.stop(candidate, { mark: false, signal: AbortSignal.timeout(500) });
    await expect(ended).rejects.toThrow();
    expect(await only()).toMatchObject({ restartPolicy: 'discarded', deviations: [] });
    await runtime.stop(await only(), { mark: false });
    expect((await runtime.observe()).instances).toEqual([]);
  });

  it('shows a kill for want of memory', async () => {
    const greedy = { ...SLEEPER, command: ['sh', '-c', 'x=a; while :; do x=$x$x; done'] };
    const resources = { cpu: 0, memory: 0, limits: { memory: 16 * MB } };
    await cluster.runtime.ensure(slotSpec({ container: greedy, resources, restart: 'no' }));
    await until(async () => (await only()).state === 'exited');
    expect(await only()).toMatchObject({ oomKilled: true, exitCode: 137 });
  });

  it('knows the node, and what other clusters and strangers take of it', async () => {
    await using other = openCluster();
    await other.runtime.ensureNetworks(['default']);
    const resources = { cpu: 0.25, memory: 32 * MB, limits: {} };
    const ports = [{ port: 80, protocol: 'tcp', publish: true }] as const;
    await other.runtime.ensure(slotSpec({ container: { ...SLEEPER, ports }, resources }));
    const [{ hostPorts } = { hostPorts: [] }] = (await other.runtime.observe()).instances;
    const { node, instances } = await runtime.observe();
    const info = (await cluster.docker.info()) as { Name: string; NCPU: number; MemTotal: number };
    expect(node).toMatchObject({ name: info.Name, cpu: info.NCPU, memory: info.MemTotal, capabilities: ['ssd'] });
    expect(node.foreign.cpu).toBeGreaterThanOrEqual(0.25);
    expect(node.foreign.memory).toBeGreaterThanOrEqual(32 * MB);
    expect(node.foreignHostPorts).toContain(`${hostPorts[0]?.hostPort ?? 0}/tcp`);
    expect(instances).toEqual([]);
  });

  it('does not take a container for its own that has the name and not the labels', async () => {
    const stranger = await cluster.docker.createContainer({
      name: `${cluster.name}-web-1a2b3c4-1`,
      Image: SLEEPER.image,
    });
    await expect(start(1)).rejects.toThrow('that Fairlead did not make');
    await stranger.remove();
  });

  it('says that the engine is away where it is', async () => {
    const nowhere = openCluster('unix:///nowhere/docker.sock').runtime;
    await expect(nowhere.observe()).rejects.toMatchObject({
      reason: 'engine-unreachable',
      message: expect.stringMatching(/does not answer .*ENOENT/) as string,
    });
  });

  it('follows a log until the container stops, long lines and both streams', async () => {
    const talker = 'echo out; echo err >&2; head -c 40000 /dev/zero | tr "\\0" x; echo; sleep 0.3; echo end; sleep 0.5';
    await cluster.runtime.ensure(slotSpec({ container: { ...SLEEPER, command: ['sh', '-c', talker] }, restart: 'no' }));
    const lines = [];
    for await (const line of runtime.logs(await only(), { tail: 10, follow: true })) lines.push(line);
    expect(lines.map(({ stream, text }) => `${stream} ${text.length > 10 ? text.length : text}`).sort()).toEqual([
      'stderr err',
      'stdout 40000',
      'stdout end',
      'stdout out',
    ]);
  });

  it('stops to follow a log when it is aborted', async () => {
    await start(1);
    const read = [];
    for await (const line of runtime.logs(await only(), { tail: 10, follow: true, signal: AbortSignal.timeout(300) }))
      read.push(line);
    expect(read).toEqual([]);
  });
});
