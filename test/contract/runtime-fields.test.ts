import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { ContainerSpec } from '../../src/core/model.ts';
import type { Instance } from '../../src/core/observed.ts';
import { createOptions } from '../../src/docker/options.ts';
import { dockerHost, openCluster, type TestCluster } from '../support/docker.ts';
import { buildImage, OPINIONATED } from '../support/opinionated-image.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

/** Each field of a ContainerSpec, with a value that differs from the default. */
const FIELDS: Readonly<Record<string, Partial<ContainerSpec>>> = {
  environment: { environment: { GREETING: 'hi = "there"\n$HOME' } },
  'environment over the image': { environment: { COLOUR: 'red' } },
  'empty environment over the image': { environment: { COLOUR: '' } },
  contextRoot: { contextRoot: '/shop' },
  entrypoint: { entrypoint: ['/bin/busybox', 'sleep'], command: ['3599'] },
  'no entrypoint': { entrypoint: [], command: ['/bin/busybox', 'sleep', '3598'] },
  command: { command: ['sleep', '3597'] },
  workingDir: { workingDir: '/tmp' },
  user: { user: '99' },
  hostname: { hostname: 'somewhere' },
  labels: { labels: { team: 'shop', maintainer: 'somebody else' } },
  ports: { ports: [{ port: 8080, protocol: 'tcp', publish: false }] },
  'published port': { ports: [{ port: 9000, protocol: 'udp', publish: true }] },
  'volume mount': { mounts: [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] },
  'read-only volume mount': { mounts: [{ type: 'volume', source: 'data', target: '/data', readOnly: true }] },
  'bind mount': { mounts: [{ type: 'bind', source: '/etc', target: '/host-etc', readOnly: true }] },
  'tmpfs mount': { mounts: [{ type: 'tmpfs', target: '/scratch' }] },
  'tmpfs mount with a size': { mounts: [{ type: 'tmpfs', target: '/scratch', size: 8 * 1024 ** 2 }] },
  extraHosts: { extraHosts: { upstream: '10.1.2.3', six: '::1' } },
  dns: { dns: ['10.9.8.7', '10.9.8.6'] },
  capAdd: { capAdd: ['NET_ADMIN', 'SYS_TIME'] },
  capDrop: { capDrop: ['ALL'] },
  devices: { devices: [{ source: '/dev/null', target: '/dev/nothing', permissions: 'r' }] },
  ulimits: { ulimits: [{ name: 'nofile', soft: 1024, hard: 2048 }] },
  sysctls: { sysctls: { 'net.core.somaxconn': '512' } },
  securityOpt: { securityOpt: ['no-new-privileges'] },
  privileged: { privileged: true },
  readOnly: { readOnly: true },
  init: { init: true },
  shmSize: { shmSize: 16 * 1024 ** 2 },
  stopSignal: { stopSignal: 'SIGUSR1' },
  stopGracePeriod: { stopGracePeriod: 2500 },
  healthCommand: {
    healthCommand: { command: ['CMD-SHELL', 'exit 0'], interval: 1500, timeout: 500, retries: 2, startPeriod: 0 },
  },
};

/** What the engine's own configuration may add is no deviation where the spec says nothing. */
const ADDED_BY_ENGINES = ['ulimits', 'shmSize'];

const MADE_HERE = 'lab/opinionated:1';
const PLAIN = containerSpec({ image: MADE_HERE });

