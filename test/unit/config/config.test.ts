import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/config.ts';
import type { ConfigSources } from '../../../src/config/load.ts';
import { settings } from '../../../src/manifest/settings.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'fairlead-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

type Given = ConfigSources & { readonly text?: string };

function loaded({ text, ...sources }: Given): ReturnType<typeof loadConfig> {
  if (text !== undefined) writeFileSync(path.join(cwd, 'fairlead.yaml'), text);
  return loadConfig({ env: {}, flags: {}, cwd, ...sources });
}

function config(given: Given): Config {
  const result = loaded(given);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

function problems(given: Given): string[] {
  const result = loaded(given);
  if ('config' in result) return [];
  return result.problems.map(
    ({ file, line, column, reason, message }) => `${file ?? ''}:${line ?? 0}:${column ?? 0} ${reason}: ${message}`,
  );
}

describe('the configuration', () => {
  it('has every default where nothing is given', () => {
    expect(config({ env: { HOME: '/home/ops' } })).toEqual({
      isFromFile: false,
      cluster: 'default',
      isClusterNamed: false,
      runtime: 'auto',
      docker: {
        host: 'unix:///var/run/docker.sock',
        directory: '/home/ops/.docker',
        tls: { verify: false, directory: '/home/ops/.docker' },
      },
      node: { capabilities: [] },
      balancer: {
        enabled: 'auto',
        image: 'haproxy:3.2-alpine',
        http: 80,
        https: 443,
        bind: '0.0.0.0',
        acme: { directory: 'https://acme-v02.api.letsencrypt.org/directory' },
        accessLog: true,
      },
      status: { branch: 'fairlead/default', enabled: true },
      stateDir: process.getuid?.() === 0 ? '/var/lib/fairlead' : '/home/ops/.local/state/fairlead',
      prune: { maxFraction: 0.2, maxCount: 3 },
      logs: { maxSize: 10 * 1024 ** 2, maxFiles: 3 },
      images: { prune: true, keep: 7 * 24 * 3_600_000 },
      disk: { limits: { warnAbove: 0.85, refuseAbove: 0.95 } },
      policy: {
        images: ['**'],
        bindMounts: [],
        privileged: false,
        hostNetwork: false,
        capabilities: [],
        devices: [],
        hostPorts: { from: 1024, to: 65535 },
        externalIPs: [],
      },
    } satisfies Config);
  });

  it('is read from a file, in its units', () => {
    const text = `
cluster: demo
repository:
  url: ssh://git@git.example.com/ops/demo.git
  interval: 1m
  credentials: { sshKeyFile: /etc/fairlead/key, knownHostsFile: /etc/fairlead/hosts }
node: { capabilities: [ssd, gpu, ssd] }
balancer: { enabled: false, http: 8080, network: bridge, bind: "::" }
status: { enabled: false }
stateDir: /srv/fairlead
prune: { maxFraction: 1 }
logs: { maxSize: 0 }
images: { keep: 1h }
disk: { warnAbove: 0.5, path: /data }
policy: { hostPorts: 80, capabilities: [cap_chown], bindMounts: [/srv/**] }`;
    expect(config({ text })).toMatchObject({
      cluster: 'demo',
      repository: {
        url: 'ssh://git@git.example.com/ops/demo.git',
        branch: 'main',
        path: '.',
        interval: 60_000,
        credentials: { sshKeyFile: '/etc/fairlead/key', knownHostsFile: '/etc/fairlead/hosts' },
        allowFile: false,
      },
      node: { capabilities: ['gpu', 'ssd'] },
      balancer: { enabled: false, http: 8080, network: 'bridge', bind: '::' },
      status: { branch: 'fairlead/demo', enabled: false },
      stateDir: '/srv/fairlead',
      prune: { maxFraction: 1, maxCount: 3 },
      logs: { maxSize: 0, maxFiles: 3 },
      images: { prune: true, keep: 3_600_000 },
      disk: { path: '/data', limits: { warnAbove: 0.5, refuseAbove: 0.95 } },
      policy: { hostPorts: { from: 80, to: 80 }, capabilities: ['CHOWN'], bindMounts: ['/srv/**'] },
    });
  });

  it('comes from flags before variables before the file, value by value', () => {
    const text = 'cluster: file\nbalancer: { http: 1, bind: 10.0.0.1 }\nstatus: { branch: of-file }';
    const env = { FAIRLEAD_CLUSTER: 'env', FAIRLEAD_BALANCER_HTTP: '2', FAIRLEAD_STATUS_ENABLED: 'false' };
    expect(config({ text, env, flags: { cluster: 'flag', format: 'json' } })).toMatchObject({
      cluster: 'flag',
      balancer: { http: 2, bind: '10.0.0.1' },
      status: { branch: 'of-file', enabled: false },
    });
  });

  it('takes a list from a variable by commas', () => {
    expect(config({ env: { FAIRLEAD_NODE_CAPABILITIES: 'ssd, gpu' } }).node.capabilities).toEqual(['gpu', 'ssd']);
    expect(config({ env: { FAIRLEAD_POLICY_IMAGES: '' } }).policy.images).toEqual([]);
  });

  it('has a flag and a variable for every setting, by one rule', () => {
    const names = settings().map(({ path, flag, option, variable }) => [path.join('.'), flag, option, variable]);
    expect(names).toContainEqual(['cluster', '--cluster', 'cluster', 'FAIRLEAD_CLUSTER']);
    expect(names).toContainEqual([
      'repository.credentials.sshKeyFile',
      '--repository-credentials-ssh-key-file',
      'repositoryCredentialsSshKeyFile',
      'FAIRLEAD_REPOSITORY_CREDENTIALS_SSH_KEY_FILE',
    ]);
    expect(names).toContainEqual(['stateDir', '--state-dir', 'stateDir', 'FAIRLEAD_STATE_DIR']);
    expect(new Set(names.map(([, flag]) => flag)).size).toBe(names.length);
  });

  it('takes the engine from DOCKER_HOST, but its own words first', () => {
    const env = { DOCKER_HOST: 'tcp://10.0.0.5:2375' };
    expect(config({ env }).docker.host).toBe('tcp://10.0.0.5:2375');
    expect(config({ env: { ...env, FAIRLEAD_DOCKER_HOST: 'unix:///run/x.sock' } }).docker.host).toBe(
      'unix:///run/x.sock',
    );
    expect(config({ env: { DOCKER_HOST: '' } }).docker.host).toBe('unix:///var/run/docker.sock');
  });

  it('takes from the environment how Docker itself would reach the engine', () => {
    const env = { HOME: '/home/ops', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/etc/engine' };
    const host = 'tcp://10.0.0.5:2376';
    expect(config({ text: `docker: { host: "${host}" }`, env }).docker).toEqual({
      host,
      directory: '/home/ops/.docker',
      tls: { verify: true, directory: '/etc/engine' },
    });
    expect(config({ env: { DOCKER_CONFIG: '/etc/docker-cli', DOCKER_TLS_VERIFY: '' } }).docker).toMatchObject({
      directory: '/etc/docker-cli',
      tls: { verify: false, directory: '/etc/docker-cli' },
    });
    expect(problems({ text: 'docker: { host: ssh://ops@10.0.0.5 }' })).toEqual([
      'fairlead.yaml:1:17 schema: `docker.host` must be an address such as unix:///var/run/docker.sock or tcp://10.0.0.5:2376, not of SSH; it is "ssh://ops@10.0.0.5".',
    ]);
  });

  it('takes the password from the variable that it names', () => {
    const text =
      'repository: { url: https://git.example.com/demo.git, credentials: { username: ci, passwordVariable: FAIRLEAD_TOKEN } }';
    expect(config({ text, env: { FAIRLEAD_TOKEN: 'secret' } }).repository?.credentials).toEqual({
      username: 'ci',
      password: 'secret',
    });
    expect(problems({ text })).toEqual([
      'fairlead.yaml:1:101 schema: The environment variable FAIRLEAD_TOKEN, which should hold the password, is not set.',
    ]);
  });

  it('is looked for where it is said to be', () => {
    writeFileSync(path.join(cwd, 'other.yaml'), 'cluster: other');
    expect(config({ file: 'other.yaml' }).cluster).toBe('other');
    expect(config({ env: { FAIRLEAD_CONFIG: path.join(cwd, 'other.yaml') } }).cluster).toBe('other');
    expect(problems({ file: 'absent.yaml' })).toEqual([
      'absent.yaml:1:1 schema: The configuration absent.yaml is not there.',
    ]);
  });
});

describe('a mistake in the configuration is one problem, with its place', () => {
  it.each<[string, string]>([
    ['clustre: x', 'fairlead.yaml:1:1 schema: `clustre` is not a field of the configuration. Did you mean `cluster`?'],
    [
      'cluster: My-Cluster',
      'fairlead.yaml:1:10 schema: `cluster` must be 1 to 16 characters of a-z and 0-9; it is "My-Cluster".',
    ],
    ['repository: { branch: x }', 'fairlead.yaml:1:13 schema: `repository.url` is missing; it says what is followed.'],
    [
      'repository: { url: "ext::sh -c x" }',
      'fairlead.yaml:1:20 schema: `repository.url` must be an https:// or ssh:// address, user@host:path, or an absolute path; it is "ext::sh -c x".',
    ],
    [
      'repository: { url: "--upload-pack=x" }',
      'fairlead.yaml:1:20 schema: `repository.url` must be an https:// or ssh:// address, user@host:path, or an absolute path; it is "--upload-pack=x".',
    ],
    [
      'repository: { url: /r, path: ../x }',
      'fairlead.yaml:1:30 schema: `repository.path` must be a relative path inside the repository; it is "../x".',
    ],
    [
      'repository: { url: /r, credentials: { password: x } }',
      'fairlead.yaml:1:39 schema: `password` is not a field of `repository.credentials`. Did you mean `passwordFile`?',
    ],
    ['runtime: swarm', 'fairlead.yaml:1:10 unsupported: The runtime swarm is not there yet.'],
    [
      'balancer: { certificates: certs }',
      'fairlead.yaml:1:27 schema: `balancer.certificates` must be an absolute path; it is "certs".',
    ],
    [
      'balancer: { acme: { directory: "http://ca.example.com/" } }',
      'fairlead.yaml:1:32 schema: `balancer.acme.directory` must be a URL such as https://acme-v02.api.letsencrypt.org/directory; it is "http://ca.example.com/".',
    ],
    [
      'balancer: { http: 8080, https: 8080 }',
      'fairlead.yaml:1:32 schema: `balancer.https` must be another port than `balancer.http`.',
    ],
    [
      'balancer: { tcp: 440-450, https: 444 }',
      'fairlead.yaml:1:18 schema: `balancer.tcp` must not have the port of `balancer.https` in it.',
    ],
    [
      'balancer: { tcp: 9019-9000 }',
      'fairlead.yaml:1:18 schema: `balancer.tcp` must be a range within 1-65535, the lower port first.',
    ],
    [
      'balancer: { tcp: 9000-9032, network: bridge }',
      'fairlead.yaml:1:18 schema: On a bridge `balancer.tcp` may have at most 32 ports.',
    ],
    [
      'balancer: { tcp: 80-90 }',
      'fairlead.yaml:1:18 schema: `balancer.tcp` must not have the port of `balancer.http` in it.',
    ],
    [
      'http: { listen: 127.0.0.1:8484 }',
      'fairlead.yaml:1:1 unsupported: `http` is not there yet: the HTTP interface will come with a later version.',
    ],
    [
      'policy: { externalIPs: [192.0.2.0/33] }',
      'fairlead.yaml:1:25 schema: `192.0.2.0/33` has no prefix length from 0 to 32.',
    ],
    [
      'policy: { hostPorts: 90-80 }',
      'fairlead.yaml:1:22 schema: `policy.hostPorts` must be a range within 1-65535, the lower port first.',
    ],
    [
      'prune: { maxFraction: 20 }',
      'fairlead.yaml:1:23 schema: `prune.maxFraction` must be a number from 0 to 1; it is 20.',
    ],
    [
      '- a',
      'fairlead.yaml:1:1 schema: The configuration fairlead.yaml must hold one map of fields, as docs/config.md shows.',
    ],
    [
      'a: 1\n---\nb: 2',
      'fairlead.yaml:1:1 schema: The configuration fairlead.yaml must hold one map of fields, as docs/config.md shows.',
    ],
    ['cluster: a\ncluster: b', 'fairlead.yaml:2:1 syntax: `cluster` is written twice; the first one is in line 1.'],
  ])('%s', (text, problem) => {
    expect(problems({ text })).toEqual([problem]);
  });

  it('and names the variable or flag that it came from', () => {
    expect(problems({ env: { FAIRLEAD_BALANCER_HTTP: 'eighty' } })).toEqual([
      'FAIRLEAD_BALANCER_HTTP:1:1 schema: `balancer.http` must be a port from 1 to 65535, or 0 for none; it is "eighty".',
    ]);
    expect(problems({ flags: { cluster: 'A' }, text: 'cluster: b' })).toEqual([
      '--cluster:1:1 schema: `cluster` must be 1 to 16 characters of a-z and 0-9; it is "A".',
    ]);
    expect(problems({ env: { FAIRLEAD_NODE_CAPABILITIES: 'ssd,a b' } })).toEqual([
      'FAIRLEAD_NODE_CAPABILITIES:1:1 schema: `node.capabilities[1]` must be a word such as ssd; it is "a b".',
    ]);
  });

  it('and a variable that is no setting is one too, but for those of a container', () => {
    expect(problems({ env: { FAIRLEAD_CLUSTR: 'x' } })).toEqual([
      'FAIRLEAD_CLUSTR:1:1 schema: The environment variable FAIRLEAD_CLUSTR is not a setting. Did you mean FAIRLEAD_CLUSTER?',
    ]);
    expect(problems({ env: { FAIRLEAD_SERVICE: 'x', FAIRLEAD_VERSION: 'v', FAIRLEAD_INSTANCE: '1' } })).toEqual([]);
  });
});
