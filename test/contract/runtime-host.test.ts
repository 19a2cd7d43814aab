import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { ExecStream, HostedContainer, HostedContainerSpec } from '../../src/core/container-host.ts';
import { dockerHost, openCluster, until, type TestCluster } from '../support/docker.ts';

describe('the engine as the host of a balancer', () => {
  let cluster: TestCluster;
  let name: string;

  beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));
  beforeEach(() => {
    cluster = openCluster();
    name = `fairlead-${cluster.name}-balancer`;
  });
  afterEach(() => cluster[Symbol.asyncDispose]());

  const create = (fields: Partial<HostedContainerSpec> = {}): Promise<HostedContainer> =>
    cluster.host.create({
      name,
      image: 'lab/busybox:1',
      command: ['sh', '-c', 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'],
      labels: { 'io.fairlead.cluster': cluster.name, 'io.fairlead.role': 'balancer' },
      volume: { name, target: '/state' },
      network: 'host',
      capabilities: [],
      readOnly: true,
      nofile: 4096,
      ...fields,
    });
  const printed = async ({ output }: ExecStream, until: string) => {
    let text = '';
    for await (const chunk of output) {
      text += chunk;
      if (text.includes(until)) break;
    }
    return text;
  };

  it('creates, finds, starts and removes a container, which is no instance', async () => {
    expect(await cluster.host.find(name)).toBeUndefined();
    const made = await create();
    expect(made).toMatchObject({ name, running: true });
    expect(made.labels).toMatchObject({ 'io.fairlead.role': 'balancer' });
    expect(await cluster.host.find(name)).toEqual(made);
    expect((await cluster.runtime.observe()).instances).toEqual([]);
    await cluster.docker.getContainer(made.id).stop();
    expect(await cluster.host.find(name)).toMatchObject({ id: made.id, running: false });
    await cluster.host.start(made.id);
    expect((await cluster.host.find(name))?.running).toBe(true);
    await cluster.host.remove(made.id);
    await cluster.host.remove(made.id);
    await cluster.host.removeVolume(name);
    await cluster.host.removeVolume(name);
    expect(await cluster.host.find(name)).toBeUndefined();
  });

  it('has only the rights and limits that it was given', async () => {
    const { id } = await create({ user: '99:99', capabilities: ['NET_BIND_SERVICE'] });
    const { HostConfig, Config } = await cluster.docker.getContainer(id).inspect();
    expect(HostConfig).toMatchObject({
      NetworkMode: 'host',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      Ulimits: [{ Name: 'nofile', Soft: 4096, Hard: 4096 }],
      RestartPolicy: { Name: 'unless-stopped' },
    });
    expect((HostConfig.CapAdd as string[]).map((each) => each.replace('CAP_', ''))).toEqual(['NET_BIND_SERVICE']);
    expect(Config.User).toBe('99:99');
  });

  it('joins the networks of the cluster and publishes ports', async () => {
    await cluster.runtime.ensureNetworks(['default', 'back']);
    const published = { address: '127.0.0.1', hostPort: 0, port: 8080 };
    const { id } = await create({ network: { networks: ['default', 'back'], publish: [published] } });
    const { NetworkSettings } = await cluster.docker.getContainer(id).inspect();
    const traffic = [`fairlead-${cluster.name}`, `fairlead-${cluster.name}-back`];
    expect(Object.keys(NetworkSettings.Networks).sort()).toEqual(traffic);
    expect(NetworkSettings.Ports['8080/tcp']?.[0]?.HostIp).toBe('127.0.0.1');
  });

  it('uploads files with their modes and owners into the volume of a read-only container', async () => {
    const { id } = await create({ user: '99:99' });
    await cluster.host.upload(id, '/state', [
      { path: 'etc/', content: '', mode: 0o750, uid: 99 },
      { path: 'etc/a.cfg', content: 'ä line\n', mode: 0o600, uid: 99 },
    ]);
    const exec = await cluster.host.exec(id, [
      'sh',
      '-c',
      'stat -c "%a %u %n" /state/etc /state/etc/a.cfg; cat /state/etc/a.cfg; echo END',
    ]);
    expect(await printed(exec, 'END')).toBe('750 99 /state/etc\n600 99 /state/etc/a.cfg\nä line\nEND\n');
  });

  it('keeps a process open that answers line by line, and sees it end', async () => {
    const { id } = await create();
    const shell = await cluster.host.exec(id, ['sh']);
    shell.write('echo one; echo not this >&2\n');
    shell.write('echo two\n');
    shell.write(`printf '%s' ${'x'.repeat(100_000)}; echo END; exit\n`);
    const text = await printed(shell, 'never');
    expect(text.startsWith('one\ntwo\n')).toBe(true);
    expect(text).toHaveLength('one\ntwo\n'.length + 100_000 + 'END\n'.length);
    expect(shell.closed).toBe(true);
  });

  it('sees a process end when it is closed from here', async () => {
    const { id } = await create();
    const shell = await cluster.host.exec(id, ['sh']);
    expect(shell.closed).toBe(false);
    shell.close();
    await until(() => Promise.resolve(shell.closed));
  });

  it('hangs up on a container that is paused, once somebody watches', async () => {
    const { id } = await create();
    const watching = new AbortController();
    const watch = async () => {
      for await (const event of cluster.runtime.watch(watching.signal)) if (event.type === 'lost') break;
    };
    const watched = watch();
    const shell = await cluster.host.exec(id, ['sh']);
    shell.write('echo begun\n');
    // An engine 20.10 never wakes a container that is paused while a process is on its way into it.
    const output = shell.output[Symbol.asyncIterator]();
    expect((await output.next()).value).toBe('begun\n');
    expect(shell.closed).toBe(false);
    const container = cluster.docker.getContainer(id);
    await until(async () => {
      await container.pause();
      await container.unpause();
      return shell.closed;
    });
    watching.abort();
    await watched;
    const next = await cluster.host.exec(id, ['sh']);
    next.write('echo here\n');
    expect(await printed(next, 'here')).toBe('here\n');
    next.close();
  });

  it('reads the last lines of one stream of the log', async () => {
    const { id } = await create({ command: ['sh', '-c', 'echo two >&2; echo one; echo three; sleep 3600'] });
    const said = async (options: { stream: 'stdout' | 'stderr'; tail?: number; since?: number }) => {
      const lines: string[] = [];
      for await (const { text } of cluster.host.logs(id, { ...options, follow: false })) lines.push(text);
      return lines;
    };
    await until(async () => (await said({ stream: 'stdout' })).length === 2);
    expect(await said({ stream: 'stdout' })).toEqual(['one', 'three']);
    await until(async () => (await said({ stream: 'stderr', tail: 10 })).includes('two'));
    expect(await said({ stream: 'stdout', since: Math.floor(Date.now() / 1000) + 60 })).toEqual([]);
  });

  it('says why a container could not be started', async () => {
    await expect(create({ command: ['no-such-program'] })).rejects.toThrow(/no-such-program/);
  });
});
