import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { ContainerSpec, FileContent, FileEntry } from '../../src/core/model.ts';
import type { Instance } from '../../src/core/observed.ts';
import { LABEL } from '../../src/docker/labels.ts';
import { dockerHost, execIn, openCluster, type TestCluster } from '../support/docker.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

/** Files from the repository in containers of a real engine. */

const NGINX = 'events {}\n';
const entry = (path: string, content: string, mode = 0o644, owner = 0): FileEntry => ({
  path,
  mode,
  uid: owner,
  gid: owner,
  content: Buffer.from(content).toString('base64'),
});
const CONTENTS: readonly FileContent[] = [
  { digest: 'aaaa', entries: [entry('a.conf', 'a'), entry('deep/er/run.sh', '#!/bin/sh\necho ran\n', 0o755)] },
  { digest: 'bbbb', entries: [entry('', NGINX, 0o600, 99)] },
];
const FILES = [
  { target: '/etc/conf.d', digest: 'aaaa' },
  { target: '/etc/nginx/nginx.conf', digest: 'bbbb' },
];

let cluster: TestCluster;
beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));
beforeEach(async () => {
  cluster = openCluster();
  await cluster.runtime.ensureNetworks(['default']);
});
afterEach(() => cluster[Symbol.asyncDispose]());

const container = (fields: Partial<ContainerSpec> = {}) =>
  containerSpec({ image: 'lab/busybox:1', command: ['sleep', '1000'], stopSignal: 'SIGKILL', files: FILES, ...fields });
const only = async (): Promise<Instance> => {
  const [instance, ...others] = (await cluster.runtime.observe()).instances;
  if (instance === undefined || others.length > 0) throw new Error('not one');
  return instance;
};
const ensured = async (fields?: Partial<ContainerSpec>, contents = CONTENTS): Promise<Instance> => {
  await cluster.runtime.ensure(slotSpec({ container: container(fields), contents }));
  return only();
};
/** Without the carriage returns of a terminal. */
const output = async (id: string, command: readonly string[]) =>
  (await execIn(cluster.docker, id, command)).replaceAll('\r', '');
const leftovers = async () => {
  const filters = { label: [`${LABEL.cluster}=${cluster.name}`, `${LABEL.role}=files`] };
  const { Volumes: volumes } = await cluster.docker.listVolumes({ filters });
  const helpers = await cluster.docker.listContainers({ all: true, filters });
  return { volumes: volumes.length, helpers: helpers.length };
};

it('are there from the start, with their modes and owners, on a read-only root and in a folder of a mount, too', async () => {
  const { id } = await ensured({
    readOnly: true,
    user: '99',
    mounts: [{ type: 'tmpfs', target: '/etc/nginx' }],
    command: ['sh', '-c', 'cat /etc/nginx/nginx.conf; exec sleep 1000'],
  });
  expect(await output(id, ['cat', '/etc/nginx/nginx.conf'])).toBe(NGINX);
  expect(await output(id, ['stat', '-c', '%a %u %g', '/etc/nginx/nginx.conf'])).toBe('600 99 99\n');
  expect(await output(id, ['find', '/etc/conf.d', '-type', 'f'])).toContain('/etc/conf.d/deep/er/run.sh');
  expect(await output(id, ['/etc/conf.d/deep/er/run.sh'])).toBe('ran\n');
  const lines: string[] = [];
  for await (const { text } of cluster.runtime.logs(await only(), { tail: 5, follow: false })) lines.push(text);
  expect(lines).toEqual(['events {}']);
});

it('cannot be written to', async () => {
  const { id } = await ensured();
  expect(await output(id, ['sh', '-c', 'echo x >/etc/nginx/nginx.conf; cat /etc/nginx/nginx.conf'])).toContain(NGINX);
});

it('are read back as they were put, files and folders', async () => {
  const instance = await ensured();
  for (const [index, { target }] of FILES.entries())
    expect(await cluster.runtime.files(instance, target)).toEqual(CONTENTS[index]?.entries);
});

