import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDocker } from '../../../src/docker/connect.ts';

afterEach(() => void vi.unstubAllEnvs());

describe('the engine that is named', () => {
  it.each([
    ['unix:///x', { socketPath: '/x', protocol: 'http' }],
    ['tcp://10.0.0.1', { protocol: 'http', host: '10.0.0.1', port: 2375 }],
    ['https://engine.example.com', { protocol: 'https', host: 'engine.example.com', port: 2376 }],
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

/** All that the library holds of how to reach the engine. */
function settingsOf(host: string): object {
  const names = ['socketPath', 'protocol', 'host', 'port', 'pathPrefix', 'timeout', 'ca', 'cert', 'key', 'username'];
  const held = Object.entries(openDocker(host).modem as object);
  return Object.fromEntries(held.filter(([name, value]) => names.includes(name) && value !== undefined));
}
