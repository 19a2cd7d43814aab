import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../../src/manifest/policy.ts';
import { problems } from './reading.ts';

const found = (fields: string, policy: Partial<Policy> = {}): string[] =>
  problems(`kind: Service\nname: web\n${fields.includes('image:') ? '' : 'image: web:1\n'}${fields}`, {
    policy: { ...DEFAULT_POLICY, ...policy },
  }).map((text) => text.replace("policy: The host's policy does not allow ", ''));

describe('the policy of a host that says nothing', () => {
  it.each<[string, string]>([
    ['mounts: [/srv/x:/x:ro]', '4:10 the bind mount of /srv/x (`policy.bindMounts`).'],
    ['mounts: [{ type: bind, source: /srv/x, target: /x }]', '4:10 the bind mount of /srv/x (`policy.bindMounts`).'],
    ['privileged: true', '4:13 `privileged` (`policy.privileged`).'],
    ['capAdd: [NET_ADMIN]', '4:9 the capability NET_ADMIN (`policy.capabilities`).'],
    ['devices: [/dev/fuse]', '4:11 the device /dev/fuse (`policy.devices`).'],
    ['gpus: 1', '4:7 `gpus` (`policy.devices` names no `gpu`).'],
    ['ports: [{ port: 80, host: 80 }]', '4:9 host port 80, only 1024 to 65535 (`policy.hostPorts`).'],
    ['securityOpt: ["seccomp=unconfined"]', '4:14 the security option seccomp:unconfined (`policy.privileged`).'],
  ])('denies %s', (fields, problem) => {
    expect(found(fields)).toEqual([problem]);
  });

  it.each([
    'mounts: [data:/x]',
    'tmpfs: [/run]',
    'capDrop: [ALL]',
    'ports: [80, { port: 81, hostPort: 8081 }, { port: 82, publish: true }]',
    'securityOpt: ["no-new-privileges:true"]',
    'sysctls: { net.core.somaxconn: 1024 }',
    'image: anywhere.example.com/any:1',
  ])('allows %s', (fields) => {
    expect(found(fields)).toEqual([]);
  });
});

describe('the policy of a host', () => {
  it('allows the images that it names, in short or in full, with or without tag', () => {
    const allows = (glob: string, image: string): boolean => found(`image: ${image}`, { images: [glob] }).length === 0;
    expect(allows('registry.example.com/**', 'registry.example.com/team/web:v1')).toBe(true);
    expect(allows('registry.example.com/*', 'registry.example.com/team/web:v1')).toBe(false);
    expect(allows('registry.example.com/**', 'registry.example.com.evil.example/web:v1')).toBe(false);
    expect(allows('registry.example.com/**', 'evil.example/registry.example.com/web:v1')).toBe(false);
    expect(allows('ghcr.io/my-org/**', 'ghcr.io/my-org/web-app:v1')).toBe(true);
    expect(allows('ghcr.io/my-org/**', 'ghcr.io/my_org/web-app:v1')).toBe(false);
    expect(allows('web', 'web:v1')).toBe(true);
    expect(allows('web:v1', 'web:v2')).toBe(false);
    expect(allows('docker.io/library/*', 'web:v1')).toBe(true);
    expect(allows('docker.io/library/*', 'team/web:v1')).toBe(false);
    expect(allows('docker.io/**', 'localhost:5000/web:v1')).toBe(false);
    expect(allows('docker.io/**', 'Registry/web:v1')).toBe(false);
  });

  it('allows bind mounts below a folder, with .. resolved before it looks', () => {
    const allows = (source: string): boolean =>
      found(`mounts: ["${source}:/x"]`, { bindMounts: ['/srv/**'] }).length === 0;
    expect(allows('/srv/data')).toBe(true);
    expect(allows('/srv/data/deep/')).toBe(true);
    expect(allows('/srv')).toBe(false);
    expect(allows('/srv/../etc')).toBe(false);
    expect(allows('/srv/data/../../etc/shadow')).toBe(false);
    expect(allows('/srvx/y')).toBe(false);
  });

  it.each<[string, (source: string) => string]>([
    ['a text', (source) => `devices: ["${source}"]`],
    ['a text with a target', (source) => `devices: ["${source}:/dev/x:r"]`],
    ['a map', (source) => `devices: [{ source: ${source} }]`],
  ])('allows devices below a folder, with .. resolved before it looks: %s', (_, fields) => {
    const allows = (source: string): boolean => found(fields(source), { devices: ['/dev/snd/**'] }).length === 0;
    expect(allows('/dev/snd/seq')).toBe(true);
    expect(allows('/dev/./snd//seq/')).toBe(true);
    expect(allows('/dev/snd/../sda')).toBe(false);
    expect(allows('/dev/snd/../../dev/sda')).toBe(false);
    expect(allows('/dev/snd/..')).toBe(false);
  });

  it('allows what it names and nothing beside it', () => {
    const policy = {
      capabilities: ['CHOWN'],
      devices: ['/dev/tty*', 'gpu'],
      privileged: true,
      hostPorts: { from: 80, to: 80 },
    };
    expect(
      found(
        'capAdd: [cap_chown]\ndevices: [/dev/ttyUSB0]\ngpus: all\nprivileged: true\nports: [{ port: 1, hostPort: 80 }]',
        policy,
      ),
    ).toEqual([]);
    expect(
      found('capAdd: [CHOWN, SYS_ADMIN]\ndevices: [/dev/tty/x]\nports: [{ port: 1, hostPort: 81 }]', policy),
    ).toEqual([
      '4:9 the capability SYS_ADMIN (`policy.capabilities`).',
      '5:11 the device /dev/tty/x (`policy.devices`).',
      '6:9 host port 81, only 80 to 80 (`policy.hostPorts`).',
    ]);
  });

  it('is not asked about a service whose document is broken', () => {
    expect(found('privileged: true\nfoo: 1')).toEqual([expect.stringMatching(/^5:1 schema: /)]);
  });
});
