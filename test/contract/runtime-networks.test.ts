import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { Instance } from '../../src/core/observed.ts';
import type { RuntimeEvent } from '../../src/core/ports.ts';
import { dynamicRange, halvesOf, isFixed } from '../../src/docker/networks/subnet.ts';
import { dockerHost, execIn, openCluster, until, type TestCluster } from '../support/docker.ts';
import { buildImage } from '../support/opinionated-image.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

/** Answers with its name; a slow request waits until it is told to go on. */
const SCRIPT = `mkdir -p /www/cgi-bin
echo $FAIRLEAD_SERVICE > /www/index.html
cat > /www/cgi-bin/slow <<'END'
#!/bin/sh
echo started > /started
until [ -f /go ]; do sleep 0.1; done
printf 'Content-Type: text/plain\r\n\r\n'
echo slow $FAIRLEAD_SERVICE
END
chmod +x /www/cgi-bin/slow
exec httpd -f -p 8080 -h /www`;
const SERVER = containerSpec({ image: 'lab/busybox:1', stopSignal: 'SIGKILL', command: ['sh', '-c', SCRIPT] });

describe('networks of a cluster on the engine', () => {
  let cluster: TestCluster;

  beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));
  beforeEach(() => {
    cluster = openCluster();
  });
  afterEach(() => cluster[Symbol.asyncDispose]());

  const start = async (service: string, networks: readonly string[] = ['default']): Promise<Instance> => {
    await cluster.runtime.ensureNetworks(networks);
    await cluster.runtime.ensure(slotSpec({ service, container: { ...SERVER, networks } }));
    const instance = (await cluster.runtime.observe()).instances.find((each) => each.service === service);
    if (instance === undefined) throw new Error(`${service} is not there`);
    return instance;
  };
  const inspect = async (name: string) => cluster.docker.getNetwork(name).inspect();
  const subnetOf = async (name: string) => (await inspect(name)).IPAM?.Config?.[0]?.Subnet ?? '';
  const fetchFrom = async (from: Instance, host: string, path = '', within = 1) =>
    (
      await execIn(cluster.docker, from.id, [
        'wget',
        '-q',
        '-T',
        String(within),
        '-O',
        '-',
        `http://${host}:8080/${path}`,
      ])
    ).trim();

  it('give fixed addresses from one half of the subnet and dynamic ones from the other', async () => {
    const { address = '' } = await start('web');
    const name = `fairlead-${cluster.name}`;
    const subnet = await subnetOf(name);
    expect(isFixed(subnet, address)).toBe(true);
    expect((await inspect(name)).IPAM?.Config?.[0]).toMatchObject({ IPRange: dynamicRange(subnet) });
    const labels = { 'io.fairlead.cluster': cluster.name };
    const guest = await cluster.docker.createContainer({
      Image: SERVER.image,
      Labels: labels,
      HostConfig: { NetworkMode: name },
    });
    await guest.start();
    const { NetworkSettings } = await guest.inspect();
    expect(isFixed(subnet, NetworkSettings.Networks[name]?.IPAddress ?? '')).toBe(false);
  });

  it('resolve a service by its name while it is discoverable, and only then', async () => {
    const [web, client] = [await start('web'), await start('client')];
    expect(await fetchFrom(client, 'web')).not.toBe('web');
    await cluster.runtime.setDiscoverable(web, true);
    expect(await fetchFrom(client, 'web')).toBe('web');
    await cluster.runtime.setDiscoverable(web, false);
    await until(async () => (await fetchFrom(client, 'web')) !== 'web');
    expect(await fetchFrom(client, web.address ?? '')).toBe('web');
  });

  it('resolve a service by its name from its start, but not where its image has a check that has to pass', async () => {
    const image = `lab/checked:${cluster.name}`;
    await buildImage(cluster.docker, image, 'FROM lab/busybox:1\nHEALTHCHECK --interval=60s CMD true\n');
    const client = await start('client');
    await cluster.runtime.ensure(slotSpec({ service: 'plain', container: SERVER, discoverable: true }));
    await cluster.runtime.ensure(slotSpec({ service: 'checked', container: { ...SERVER, image }, discoverable: true }));
    await until(async () => (await fetchFrom(client, 'plain')) === 'plain');
    expect(await fetchFrom(client, 'checked')).not.toBe('checked');
    const { instances } = await cluster.runtime.observe();
    expect(instances.map(({ service, discoverable }) => [service, discoverable]).sort()).toEqual([
      ['checked', false],
      ['client', false],
      ['plain', true],
    ]);
    for (const each of instances) await cluster.runtime.remove(each);
    await cluster.docker.getImage(image).remove();
  });

  it('cut no connection where a name is given or taken', async () => {
    const [web, client] = [await start('web'), await start('client')];
    await cluster.runtime.setDiscoverable(web, true);
    const slow = fetchFrom(client, 'web', 'cgi-bin/slow', 60);
    await until(async () => (await execIn(cluster.docker, web.id, ['cat', '/started'])).trim() === 'started');
    await cluster.runtime.setDiscoverable(web, false);
    await cluster.runtime.setDiscoverable(client, true);
    expect(await fetchFrom(client, 'web')).not.toBe('web');
    await execIn(cluster.docker, web.id, ['touch', '/go']);
    expect(await slow).toBe('slow web');
  });

  it('lead to names again where somebody took a container off them', async () => {
    const [web, client] = [await start('web'), await start('client')];
    await cluster.runtime.setDiscoverable(web, true);
    const names = cluster.docker.getNetwork(`fairlead-${cluster.name}-names`);
    await names.disconnect({ Container: client.id, Force: true });
    expect(await fetchFrom(client, 'web')).not.toBe('web');
    const instances = (await cluster.runtime.observe({ deep: true })).instances;
    const found = instances.find((each) => each.service === 'client');
    expect(found).toMatchObject({ discoverable: undefined, deviations: [] });
    await cluster.runtime.setDiscoverable(client, false);
    expect(await fetchFrom(client, 'web')).toBe('web');
  });

  it('keep services apart that share none', async () => {
    const [front, back, both] = [
      await start('front', ['a']),
      await start('back', ['b']),
      await start('both', ['a', 'b']),
    ];
    for (const instance of [front, back, both]) await cluster.runtime.setDiscoverable(instance, true);
    expect(await fetchFrom(both, 'front')).toBe('front');
    expect(await fetchFrom(both, 'back')).toBe('back');
    expect(await fetchFrom(front, 'both')).toBe('both');
    expect(await fetchFrom(front, 'back')).not.toBe('back');
    expect(await fetchFrom(front, back.address ?? '')).not.toBe('back');
    expect((await cluster.runtime.observe()).instances.flatMap(({ deviations }) => deviations)).toEqual([]);
  });

  it('share with their companions what Docker gives to one', async () => {
    await cluster.runtime.ensureNetworks(['default', 'aside']);
    for (const name of [`fairlead-${cluster.name}`, `fairlead-${cluster.name}-aside`]) {
      const [lower, upper] = [await subnetOf(name), await subnetOf(`${name}-names`)];
      const given = lower.replace(/\d+$/, (bits) => String(Number(bits) - 1));
      expect(halvesOf(given)).toEqual([lower, upper]);
    }
  });

  it('are given a subnet of their own where their half is taken', async () => {
    await cluster.runtime.ensureNetworks(['default']);
    const name = `fairlead-${cluster.name}-names`;
    const half = await subnetOf(name);
    await cluster.docker.getNetwork(name).remove();
    const Labels = { 'io.fairlead.cluster': cluster.name };
    const IPAM = { Driver: 'default', Config: [{ Subnet: half }] };
    await cluster.docker.createNetwork({ Name: `stranger-${cluster.name}`, Labels, IPAM });
    const web = await start('web');
    expect(web.deviations).toEqual([]);
    expect(await subnetOf(name)).not.toBe(half);
  });

  it('are finished where a process stopped half-way, within the same subnet', async () => {
    const labels = { 'io.fairlead.cluster': cluster.name, 'io.fairlead.role': 'network' };
    await cluster.docker.createNetwork({ Name: `fairlead-${cluster.name}`, Labels: labels });
    const subnet = await subnetOf(`fairlead-${cluster.name}`);
    expect((await cluster.runtime.observe()).networks).toEqual([]);
    await start('web');
    expect(await subnetOf(`fairlead-${cluster.name}`)).toBe(halvesOf(subnet)?.[0]);
    expect((await cluster.runtime.observe()).networks).toEqual(['default']);
  });

  it('tell when somebody takes a container off them, or removes one', async () => {
    const web = await start('web', ['default', 'aside']);
    const stop = new AbortController();
    const seen: RuntimeEvent[] = [];
    const watched = (async () => {
      for await (const event of cluster.runtime.watch(stop.signal)) seen.push(event);
    })();
    const has = (event: RuntimeEvent) => () => Promise.resolve(seen.some((each) => isDeepStrictEqual(each, event)));
    // The stream is open once an event came through.
    await until(async () => {
      await cluster.runtime.restart(web);
      return seen.length > 0;
    });
    const other = await cluster.docker.createNetwork({ Name: `stranger-${cluster.name}` });
    await other.remove();
    const names = [`fairlead-${cluster.name}-aside`, `fairlead-${cluster.name}-aside-names`];
    for (const name of names) {
      await cluster.docker.getNetwork(name).disconnect({ Container: web.id });
      await until(has({ type: 'container', id: web.id, action: 'disconnect' }));
      await cluster.docker.getNetwork(name).remove();
      await until(has({ type: 'network', name, action: 'destroy' }));
    }
    stop.abort();
    await watched;
    expect(seen.flatMap((each) => (each.type === 'network' ? each.name : []))).toEqual(names);
  });

  it.each(['', '-names'])('are seen and removed where only one half is left, beside "%s"', async (half) => {
    await cluster.runtime.ensureNetworks(['default', 'aside']);
    await cluster.docker.getNetwork(`fairlead-${cluster.name}-aside${half}`).remove();
    expect(await cluster.runtime.observe()).toMatchObject({ networks: ['default'], partialNetworks: ['aside'] });
    await cluster.runtime.pruneNetworks(['default']);
    expect(await cluster.runtime.observe()).toMatchObject({ networks: ['default'], partialNetworks: [] });
    expect(await cluster.docker.listNetworks({ filters: { name: [`${cluster.name}-aside`] } })).toEqual([]);
  });

  it('are never taken from a stranger, who holds up no others', async () => {
    const stranger = await cluster.docker.createNetwork({ Name: `fairlead-${cluster.name}` });
    const made = cluster.runtime.ensureNetworks(['default', 'other']);
    await expect(made).rejects.toThrow(`There is a network fairlead-${cluster.name} that Fairlead did not make`);
    expect((await cluster.runtime.observe()).networks).toEqual(['other']);
    await stranger.remove();
  });

  it('count by the oldest where there are two of one name, and the other one goes', async () => {
    await cluster.runtime.ensureNetworks(['default']);
    const name = `fairlead-${cluster.name}`;
    const { Id, Labels } = await inspect(name);
    const twin = await cluster.docker
      .createNetwork({ Name: name, Labels: Labels ?? {} })
      .catch((error: unknown) => error);
    // Newer engines never have two networks of one name.
    const names = twin instanceof Error ? ['default'] : [];
    expect((await cluster.runtime.observe()).networks).toEqual(names);
    const web = await start('web');
    expect(web.deviations).toEqual([]);
    expect((await inspect(name)).Id).toBe(Id);
  });

  it('are not pruned while a stopped container is on them', async () => {
    const web = await start('web');
    await cluster.runtime.stop(web, { mark: true });
    await expect(cluster.runtime.pruneNetworks([])).rejects.toThrow(/there are containers on it/);
    await start('web');
    await until(async () => (await cluster.runtime.observe()).instances[0]?.state === 'running');
  });

  it('never give out the address of a stopped container, also not from a new process', async () => {
    const slots = [1, 2, 3].map((slot) => slotSpec({ container: SERVER, slot }));
    await cluster.runtime.ensureNetworks(['default']);
    for (const slot of slots) await cluster.runtime.ensure(slot);
    const [first, ...others] = (await cluster.runtime.observe()).instances;
    await cluster.runtime.stop(first as Instance, { mark: false });
    const next = openCluster(dockerHost(), cluster.name).runtime;
    await next.ensure(slotSpec({ container: SERVER, slot: 4 }));
    const addresses = (await next.observe()).instances.map(({ address }) => address);
    expect(new Set(addresses).size).toBe(4);
    expect(addresses).toEqual(expect.arrayContaining([first, ...others].map((each) => each?.address)));
  });
});
