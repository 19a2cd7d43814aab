import { NO_FOLDER } from '../../../src/manifest/folder.ts';
import { describe, expect, it } from 'vitest';
import { loadBalancer, read, service } from './reading.ts';

describe('a Service', () => {
  it('has every default where only kind, name and image are given', () => {
    expect(service('')).toEqual({
      kind: 'Service',
      name: 'web',
      enabled: true,
      instances: 1,
      pullPolicy: 'missing',
      requirements: [],
      conflictsWith: [],
      restart: 'unless-stopped',
      resources: { cpu: 0, memory: 0, limits: {} },
      update: {
        order: 'start-first',
        parallelism: 1,
        delay: 0,
        monitor: 5000,
        timeout: 60_000,
        failureAction: 'rollback',
        maxFailureRatio: 0,
        drain: 30_000,
        keepOld: 600_000,
      },
      container: {
        image: 'registry.example.com/web:v1',
        version: 'v1',
        environment: {},
        labels: {},
        ports: [],
        mounts: [],
        networks: ['default'],
        extraHosts: {},
        dns: [],
        capAdd: [],
        capDrop: [],
        devices: [],
        ulimits: [],
        sysctls: {},
        securityOpt: [],
        privileged: false,
        readOnly: false,
        init: false,
      },
      source: { file: 'web.yaml', line: 1, column: 1 },
    });
  });

  it('has a health check with its defaults, on the first tcp port that is declared', () => {
    const fields = 'ports: [{ port: 53, protocol: udp }, 9000, 80]\nhealthCheck: { http: {} }';
    const { healthCheck, container } = service(fields);
    expect(healthCheck).toEqual({
      http: { path: '/', port: 9000, status: '200-499' },
      interval: 30_000,
      timeout: 5000,
      retries: 3,
      startPeriod: 0,
      restart: true,
    });
    expect(container.healthCommand).toBeUndefined();
  });

  it('gives Docker a command check, and only that', () => {
    const { container } = service('healthCheck: { command: pg_isready, interval: 2s }');
    expect(container.healthCommand).toEqual({
      command: ['CMD-SHELL', 'pg_isready'],
      interval: 2000,
      timeout: 5000,
      retries: 3,
      startPeriod: 0,
    });
  });

  it.each([
    ['registry.example.com:5000/web', 'latest'],
    ['registry.example.com:5000/web:1.2', '1.2'],
    [`web@sha256:${'3f9c1a2b4d5e'.padEnd(64, '0')}`, '3f9c1a2b4d5e'],
    [`web:v2@sha256:${'0'.repeat(64)}`, 'v2'],
  ])('takes the version of %s as %s', (image, version) => {
    const { manifests } = read(`{ kind: Service, name: web, image: "${image}" }`);
    expect(manifests[0]).toMatchObject({ container: { image, version } });
  });

  it('keeps numbers as they are written where a text is meant', () => {
    const { container } = service('version: 1.10\nuser: 1000\nenvironment: { A: 1.10, B: 0x1F, C: true, D: "" }');
    expect(container).toMatchObject({
      version: '1.10',
      user: '1000',
      environment: { A: '1.10', B: '0x1F', C: 'true', D: '' },
    });
  });

  it('puts tmpfs beside the mounts, ordered by target', () => {
    const fields = `
mounts: ["data:/var/lib/x:ro", { type: bind, source: /srv/./a/../b, target: /b/ }]
tmpfs: [/run, "/tmp:size=64M"]`;
    expect(service(fields).container.mounts).toEqual([
      { type: 'bind', source: '/srv/b', target: '/b', readOnly: false },
      { type: 'tmpfs', target: '/run' },
      { type: 'tmpfs', target: '/tmp', size: 64 * 1024 ** 2 },
      { type: 'volume', source: 'data', target: '/var/lib/x', readOnly: true },
    ]);
  });

  it('reads devices, limits of processes, hosts and signals in their short and long forms', () => {
    const fields = `
devices: [/dev/fuse, "/dev/a:/dev/b:wr", { source: /dev/c, permissions: r }]
ulimits: { nofile: 1024, core: { soft: 0, hard: -1 } }
extraHosts: ["db:10.0.0.5", "v6=::1"]
dns: 10.0.0.1
stopSignal: QUIT
stopGracePeriod: 1m30s
gpus: all
shmSize: 1G`;
    expect(service(fields).container).toMatchObject({
      devices: [
        { source: '/dev/a', target: '/dev/b', permissions: 'rw' },
        { source: '/dev/c', target: '/dev/c', permissions: 'r' },
        { source: '/dev/fuse', target: '/dev/fuse', permissions: 'rwm' },
      ],
      ulimits: [
        { name: 'core', soft: 0, hard: -1 },
        { name: 'nofile', soft: 1024, hard: 1024 },
      ],
      extraHosts: { db: '10.0.0.5', v6: '::1' },
      dns: ['10.0.0.1'],
      stopSignal: 'SIGQUIT',
      stopGracePeriod: 90_000,
      gpus: 'all',
      shmSize: 1024 ** 3,
    });
  });

  it.each([
    [String.raw`sh -c 'echo "a b"'`, ['sh', '-c', 'echo "a b"']],
    [String.raw`a\ b "c \"d\" \n" 'e'"f"`, ['a b', String.raw`c "d" \n`, 'ef']],
    [`a  ''	b`, ['a', '', 'b']],
    ['echo $HOME *', ['echo', '$HOME', '*']],
  ])('splits the command %s as a shell would', (text, words) => {
    expect(service(`command: ${JSON.stringify(text)}`).container.command).toEqual(words);
  });
});

