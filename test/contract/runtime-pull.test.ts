import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { startRegistry, type Registry } from '../lab/registry.ts';
import { dockerHost, openCluster, type TestCluster } from '../support/docker.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';

const LOGIN = { username: 'tester', password: 'pass:word' };

describe('images of a private registry', () => {
  let registry: Registry;
  let dockerConfig: string;
  let cluster: TestCluster;
  let image: string;
  /** As the registry has it. */
  let digest: string;

  beforeAll(async () => {
    await ensureImages(dockerHost(), ['lab/busybox:1', 'lab/app:v1']);
    registry = await startRegistry({ credentials: LOGIN });
    dockerConfig = await mkdtemp(join(tmpdir(), 'fairlead-docker-'));
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(dockerConfig, { recursive: true });
  });
  beforeEach(async () => {
    cluster = openCluster(dockerHost(), undefined, dockerConfig);
    image = `${registry.host}/team/${cluster.name}:v1`;
    digest = await push('lab/busybox:1');
    await logIn(registry.dockerConfig);
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    const repository = image.replace(/:v1$/, '');
    for (const { RepoTags, RepoDigests } of await cluster.docker.listImages())
      for (const name of [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((each) => each.startsWith(repository)))
        // The last tag takes the digest with it.
        await cluster.docker
          .getImage(name)
          .remove({ force: true })
          .catch(() => undefined);
  });

  const push = (from: string) => registry.push(dockerHost(), from, `team/${cluster.name}`, 'v1');
  const logIn = (config: string) => writeFile(join(dockerConfig, 'config.json'), config);

  it("are pulled with the login of docker's config, and have a digest", async () => {
    await expect(cluster.docker.getImage(image).inspect()).rejects.toMatchObject({ statusCode: 404 });
    const pulled = await cluster.runtime.pull(image, 'missing');
    expect(pulled.id).toMatch(/^sha256:/);
    expect(pulled.digest).toBe(digest);
    const { isNew, wasThere, ...there } = pulled;
    // Under the name of the lab.
    expect({ isNew, wasThere }).toEqual({ isNew: true, wasThere: true });
    expect(await cluster.runtime.pull(image, 'never')).toEqual(there);
    await cluster.runtime.ensureNetworks(['default']);
    await cluster.runtime.ensure(
      slotSpec({ container: containerSpec({ image, command: ['sleep', '60'], stopSignal: 'SIGKILL' }) }),
    );
    expect((await cluster.runtime.observe()).instances).toMatchObject([{ imageId: pulled.id, digest }]);
  });

  it('are pulled by digest', async () => {
    const byDigest = `${image.replace(/:v1$/, '')}@${digest}`;
    expect(await cluster.runtime.pull(byDigest, 'missing')).toMatchObject({ digest });
    await cluster.docker.getImage(byDigest).remove({ force: true });
    expect(await cluster.runtime.pull(`${image}@${digest}`, 'missing')).toMatchObject({ digest });
    await cluster.docker.getImage(byDigest).remove({ force: true });
  });

  it('are fetched anew under always only: a tag that moved changes no release that runs', async () => {
    const container = containerSpec({ image, entrypoint: [], command: ['sleep', '60'], stopSignal: 'SIGKILL' });
    const before = await cluster.runtime.pull(image, 'missing');
    await cluster.runtime.ensureNetworks(['default']);
    await cluster.runtime.ensure(slotSpec({ container }));
    await push('lab/app:v1');
    await cluster.docker.getImage(before.id).tag({ repo: image.replace(/:v1$/, ''), tag: 'v1' });
    expect(await cluster.runtime.pull(image, 'missing')).toEqual({ id: before.id, digest: before.digest });
    const moved = await cluster.runtime.pull(image, 'always');
    expect(moved.id).not.toBe(before.id);
    await cluster.runtime.ensure(slotSpec({ container, slot: 2, imageId: before.id }));
    const { instances } = await cluster.runtime.observe({ deep: true });
    expect(instances.map(({ imageId, deviations }) => ({ imageId, deviations }))).toEqual([
      { imageId: before.id, deviations: [] },
      { imageId: before.id, deviations: [] },
    ]);
  });

  it('are registry-unauthorized without a login, and with a wrong one', async () => {
    const auth = Buffer.from(`${LOGIN.username}:wrong`).toString('base64');
    await logIn(JSON.stringify({ auths: { [registry.host]: { auth } } }));
    await expect(cluster.runtime.pull(image, 'missing')).rejects.toMatchObject({ reason: 'registry-unauthorized' });
    await logIn('{}');
    const refused = cluster.runtime.pull(image, 'missing');
    await expect(refused).rejects.toMatchObject({ reason: 'registry-unauthorized' });
    await expect(refused).rejects.toThrow(new RegExp(`Pulling ${image}: .*(auth|unauthorized)`));
  });

  it('are image-not-found where tag or repository are not there', async () => {
    for (const missing of [image.replace(/v1$/, 'v2'), `${registry.host}/team/nobody:v1`])
      await expect(cluster.runtime.pull(missing, 'missing')).rejects.toMatchObject({ reason: 'image-not-found' });
  });

  it('are pull-failed where the registry does not answer', async () => {
    await expect(cluster.runtime.pull('127.0.0.1:9/team/web:v1', 'missing')).rejects.toMatchObject({
      reason: 'pull-failed',
      message: expect.stringMatching(/Pulling 127\.0\.0\.1:9\/team\/web:v1: .*refused/) as string,
    });
  });

  it('stop to be pulled when it is aborted', async () => {
    await expect(cluster.runtime.pull(image, 'always', AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
