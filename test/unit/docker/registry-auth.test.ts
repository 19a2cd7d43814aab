import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { splitReference } from '../../../src/docker/image.ts';
import { credentialsFor, registryOf } from '../../../src/docker/registry-auth.ts';

const HUB = 'https://index.docker.io/v1/';
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('registryOf', () => {
  it.each([
    ['nginx', HUB],
    ['library/nginx:1', HUB],
    ['docker.io/library/nginx', HUB],
    ['registry.example.com/a/b:c', 'registry.example.com'],
    ['localhost/a', 'localhost'],
    ['127.0.0.1:5000/a@sha256:00', '127.0.0.1:5000'],
  ])('%s is from %s', (image, registry) => {
    expect(registryOf(image)).toBe(registry);
  });
});

describe('splitReference', () => {
  it.each([
    ['nginx', 'nginx', 'latest'],
    ['nginx:1.27', 'nginx', '1.27'],
    ['localhost:5000/a', 'localhost:5000/a', 'latest'],
    ['localhost:5000/a:v1', 'localhost:5000/a', 'v1'],
    ['localhost:5000/a@sha256:00', 'localhost:5000/a', 'sha256:00'],
    ['a:v1@sha256:00', 'a:v1', 'sha256:00'],
  ])('%s is %s at %s', (image, fromImage, tag) => {
    expect(splitReference(image)).toEqual({ fromImage, tag });
  });
});

describe('credentialsFor', () => {
  let directory: string;
  const path = process.env['PATH'];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fairlead-auth-'));
    process.env['PATH'] = `${directory}:${path ?? ''}`;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(directory, { recursive: true });
  });

  const configure = (config: object) => writeFile(join(directory, 'config.json'), JSON.stringify(config));
  /** A credential helper as docker's contract has it: the registry on stdin, JSON on stdout. */
  const install = async (name: string, script: string) => {
    const file = join(directory, `docker-credential-${name}`);
    await writeFile(file, `#!/bin/sh\n[ "$1" = get ] || exit 9\nread -r registry\n${script}\n`);
    await chmod(file, 0o755);
  };

  it('has none without a config.json, or for a registry that it does not name', async () => {
    expect(await credentialsFor('r.example.com/a', directory)).toBeUndefined();
    await configure({ auths: { 'other.example.com': { auth: base64('a:b') } } });
    expect(await credentialsFor('r.example.com/a', directory)).toBeUndefined();
  });

  it.each(['r.example.com', 'https://r.example.com', 'https://r.example.com/v1/', 'http://r.example.com/v2/'])(
    'reads a login for %s, with colons in the password',
    async (key) => {
      await configure({ auths: { [key]: { auth: base64('me:pass:word') } } });
      expect(await credentialsFor('r.example.com/a', directory)).toEqual({
        username: 'me',
        password: 'pass:word',
        serveraddress: 'r.example.com',
      });
    },
  );

  it("reads the hub's login and an identity token", async () => {
    await configure({ auths: { [HUB]: { auth: '', identitytoken: 'token' } } });
    expect(await credentialsFor('nginx', directory)).toEqual({ identitytoken: 'token', serveraddress: HUB });
  });

  it('asks the helper of the registry before the store of all others', async () => {
    await install(
      'mine',
      'echo "{\\"ServerURL\\":\\"$registry\\",\\"Username\\":\\"for $registry\\",\\"Secret\\":\\"s\\"}"',
    );
    await install('store', 'echo \'{"Username":"<token>","Secret":"stored"}\'');
    await configure({ credsStore: 'store', credHelpers: { 'r.example.com': 'mine' } });
    expect(await credentialsFor('r.example.com/a', directory)).toMatchObject({ username: 'for r.example.com' });
    expect(await credentialsFor('nginx', directory)).toMatchObject({ identitytoken: 'stored' });
  });

  it('has none where the helper knows none', async () => {
    await install('store', 'echo "credentials not found in native keychain"; exit 1');
    await configure({ credsStore: 'store' });
    expect(await credentialsFor('nginx', directory)).toBeUndefined();
  });

  it.each([
    ['is missing', undefined, /docker-credential-store.* cannot be run/],
    ['fails', 'echo locked >&2; exit 1', /gave no credentials for .*locked/],
    ['answers nonsense', 'echo "hunter2 is no JSON"', /answer of docker-credential-store cannot be understood/],
  ])('says so where the helper %s, without its secrets', async (_how, script, message) => {
    if (script !== undefined) await install('store', script);
    await configure({ credsStore: 'store' });
    const failure = credentialsFor('nginx', directory);
    await expect(failure).rejects.toMatchObject({
      reason: 'secret-unreadable',
      message: expect.stringMatching(message) as string,
    });
    await expect(failure).rejects.not.toThrow(/hunter2/);
  });

  it('says so where config.json is no JSON, without quoting it', async () => {
    await writeFile(join(directory, 'config.json'), '{ "auths": hunter2');
    const failure = credentialsFor('nginx', directory);
    await expect(failure).rejects.toMatchObject({ reason: 'secret-unreadable' });
    await expect(failure).rejects.not.toThrow(/hunter2/);
  });
});
