import { describe, expect, it } from 'vitest';
import { problems } from './reading.ts';

/** One mistake is one problem, at its place, in words that say what to do. Fields stand in line 4 and below. */
const mistake = (fields: string): string[] => problems(`kind: Service\nname: web\nimage: a/web:v1\n${fields}`);

describe('a mistake in a Service is one problem', () => {
  it.each<[string, string]>([
    // Names of other tools, and slips of the finger.
    ['replicas: 3', '4:1 schema: `replicas` is not a field of a Service. Did you mean `instances`?'],
    ['numInstances: 3', '4:1 schema: `numInstances` is not a field of a Service. Did you mean `instances`?'],
    ['env: {}', '4:1 schema: `env` is not a field of a Service. Did you mean `environment`?'],
    ['volumes: []', '4:1 schema: `volumes` is not a field of a Service. Did you mean `mounts`?'],
    ['mem_limit: 5', '4:1 schema: `mem_limit` is not a field of a Service. Did you mean `limits.memory`?'],
    ['working_dir: /', '4:1 schema: `working_dir` is not a field of a Service. Did you mean `workingDir`?'],
    [
      'build: .',
      '4:1 schema: `build` is not a field of a Service. Did you mean `image`, of an image that is built elsewhere?',
    ],
    ['profiles: []', '4:1 schema: `profiles` is not a field of a Service. Did you mean `enabled`?'],
    ['healthcheck: {}', '4:1 schema: `healthcheck` is not a field of a Service. Did you mean `healthCheck`?'],
    ['instnaces: 3', '4:1 schema: `instnaces` is not a field of a Service. Did you mean `instances`?'],
    ['flavour: x', '4:1 schema: `flavour` is not a field of a Service. docs/kinds/service.md has the list.'],
    [
      'healthCheck: { http: {}, rel_path: / }\nports: [80]',
      '4:26 schema: `rel_path` is not a field of `healthCheck`. Did you mean `http.path`?',
    ],
    ['ports: [{ port: 80, target: 80 }]', '4:21 schema: `target` is not a field of `ports[0]`. Did you mean `port`?'],
    ['update: { strategie: rolling }', '4:11 schema: `strategie` is not a field of `update`. Did you mean `strategy`?'],
    ['__proto__: {}', '4:1 schema: `__proto__` is not a field of a Service. docs/kinds/service.md has the list.'],
    // Values.
    [
      'instances: "3"',
      '4:12 schema: `instances` must be a whole number from 0 to 1000; it is "3". Leave the quotes out.',
    ],
    ['instances: -1', '4:12 schema: `instances` must be a whole number from 0 to 1000; it is -1.'],
    ['enabled: yes', '4:10 schema: `enabled` must be true or false; it is "yes". Write true, without quotes.'],
    [
      'pullPolicy: allways',
      '4:13 schema: `pullPolicy` must be one of missing, always, never; it is "allways". Did you mean `always`?',
    ],
    [
      'update: { strategy: blue-green }',
      '4:21 schema: `update.strategy` has no blue-green. Did you mean `green-blue`?',
    ],
    [
      'memory: 128 megs',
      '4:9 schema: `memory` must be a size such as 64K, 128M or 1G, or a number of MB; it is "128 megs".',
    ],
    ['memory: 5', '4:9 schema: `memory` is less than 6M, the least that Docker takes.'],
    [
      'update: { delay: 5 sec }',
      '4:18 schema: `update.delay` must be a duration such as 500ms, 2s, 5m or 1h, or a number of seconds; it is "5 sec".',
    ],
    ['update: { keepOld: 900h }', '4:20 schema: `update.keepOld` can be at most 24 days.'],
    [
      'update: { timeout: 0s }',
      '4:20 schema: `update.timeout` must be a duration above 0 such as 500ms, 2s, 5m or 1h, or a number of seconds; it is "0s".',
    ],
    [
      'environment:',
      '4:13 schema: `environment` must be a map such as { KEY: value }, or a list of { name, value } or "KEY=value"; it has no value. Leave the field out for its default, or write "" for an empty text.',
    ],
    [
      'environment: { A: }',
      '4:19 schema: `environment.A` must be a text, a number, true or false; it has no value. Leave the field out for its default, or write "" for an empty text.',
    ],
    ['environment: ["A"]', '4:15 schema: `environment[0]` must be "KEY=value", or { name, value }; it is "A".'],
    ['environment: [{ value: 1 }]', '4:15 schema: `environment[0]` needs `name` or `key`.'],
    ['environment: ["A=1", { name: A, value: 2 }]', '4:22 schema: `environment` has `A` twice; keep one of them.'],
    [
      'labels: { io.fairlead.x: 1 }',
      "4:11 schema: `io.fairlead.x` is not a label to set: io.fairlead.* is Fairlead's own.",
    ],
    ['command: "a \'b"', '4:10 schema: A quote is left open in `command`; close it, or write a list of words.'],
    ['workingDir: tmp', '4:13 schema: `workingDir` must be an absolute path, without a colon; it is "tmp".'],
    [
      'ports: ["8080:80/udp"]',
      '4:9 schema: A port is a number or a map, not "8080:80/udp". Write { port: 80, protocol: udp, hostPort: 8080 }.',
    ],
    [
      'ports: ["127.0.0.1:8080:80"]',
      '4:9 schema: A port is a number or a map, not "127.0.0.1:8080:80". Write { port: 80, hostPort: 8080 }, which is open on every address of the host.',
    ],
    [
      'ports: ["80"]',
      '4:9 schema: `ports[0]` must be a port from 1 to 65535, or { port, protocol, hostPort, publish }; it is "80". Leave the quotes out.',
    ],
    [
      'ports: [70000]',
      '4:9 schema: `ports[0]` must be a port from 1 to 65535, or { port, protocol, hostPort, publish }; it is 70000.',
    ],
    ['ports: 80', '4:8 schema: `ports` must be a list of ports such as [8080]; it is 80.'],
    ['ports: [{ hostPort: 80 }]', '4:9 schema: `ports[0]` needs `port` or `container`.'],
    [
      'ports: [{ port: 1, container: 2 }]',
      '4:20 schema: `port` and `container` are two spellings of one field; keep `port`.',
    ],
    ['ports: [80, 80]', '4:13 schema: Port 80/tcp is declared twice; keep one of them.'],
    ['mounts: ["/data"]', '4:10 schema: `/data` names no volume; write name:/data.'],
    [
      'mounts: ["./a:/b"]',
      '4:10 schema: `./a` is relative; a mount is the name of a volume or an absolute path on the host. For what the repository has there is `files`.',
    ],
    ['mounts: ["a:/b:rx"]', '4:10 schema: `a:/b:rx` must end with the target, with :ro or with :rw.'],
    ['mounts: [{ type: bind, source: a, target: /b }]', '4:32 schema: `a` is not an absolute path on the host.'],
    ['mounts: [{ target: /b }]', '4:10 schema: A mount of type volume needs a `source`: the name of the volume.'],
    ['tmpfs: /', '4:8 schema: A mount cannot have the target /: it would hide the image.'],
    ['tmpfs: [/run, /run/..]', '4:15 schema: A mount cannot have the target /: it would hide the image.'],
    [
      'tmpfs: ["/run:size=64X"]',
      '4:9 schema: `tmpfs[0]` must be an absolute path such as /run or /run:size=64M; it is "/run:size=64X".',
    ],
    [
      'tmpfs: /run:size=0M',
      '4:8 schema: `tmpfs` must be an absolute path such as /run or /run:size=64M, or a list of them; it is "/run:size=0M".',
    ],
    [
      'mounts: [{ type: tmpfs, target: /run, size: 0 }]',
      '4:45 schema: `mounts[0].size` must be a size above 0 such as 64K, 128M or 1G, or a number of MB; it is 0.',
    ],
    [
      'shmSize: 0.0G',
      '4:10 schema: `shmSize` must be a size above 0 such as 64K, 128M or 1G, or a number of MB; it is "0.0G".',
    ],
    ['mounts: [a:/x]\ntmpfs: [/x/]', '5:9 schema: Two mounts have the target /x; keep one of them.'],
    [
      'networks: [names]',
      '4:12 schema: `networks[0]` must be a name of a-z, 0-9 and hyphens that begins with a letter; `names` and what ends in `-names` is kept for the networks over which services find each other; it is "names".',
    ],
    [
      'networks: [default, db-names]',
      '4:21 schema: `networks[1]` must be a name of a-z, 0-9 and hyphens that begins with a letter; `names` and what ends in `-names` is kept for the networks over which services find each other; it is "db-names".',
    ],
    ['extraHosts: { db: example.com }', '4:19 schema: `example.com` is not an IP address.'],
    ['dns: [1.2.3]', '4:7 schema: `1.2.3` is not an IP address.'],
    [
      'ulimits: { nofiles: 1 }',
      '4:12 schema: `nofiles` in `ulimits` must be one of core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack. Did you mean `nofile`?',
    ],
    ['ulimits: { nofile: { soft: 2, hard: 1 } }', '4:20 schema: `ulimits.nofile` has a soft limit above its hard one.'],
    [
      'sysctls: { kernel.panic: 1 }',
      '4:12 schema: `kernel.panic` belongs to the whole host; a container has net.*, kernel.msg*, kernel.sem, kernel.shm* and fs.mqueue.* of its own.',
    ],
    // Fields that contradict each other.
    [
      'memory: 200\nlimits: { memory: 100 }',
      '4:9 schema: `memory` is more than `limits.memory`; lower it, or raise the limit.',
    ],
    ['cpu: 2\nlimits: { cpu: 1.5 }', '4:6 schema: `cpu` is more than `limits.cpu`; lower it, or raise the limit.'],
    ['healthCheck: { interval: 5s }', '4:14 schema: `healthCheck` needs `http` or `command`.'],
    [
      'healthCheck: { http: {} }',
      '4:16 port-not-declared: `healthCheck.http` needs a tcp port; declare the one that answers in `ports`.',
    ],
    [
      'ports: [80]\nhealthCheck: { http: { port: 81 } }',
      "5:30 port-not-declared: `healthCheck.http.port` 81 is not among the service's tcp ports (declared: 80).",
    ],
    [
      'ports: [80]\nhealthCheck: { http: { status: 300-200 } }',
      '5:32 schema: The range 300-200 ends before it begins.',
    ],
    [
      'ports: [80]\nhealthCheck: { http: { path: "/health?f[x]=1" } }',
      '5:30 schema: `healthCheck.http.path` must begin with /, and have no signs but letters, digits and -._~!$&()*+,;=:@%/?; write others as in any address, such as %5B for [; it is "/health?f[x]=1".',
    ],
    [
      'ports: [{ port: 80, hostPort: 8080 }]\ninstances: 2',
      '5:12 host-port-conflict: Port 80 has a fixed host port, so only one instance fits on a node; `instances` is 2.',
    ],
    [
      'ports: [{ port: 80, hostPort: 8080 }]\nupdate: { strategy: rolling }',
      '5:21 host-port-conflict: Port 80 has a fixed host port, so the old release has to stop before the new one starts, which is not rolling; leave `update.strategy` out, or the host port.',
    ],
    [
      'ports: [{ port: 80, hostPort: 8080 }]\nupdate: { strategy: green-blue }',
      '5:21 host-port-conflict: Port 80 has a fixed host port, so the old release has to stop before the new one starts, which is not green-blue; leave `update.strategy` out, or the host port.',
    ],
    ['update: { preview: a.example.com }', '4:11 schema: `update.preview` needs `update.strategy: green-blue`.'],
    // What is not there yet is said, never taken and passed over.
    [
      'restart: no',
      '4:10 unsupported: A service keeps running, so `restart` cannot be no. What runs once is a `kind: Job`.',
    ],
    ['secrets: [a]', '4:1 unsupported: `secrets` is not there yet: secrets will come with a later version.'],
    [
      'mounts: ["files-0123456789ab:/x"]',
      '4:10 schema: `files-0123456789ab` is a name that Fairlead gives to volumes of files; choose another.',
    ],
    ['dependsOn: db', '4:12 dependency-not-ready: There is no service or job `db` to depend on.'],
    [
      'dependsOn: [web]',
      '4:13 dependency-cycle: `dependsOn` leads back to its beginning: web → web. Leave one of them out.',
    ],
    ['depends_on: [db]', '4:1 schema: `depends_on` is not a field of a Service. Did you mean `dependsOn`?'],
    ['<<: { cpu: 1 }', '4:1 unsupported: Merging maps by `<<` is not there; write the fields out.'],
  ])('%s', (fields, problem) => {
    expect(mistake(fields)).toEqual([problem]);
  });

  it('and three mistakes are three problems, in the order of the lines', () => {
    expect(mistake('memory: lots\nports: [0]\nreplicas: 2').map((text) => text.split(':')[0])).toEqual(['4', '5', '6']);
  });

  it('and a Job has words of its own', () => {
    expect(problems('kind: Job\nname: migrate\nimage: a/web:v1\ndeploy: {}')).toEqual([
      '4:1 schema: `deploy` is not a field of a Job. Did you mean `cpu`, `memory` and `limits`?',
    ]);
  });

  it('and a required field under another name is not missing as well', () => {
    expect(problems('kind: Service\nname: web\ndockerImage: web:1')).toEqual([
      '3:1 schema: `dockerImage` is not a field of a Service. Did you mean `image`?',
    ]);
  });

  it('and a required field that is not there at all is missing', () => {
    expect(problems('kind: Service\nname: web')).toEqual([
      '1:1 schema: `image` is missing. Image reference with a tag or digest.',
    ]);
  });
});