describe('envFile', () => {
  const files: Record<string, string> = {
    'config/a.env': '\uFEFF# comment\nA=1=2\n\n  B = spaced\r\nC=#3\n',
    'config/b.env': 'A=later\n',
    'config/bad.env': 'A=1\njust words\n',
  };
  const readText = (path: string): { text: string } | { reason: 'schema'; message: string } =>
    path in files ? { text: files[path] ?? '' } : { reason: 'schema', message: `There is no file \`${path}\`.` };
  const environment = (fields: string): unknown =>
    service(fields, { folder: { ...NO_FOLDER, readText } }).container.environment;

  it('splits at the first =, and takes comments and empty lines for what they are', () => {
    expect(environment('envFile: config/a.env')).toEqual({ A: '1=2', B: ' spaced', C: '#3' });
  });

  it('lets a later file win over an earlier one, and environment over all', () => {
    expect(environment('envFile: [config/a.env, config/b.env]\nenvironment: { C: c }')).toMatchObject({
      A: 'later',
      C: 'c',
    });
  });

  it.each([
    ['/etc/passwd', 'is outside of the folder'],
    ['../secret', 'is outside of the folder'],
    ['config/../../secret', 'is outside of the folder'],
    ['missing.env', 'There is no file `missing.env`.'],
    ['config/bad.env', 'Line 2 of `config/bad.env` is not KEY=value'],
  ])('refuses %s', (file, words) => {
    const { problems } = read(`kind: Service\nname: web\nimage: web:1\nenvFile: ${file}`, {
      folder: { ...NO_FOLDER, readText },
    });
    expect(problems).toMatchObject([{ line: 4, column: 10, path: 'envFile' }]);
    expect(problems[0]?.message).toContain(words);
  });
});

describe('a LoadBalancer', () => {
  it('has every default, lower case names in order and a clean path', () => {
    expect(loadBalancer('hostnames: [WWW.Example.com, a.example.com, www.example.com]\npath: //api/')).toEqual({
      kind: 'LoadBalancer',
      name: 'web',
      enabled: true,
      hostnames: ['a.example.com', 'www.example.com'],
      path: '/api',
      stripPath: false,
      backends: [{ service: 'web', weight: 100 }],
      port: 80,
      traffic: { algorithm: 'roundrobin', affinity: 'none', allow: [] },
      timeouts: { connect: 10_000, client: 50_000, server: 50_000, tunnel: 3_600_000 },
      entry: { http: true, https: false, forceHttps: false },
      source: { file: 'web.yaml', line: 1, column: 1 },
    });
  });
});

describe('warnings', () => {
  const codes = (fields: string): string[] =>
    read(`kind: Service\nname: web\n${fields}`).warnings.map(({ code, line }) => `${code} in line ${line ?? 0}`);

  it('tell of images whose content can change without a commit', () => {
    expect(codes('image: web')).toEqual(['unpinned-tag in line 3']);
    expect(codes('image: web:latest')).toEqual(['unpinned-tag in line 3']);
    expect(codes(`image: web:latest@sha256:${'0'.repeat(64)}`)).toEqual([]);
  });

  it("tell of variables that replace Fairlead's own", () => {
    expect(codes('image: web:1\nenvironment:\n  FAIRLEAD_SERVICE: x')).toEqual(['identity-variable in line 5']);
    expect(codes('image: web:1\nenvironment: { CONTEXT_ROOT: /x }')).toEqual([]);
    expect(codes('image: web:1\ncontextRoot: /x\nenvironment: { CONTEXT_ROOT: /y }')).toEqual([
      'identity-variable in line 5',
    ]);
  });

  it('tell of a writable mount that two releases would share', () => {
    const mounted = (strategy: string, mount: string): string[] =>
      codes(`image: web:1\nupdate: { ${strategy} }\nmounts: ["${mount}"]`);
    expect(mounted('strategy: rolling', 'data:/x')).toEqual(['shared-volume in line 4']);
    expect(mounted('strategy: green-blue', 'data:/x')).toEqual(['shared-volume in line 4']);
    expect(mounted('strategy: rolling', 'data:/x:ro')).toEqual([]);
    expect(mounted('strategy: recreate', 'data:/x')).toEqual([]);
    expect(mounted('', 'data:/x')).toEqual([]);
  });
});
