import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDocker } from '../../../src/docker/connect.ts';
import { temporaryFolder } from '../../support/folder.ts';

/** All that the library holds of how to reach the engine. */
function settingsOf(...address: Parameters<typeof openDocker>): object {
  const names = ['socketPath', 'protocol', 'host', 'port', 'pathPrefix', 'timeout', 'ca', 'cert', 'key', 'username'];
  const held = Object.entries(openDocker(...address).modem as object);
  const said = held.filter(([name, value]) => names.includes(name) && value !== undefined);
  return Object.fromEntries(said.map(([name, value]) => [name, String(value)]));
}

describe('the engine that is named', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    ['unix:///x', { socketPath: '/x', protocol: 'http' }],
    ['tcp://10.0.0.1', { protocol: 'http', host: '10.0.0.1', port: '2375' }],
    ['tcp://[::1]:2300', { protocol: 'http', host: '[::1]', port: '2300' }],
    ['http://10.0.0.1:80', { protocol: 'http', host: '10.0.0.1', port: '80' }],
    ['https://engine.example.com:443', { protocol: 'https', host: 'engine.example.com', port: '443' }],
  ])('is the one that is used, whatever the environment names: %s', (host, expected) => {
    for (const other of ['tcp://prod:2376', 'unix:///other', 'ssh://prod', 'not an address']) {
      vi.stubEnv('DOCKER_HOST', other);
      vi.stubEnv('DOCKER_TLS_VERIFY', '1');
      vi.stubEnv('DOCKER_CERT_PATH', '/nowhere');
      vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
      vi.stubEnv('DOCKER_PATH_PREFIX', '/prefix');
      expect(settingsOf(host)).toEqual(expected);
      expect(process.env['DOCKER_HOST']).toBe(other);
    }
  });
});

describe('an engine over TLS', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(folder.path, `${name}.pem`), name);
  });
  afterEach(async () => await folder[Symbol.asyncDispose]());

  const reach = (host: string, verify = false) => settingsOf(host, { verify, directory: folder.path });
  const remove = async (...names: string[]) => {
    for (const name of names) await rm(join(folder.path, name));
  };

  it.each([
    ['tcp://h', true, '2376'],
    ['tcp://h:2300', true, '2300'],
    ['tcp://h:2376', false, '2376'],
    ['https://h:2300', false, '2300'],
  ])('is trusted and convinced by certificates: %s, verify %s', (host, verify, port) => {
    expect(reach(host, verify)).toEqual({ protocol: 'https', host: 'h', port, ca: 'ca', cert: 'cert', key: 'key' });
  });

  it('is none where the address says so, or a socket', () => {
    expect(reach('http://h:2376', true)).toEqual({ protocol: 'http', host: 'h', port: '2376' });
    expect(reach('tcp://h:2375')).toEqual({ protocol: 'http', host: 'h', port: '2375' });
    expect(reach('unix:///x', true)).toEqual({ protocol: 'http', socketPath: '/x' });
  });

  it('may ask for no certificate, and be known to the system where it has an https:// address', async () => {
    await remove('cert.pem', 'key.pem');
    expect(reach('tcp://h:2376')).toEqual({ protocol: 'https', host: 'h', port: '2376', ca: 'ca' });
    await remove('ca.pem');
    expect(reach('https://h')).toEqual({ protocol: 'https', host: 'h', port: '2376' });
  });

  it.each(['ca.pem', 'cert.pem', 'key.pem'])('is not tried without %s', async (name) => {
    await remove(name);
    expect(() => reach('tcp://h:2376')).toThrow(
      `The Docker host tcp://h:2376 is reached over TLS, and ${join(folder.path, name)} is not there. DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem.`,
    );
  });

  it('is not tried with a file that cannot be read', async () => {
    await remove('key.pem');
    await mkdir(join(folder.path, 'key.pem'));
    expect(() => reach('https://h')).toThrow(/key\.pem cannot be read\./);
  });
});

it('is never reached over SSH, and says what to do instead', () => {
  expect(() => openDocker('ssh://ops@h')).toThrow(
    'The Docker host ssh://ops@h cannot be used. Fairlead does not speak SSH to an engine. Forward its socket (ssh -nNT -L /run/remote.sock:/var/run/docker.sock HOST) and name unix:///run/remote.sock, or use TLS.',
  );
});