describe('a mistake in a LoadBalancer is one problem', () => {
  const mistake = (fields: string): string[] =>
    problems(
      `kind: LoadBalancer\nname: l\nservice: web\nport: 80\n${fields}\n---\n{ kind: Service, name: web, image: "a:1", ports: [80] }`,
    );

  it.each<[string, string]>([
    [
      'hostnames: []',
      '5:12 schema: `hostnames` must be a list of at least one host name such as [www.example.com]; it is an empty list.',
    ],
    [
      'hostnames: a.example.com',
      '5:12 schema: `hostnames` must be a list of at least one host name such as [www.example.com]; it is "a.example.com". Write [a.example.com].',
    ],
    ['hostname: a.example.com', '5:1 schema: `hostname` is not a field of a LoadBalancer. Did you mean `hostnames`?'],
    [
      'hostnames: ["a.example.com:80"]',
      '5:13 schema: `hostnames[0]` must be a host name such as www.example.com or *.example.com, without scheme, port or path; it is "a.example.com:80".',
    ],
    [
      'hostnames: ["*"]',
      '5:13 schema: `*` is no host name; a wildcard stands for the first label alone: `*.example.com`.',
    ],
    [
      'hostnames: [a.b]\npath: api',
      '6:7 schema: `path` must begin with /, have no . segments, and no signs but letters, digits and -._~!$&()*+,;=:@%/; it is "api".',
    ],
    [
      'hostnames: [a.b]\npath: /a/../b',
      '6:7 schema: `path` must begin with /, have no . segments, and no signs but letters, digits and -._~!$&()*+,;=:@%/; it is "/a/../b".',
    ],
    [
      "hostnames: [a.b]\npath: /it's",
      '6:7 schema: `path` must begin with /, have no . segments, and no signs but letters, digits and -._~!$&()*+,;=:@%/; it is "/it\'s".',
    ],
    ['hostnames: [a.b]\ntls: {}', '6:6 schema: `tls` needs either `certificate: { file }` or `acme: { email }`.'],
    [
      'hostnames: [a.b]\ntls: { certificate: { file: ../shop.pem } }',
      '6:29 schema: `tls.certificate.file` must be a path below the host\'s folder of certificates such as shop.pem, without .. and /; it is "../shop.pem".',
    ],
    [
      'hostnames: [a.b]\ntls: { acme: { email: ops } }',
      '6:23 schema: `tls.acme.email` must be an address such as ops@example.com; it is "ops".',
    ],
    [
      'hostnames: [a.b]\nforce_https: true',
      '6:1 schema: `force_https` is not a field of a LoadBalancer. Did you mean `forceHttps`?',
    ],
    [
      'hostnames: [a.b]\nbackends: []',
      '6:11 schema: `backends` must be a list such as [{ service: web-v1, weight: 90 }, { service: web-v2, weight: 10 }]; it is an empty list.',
    ],
  ])('%s', (fields, problem) => {
    expect(mistake(fields)).toEqual([problem]);
  });
});

