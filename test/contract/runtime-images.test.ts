import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { startRegistry, type Registry } from '../lab/registry.ts';
import { dockerHost, openCluster, type TestCluster } from '../support/docker.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

let registry: Registry;
let cluster: TestCluster;
let repository: string;

beforeAll(async () => {
  await ensureImages(dockerHost(), ['lab/busybox:1', 'lab/app:v1']);
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  cluster = openCluster();
  repository = `${registry.host}/${cluster.name}`;
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  for (const { RepoTags } of await cluster.docker.listImages())
    for (const name of RepoTags ?? [])
      if (name.includes(cluster.name)) await cluster.docker.getImage(name).remove({ force: true });
});

async function push(tag: string): Promise<string> {
  await registry.pushCopy(dockerHost(), 'lab/busybox:1', cluster.name, tag);
  return `${repository}:${tag}`;
}

async function has(name: string): Promise<boolean> {
  const images = await cluster.docker.listImages();
  return images.some(({ Id, RepoTags }) => Id === name || (RepoTags ?? []).includes(name));
}

describe('images that nothing needs', () => {
  it('are removed, and only they', async () => {
    const [one, other] = [await push('v1'), await push('v2')];
    const { id } = await cluster.runtime.pull(one, 'missing');
    await cluster.runtime.pull(other, 'missing');
    await cluster.runtime.pruneImages([{ id, references: [one] }]);
    expect([await has(one), await has(id), await has(other)]).toEqual([false, false, true]);
    await cluster.runtime.pruneImages([{ id, references: [one] }]);
  });

  it('stay under a name that somebody else has given them', async () => {
    const image = await push('v1');
    const { id } = await cluster.runtime.pull(image, 'missing');
    await cluster.docker.getImage(id).tag({ repo: `local/${cluster.name}`, tag: 'mine' });
    await cluster.runtime.pruneImages([{ id, references: [image] }]);
    expect([await has(image), await has(`local/${cluster.name}:mine`)]).toEqual([false, true]);
  });

  it('stay where somebody has made a container of them, though it has never run', async () => {
    const image = await push('v1');
    const { id } = await cluster.runtime.pull(image, 'missing');
    await cluster.docker.getImage(id).tag({ repo: `local/${cluster.name}`, tag: 'mine' });
    const container = await cluster.docker.createContainer({ Image: image });
    await cluster.runtime.pruneImages([{ id, references: [image] }]);
    expect(await has(image)).toBe(true);
    await container.remove();
  });

  it('go without a name, too: it has moved on to another image, which stays', async () => {
    const image = await push('v1');
    const before = await cluster.runtime.pull(image, 'missing');
    await registry.push(dockerHost(), 'lab/app:v1', cluster.name, 'v1');
    await cluster.docker.getImage(before.id).tag({ repo: repository, tag: 'v1' });
    const after = await cluster.runtime.pull(image, 'always');
    expect(after).toMatchObject({ isNew: true });
    await cluster.runtime.pruneImages([{ id: before.id, references: [] }]);
    await cluster.runtime.pruneImages([{ id: before.id, references: [image] }]);
    expect([await has(before.id), await has(image)]).toEqual([false, true]);
  });
});

describe('the disk of the engine', () => {
  it('is seen', async () => {
    const { node } = await cluster.runtime.observe();
    expect(node.disk?.size).toBeGreaterThan(node.disk?.free ?? Infinity);
  });

  it('takes no image where it is fuller than it is allowed to be; one that is there already is no matter', async () => {
    const image = await push('v1');
    const limits = { warnAbove: 0, refuseAbove: 0 };
    await using full = openCluster(undefined, undefined, undefined, { disk: { limits } });
    await expect(full.runtime.pull(image, 'missing')).rejects.toMatchObject({
      reason: 'disk-full',
      message: `The disk of the engine is more than 0 % full: ${image} is not pulled. Free space, or raise disk.refuseAbove.`,
    });
    const { id } = await cluster.runtime.pull(image, 'missing');
    expect(await full.runtime.pull(image, 'missing')).toMatchObject({ id });
    await full.runtime.ensureNetworks(['default']);
    await full.runtime.ensure(
      slotSpec({ container: containerSpec({ image, command: ['sleep', '60'], stopSignal: 'SIGKILL' }) }),
    );
    expect((await full.runtime.observe()).instances).toMatchObject([{ imageId: id, state: 'running' }]);
  });
});