describe('every field of a container', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    await ensureImages(dockerHost(), ['lab/busybox:1']);
    cluster = openCluster();
    await buildImage(cluster.docker, MADE_HERE, OPINIONATED);
    await cluster.runtime.ensureNetworks(['default']);
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await cluster.docker.getImage(MADE_HERE).remove({ force: true });
  });

  const ensured = async (container: ContainerSpec): Promise<Instance> => {
    await cluster.runtime.ensure(slotSpec({ container }));
    return only();
  };
  const only = async (): Promise<Instance> => {
    const [instance, ...others] = (await cluster.runtime.observe()).instances;
    if (instance === undefined || others.length > 0)
      throw new Error(`${others.length + 1} instances where 1 was expected`);
    return instance;
  };
  /** Made by hand from one spec, with a label that says it was made from another. */
  const forged = async (real: ContainerSpec, pretended: ContainerSpec): Promise<Instance> => {
    const [network] = await cluster.docker.listNetworks({ filters: { name: [`^fairlead-${cluster.name}$`] } });
    const subnet = network?.IPAM?.Config?.[0]?.Subnet ?? '';
    const at = { cluster: cluster.name, network: network?.Id ?? '', address: subnet.replace(/\d+\/.*/, '77') };
    const options = createOptions(slotSpec({ container: real }), at);
    const own = createOptions(slotSpec({ container: pretended }), at).Labels ?? {};
    const labels = { ...options.Labels, 'io.fairlead.spec': own['io.fairlead.spec'] ?? '' };
    await cluster.docker.createContainer({ ...options, Labels: labels });
    return only();
  };

  it.each(Object.entries(FIELDS))('%s: has no deviation once made, nor in a new process', async (_name, fields) => {
    const container = { ...PLAIN, ...fields };
    try {
      expect(await ensured(container)).toMatchObject({ state: 'running', deviations: [] });
      const { instances } = await openCluster(dockerHost(), cluster.name).runtime.observe();
      expect(instances.map(({ deviations }) => deviations)).toEqual([[]]);
    } finally {
      await cluster.runtime.remove(await only());
    }
  });

  it.each(Object.entries(FIELDS))('%s: a container made otherwise deviates, both ways', async (name, fields) => {
    const container = { ...PLAIN, ...fields };
    const less = [PLAIN, container] as const;
    const more = [container, PLAIN] as const;
    for (const [real, pretended] of ADDED_BY_ENGINES.includes(name) ? [less] : [less, more]) {
      const instance = await forged(real, pretended);
      await cluster.runtime.remove(instance);
      expect(instance.deviations).not.toEqual([]);
    }
  });

  it('a deviation is a sentence in the words of the manifest', async () => {
    const instance = await forged(
      { ...PLAIN, environment: { GREETING: 'hello' } },
      { ...PLAIN, environment: { GREETING: 'hi' } },
    );
    await cluster.runtime.remove(instance);
    expect(instance.deviations).toEqual(['environment.GREETING is "hello", not "hi"']);
  });

  it('a container of another image deviates', async () => {
    const instance = await forged(containerSpec({ image: 'lab/busybox:1' }), PLAIN);
    await cluster.runtime.remove(instance);
    expect(instance.deviations).toContain(`image is lab/busybox:1, not ${MADE_HERE}`);
  });

  it('a container that left its network, or joined another, deviates', async () => {
    const { id } = await ensured(PLAIN);
    const network = cluster.docker.getNetwork(`fairlead-${cluster.name}`);
    await cluster.docker.getNetwork('bridge').connect({ Container: id });
    expect((await only()).deviations).toEqual(['network bridge is joined and should not be']);
    await cluster.docker.getNetwork('bridge').disconnect({ Container: id });
    await network.disconnect({ Container: id });
    expect((await only()).deviations).toEqual([`network fairlead-${cluster.name} is not joined`]);
    await network.connect({ Container: id });
    expect((await only()).deviations).toEqual([`network fairlead-${cluster.name} gives it no fixed address`]);
    await cluster.runtime.remove(await only());
  });

  it('ensure replaces a stopped container that deviates', async () => {
    const before = await forged({ ...PLAIN, environment: { GREETING: 'hello' } }, PLAIN);
    const after = await ensured(PLAIN);
    await cluster.runtime.remove(after);
    expect(after).toMatchObject({ state: 'running', deviations: [] });
    expect(after.id).not.toBe(before.id);
  });

  it('is compared also when the image is gone from the engine', async () => {
    const lost = 'lab/lost:1';
    await buildImage(cluster.docker, lost, 'FROM lab/busybox:1\nENV FROM_IMAGE=1\nCMD ["sleep", "3600"]\n');
    await cluster.runtime.ensure(slotSpec({ container: containerSpec({ image: lost, environment: { A: '1' } }) }));
    await cluster.docker.getImage(lost).remove({ force: true });
    const { instances } = await openCluster(dockerHost(), cluster.name).runtime.observe();
    await cluster.runtime.remove(await only());
    expect(instances.map(({ deviations }) => deviations)).toEqual([[]]);
  });
});