describe('a document that is no manifest', () => {
  it.each<[string, string]>([
    ['kind: Servce', '1:7 schema: There is no kind `Servce`. Did you mean Service?'],
    ['kind: Pod', '1:7 schema: There is no kind `Pod`. Known are Service, LoadBalancer and Job.'],
    ['kind: Secret', '1:7 unsupported: `kind: Secret` is not there yet.'],
    ['kind: 5', '1:7 schema: `kind` must be Service, LoadBalancer or Job.'],
    ['- a', '1:1 schema: A manifest is a map of fields that begins with `kind`.'],
    ['words', '1:1 schema: A manifest is a map of fields that begins with `kind`.'],
    [
      'services: { web: {} }',
      '1:1 schema: This is a Compose file, which is not a manifest. Write each service as a document with `kind: Service`.',
    ],
    [
      'kind: [a',
      '1:9 syntax: The file is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ].',
    ],
    ['kind: Service\nname: a\nname: b', '3:1 syntax: `name` is written twice; the first one is in line 2.'],
    ['kind: !x Service', '1:7 syntax: The file is not valid YAML: Unresolved tag: !x.'],
    ['kind: "a\\0"', '1:7 syntax: `kind` has a NUL character.'],
    ['? [a]\n: b', '1:3 syntax: The document has a key that is not a plain text.'],
  ])('%s', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it("is said to be another tool's where its apiVersion says so", () => {
    expect(problems('apiVersion: apps/v1\nkind: Deployment')).toEqual([
      expect.stringMatching(/^1:13 schema: .*another tool's manifest/),
    ]);
  });

  it('without kind says what to do with the file', () => {
    expect(problems('a: 1')).toEqual([
      expect.stringMatching(/^1:1 schema: `kind` is missing, so this is not a manifest. Write .* or keep the file out/),
    ]);
  });
});