it('survive what clears up volumes that nobody uses, and go with the last container that has them', async () => {
  const instance = await ensured();
  await cluster.docker.pruneVolumes({ filters: { label: [`${LABEL.cluster}=${cluster.name}`] } });
  await cluster.runtime.restart(instance);
  expect(await output(instance.id, ['cat', '/etc/nginx/nginx.conf'])).toBe(NGINX);
  expect(await cluster.runtime.observe()).not.toHaveProperty('spareFiles');
  await cluster.runtime.remove(instance);
  await cluster.runtime.pruneFiles((await cluster.runtime.observe()).spareFiles ?? []);
  expect(await leftovers()).toEqual({ volumes: 0, helpers: 0 });
  expect(await cluster.runtime.observe()).not.toHaveProperty('spareFiles');
});

it('are put anew where an upload was cut off, or the volume taken away', async () => {
  const instance = await ensured();
  await cluster.runtime.remove(instance);
  const again = await ensured();
  const { Source: name = '' } =
    (await cluster.docker.getContainer(again.id).inspect()).HostConfig.Mounts?.find(({ Type }) => Type === 'volume') ??
    {};
  await cluster.docker.getContainer(again.id).remove({ force: true });
  await cluster.docker.getVolume(name).remove();
  const labels = { [LABEL.cluster]: cluster.name, [LABEL.role]: 'files' };
  await cluster.docker.createVolume({ Name: name, Labels: labels });
  await cluster.docker.createContainer({ name, Image: 'lab/busybox:1', Labels: labels });
  await using later = openCluster(dockerHost(), cluster.name);
  expect((await later.runtime.observe()).spareFiles).toEqual([name]);
  await later.runtime.ensure(slotSpec({ container: container(), contents: CONTENTS }));
  expect(await output((await only()).id, ['cat', '/etc/nginx/nginx.conf'])).toBe(NGINX);
  expect(await leftovers()).toEqual({ volumes: 1, helpers: 0 });
});

it('are put once for many instances that start at the same time', async () => {
  const slots = [1, 2, 3, 4].map((slot) => slotSpec({ container: container(), contents: CONTENTS, slot }));
  await Promise.all(slots.map((slot) => cluster.runtime.ensure(slot)));
  const { instances } = await cluster.runtime.observe();
  expect(instances.map(({ state, deviations }) => [state, ...deviations])).toEqual(slots.map(() => ['running']));
  expect(await leftovers()).toEqual({ volumes: 1, helpers: 0 });
});

it('are no reason to make a container anew, and others are', async () => {
  const { id, deviations } = await ensured();
  expect(deviations).toEqual([]);
  const inspected = await cluster.docker.getContainer(id).inspect();
  await cluster.docker.getContainer(id).remove({ force: true });
  const spec = JSON.stringify(container({ files: [{ target: '/etc/conf.d', digest: 'cccc' }] }));
  await cluster.docker.createContainer({
    ...inspected.Config,
    name: inspected.Name.slice(1),
    Labels: { ...inspected.Config.Labels, [LABEL.spec]: spec },
    HostConfig: inspected.HostConfig,
  });
  const changed = (await only()).deviations.filter((each) => each.startsWith('mounts.'));
  expect(changed.map((each) => each.split(' ')[0])).toEqual([
    'mounts./etc/conf.d',
    'mounts./etc/nginx/nginx.conf',
    'mounts./run/fairlead',
  ]);
});

it('of a release that nobody has any more are missed with one clear error', async () => {
  const files = [{ target: '/a', digest: 'dddd' }];
  const lost = cluster.runtime.ensure(slotSpec({ container: container({ files }) }));
  await expect(lost).rejects.toMatchObject({
    reason: 'start-failed',
    message: 'The files of web@1a2b3c4 are gone, with their volume; a new revision brings its own.',
  });
});
