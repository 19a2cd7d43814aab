import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../../src/core/model.ts';
import { cases } from '../../support/cases.ts';
import { service } from './reading.ts';

/** Equal meaning must be equal data: a difference would be a new release for nothing. */
const same = (first: string, second: string): void => {
  const [a, b] = [first, second].map((fields) => ({ ...service(fields), source: undefined }));
  expect(a).toEqual(b);
};

describe('spellings of one meaning give one Service', { timeout: 60_000 }, () => {
  it.each([
    ['cpu: 0', 'cpu: 0.0'],
    ['memory: 128', 'memory: "128M"'],
    ['memory: 1024', 'memory: 1G'],
    ['memory: 1G', 'memory: "1024 MiB"'],
    ['memory: 128', 'memory: 131072k'],
    ['ports: [8080]', 'ports: [{ port: 8080, protocol: tcp, publish: false }]'],
    ['ports: [{ container: 9000, host: 8000 }]', 'ports: [{ port: 9000, hostPort: 8000 }]'],
    ['ports: [{ port: 9000, source: 8000 }]', 'ports: [{ port: 9000, published: 8000, publish: true }]'],
    ['ports: [80, 81]', 'ports: [81, 80]'],
    ['ports: []', ''],
    ['environment: []', ''],
    ['environment: {}', 'environment: []'],
    ['environment: { A: "1" }', 'environment: [{ name: A, value: 1 }]'],
    ['environment: { A: "1=2" }', 'environment: ["A=1=2"]'],
    ['environment: { A: "1" }', 'environment: [{ key: A, value: "1" }]'],
    ['labels: { a: b }', 'labels: ["a=b"]'],
    ['command: []', ''],
    ['command: sleep 5', 'command: [sleep, "5"]'],
    ['entrypoint: "sh -c \'a b\'"', 'entrypoint: [sh, -c, a b]'],
    ['user: 1000', 'user: "1000"'],
    ['version: 1', 'version: "1"'],
    ['networks: []', 'networks: [default]'],
    ['networks: [a, b]', 'networks: [b, a, b]'],
    ['requirements: [ssd, gpu]', 'requirements: [gpu, ssd, gpu]'],
    ['conflictsWith: web-*', 'conflictsWith: ["web-*"]'],
    ['capAdd: [CAP_NET_ADMIN, chown]', 'capAdd: [CHOWN, NET_ADMIN]'],
    ['tmpfs: /run', 'mounts: [{ type: tmpfs, target: /run }]'],
    ['tmpfs: ["/run:size=1M"]', 'mounts: [{ type: tmpfs, target: /run/, size: 1 }]'],
    ['tmpfs: ["/run:size=0.1B"]', 'mounts: [{ type: tmpfs, target: /run, size: 1B }]'],
    ['mounts: [data:/x]', 'mounts: [{ source: data, target: /x }]'],
    ['mounts: [/srv/x:/x:ro]', 'mounts: [{ type: bind, source: /srv//x/, target: /x, readOnly: true }]'],
    ['extraHosts: { db: 10.0.0.5 }', 'extraHosts: ["db:10.0.0.5"]'],
    ['dns: 10.0.0.1', 'dns: [10.0.0.1]'],
    ['devices: [/dev/fuse]', 'devices: [{ source: /dev/fuse, target: /dev/fuse, permissions: mwr }]'],
    ['devices: [/dev/fuse]', 'devices: ["/dev/../dev//fuse/:/dev/x/../fuse"]'],
    ['devices: ["/dev/a:/dev/b"]', 'devices: [{ source: /dev/./a, target: /dev//b/ }]'],
    ['workingDir: /srv/x', 'workingDir: /srv/y/..//x/'],
    ['ulimits: { nofile: 5 }', 'ulimits: { nofile: { soft: 5, hard: 5 } }'],
    ['sysctls: { net.core.somaxconn: 5 }', 'sysctls: ["net.core.somaxconn=5"]'],
    ['securityOpt: ["no-new-privileges=true"]', 'securityOpt: ["no-new-privileges:true"]'],
    ['stopSignal: SIGTERM', 'stopSignal: TERM'],
    ['stopGracePeriod: 90', 'stopGracePeriod: 1m30s'],
    ['update: { monitor: 5 }', 'update: { monitor: 5000ms }'],
    ['update: {}', ''],
    [
      'ports: [80]\nhealthCheck: { http: { status: "201,200" } }',
      'ports: [80]\nhealthCheck: { http: { status: "200, 201" } }',
    ],
    [
      'ports: [80]\nhealthCheck: { http: { status: 200 } }',
      'ports: [80]\nhealthCheck: { http: { port: 80, status: "200" } }',
    ],
    ['healthCheck: { command: "a b" }', 'healthCheck: { command: [CMD-SHELL, a b] }'],
    ['healthCheck: { command: [a, b] }', 'healthCheck: { command: [CMD, a, b] }'],
  ])('%s is %s', same);

  it('whatever the order of variables, and in each of the four lists and maps', () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
    const variables = fc.uniqueArray(
      fc.tuple(
        name,
        fc.string({ maxLength: 20 }).filter((text) => !text.includes('\0') && !text.includes('${')),
      ),
      {
        selector: ([key]) => key,
        maxLength: 6,
      },
    );
    const written = (spelling: number, pairs: readonly (readonly [string, string])[]): unknown =>
      [
        Object.fromEntries(pairs),
        pairs.map(([name, value]) => ({ name, value })),
        pairs.map(([key, value]) => ({ key, value })),
        pairs.map(([key, value]) => `${key}=${value}`),
      ][spelling];
    const spelling = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(variables, spelling, spelling, (pairs, first, second) => {
        const reversed = [...pairs].reverse();
        same(
          `environment: ${JSON.stringify(written(first, pairs))}`,
          `environment: ${JSON.stringify(written(second, reversed))}`,
        );
      }),
      cases(200),
    );
  });

  it('whatever unit a size or a duration is given in', () => {
    const megabytes = fc.integer({ min: 6, max: 4096 });
    fc.assert(
      fc.property(megabytes, fc.integer({ min: 0, max: 100_000 }), (size, seconds) => {
        const first = service(`memory: ${size}\nstopGracePeriod: ${seconds}`);
        const units = service(`memory: ${size * 1024}K\nstopGracePeriod: ${Math.floor(seconds / 60)}m${seconds % 60}s`);
        expect({ ...units, source: undefined }).toEqual({ ...first, source: undefined });
        expect(first.resources.memory).toBe(size * 1024 ** 2);
        expect(first.container.stopGracePeriod).toBe(seconds * 1000);
      }),
      cases(100),
    );
  });

  it('whatever the order of what has no order', () => {
    const ports = fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ports, (numbers) => {
        const read = (list: readonly number[]): Service => service(`ports: ${JSON.stringify(list)}`);
        expect(read([...numbers].reverse()).container).toEqual(read(numbers).container);
      }),
      cases(100),
    );
  });

  it('and different meaning gives different data', () => {
    const meanings = [
      '',
      'memory: 128',
      'memory: 129',
      'ports: [80]',
      'ports: [{ port: 80, publish: true }]',
      'user: 0',
      'cpu: 1',
    ];
    const printed = new Set(meanings.map((fields) => JSON.stringify({ ...service(fields), source: undefined })));
    expect(printed.size).toBe(meanings.length);
  });
});
