/** What a manifest says first, what it says then, and which fields of the plan tell the difference. */
export interface Case {
  readonly kind: 'Service' | 'LoadBalancer' | 'Job';
  readonly what: string;
  readonly before: string;
  readonly after: string;
  /** None: both say the same. */
  readonly differ: readonly string[];
}

export const PORTS_NEEDED = 7;

/** What cannot be known before the tests run. */
export interface Surroundings {
  /** Ports of the host that nobody uses. */
  readonly ports: readonly number[];
  /** An image in a registry, without its tag, which is `1`. */
  readonly published: string;
  readonly digest: string;
}

/** A service that every case begins with; a case that names one of its fields replaces that one. */
const PLAIN = `image: lab/busybox:1
command: [sleep, "1000000"]
stopSignal: SIGKILL
update: { monitor: 0 }`;

/** The same of an image that brings a default of its own for all that it can. */
const OPINIONATED = `image: lab/opinionated:1
stopGracePeriod: 1s
update: { monitor: 0 }`;

/** One that listens, for the balancer to ask. */
const LISTENING = `image: lab/busybox:1
command: [sh, -c, "busybox httpd -p 8081; exec busybox httpd -f -p 8080"]
ports: [8080, 8081]
stopSignal: SIGKILL
update: { monitor: 0 }`;

/** What the load balancers of the cases lead to. */
export const ROUTED = ['routed', 'other'].map((name) => `kind: Service\nname: ${name}\n${LISTENING}\n`);

/** A job that is made at once, and begins on a leap day. */
const TASK = `image: lab/busybox:1
command: [sleep, "1000000"]
stopSignal: SIGKILL
schedule: 0 0 29 2 *`;

type Row = readonly [what: string, before: string, after: string, ...differ: readonly string[]];

/** Every field that reaches Docker. */
const FIELDS: readonly Row[] = [
  ['image', 'image: lab/busybox:1', 'image: lab/opinionated:1', 'image'],
  ['version', 'version: 1.10\npullPolicy: never', 'version: 1.1\npullPolicy: never', 'version'],
  ['entrypoint', 'entrypoint: [/bin/busybox]', 'entrypoint: [/bin/busybox, env]', 'entrypoint'],
  [
    'entrypoint with an empty word',
    `entrypoint: [sh, -c, 'exec "$@"', ""]`,
    `entrypoint: [sh, -c, 'exec env "$@"', ""]`,
    'entrypoint',
  ],
  ['command', 'command: sleep 100001', 'command: [sleep, "100002"]', 'command'],
  ['workingDir', 'workingDir: /srv', 'workingDir: /tmp', 'workingDir'],
  ['user', 'user: 99', 'user: "99:99"', 'user'],
  ['hostname', 'hostname: box', 'hostname: box.example', 'hostname'],
  ['environment', 'environment: { A: 1, B: "" }', 'environment: { A: 2, B: "" }', 'environment.A'],
  ['environment, one less', 'environment: { A: 1, B: "" }', 'environment: { A: 1 }', 'environment.B'],
  ['envFile', 'envFile: first.env', 'envFile: second.env', 'environment.FROM_A_FILE'],
  ['contextRoot', 'contextRoot: /shop', 'contextRoot: /', 'contextRoot'],
  ['labels', 'labels: { team: shop }', 'labels: { team: "" }', 'labels.team'],
  ['ports', 'ports: [8080]', 'ports: [8080, { port: 53, protocol: udp }]', 'ports'],
  ['ports[].publish', 'ports: [8080]', 'ports: [{ port: 8080, publish: true }]', 'ports'],
  ['mounts of a volume', 'mounts: ["data:/data"]', 'mounts: ["data:/data:ro"]', 'mounts'],
  ['mounts of a folder', 'mounts: ["/etc:/host:ro"]', 'mounts: ["/usr:/host:ro"]', 'mounts'],
  ['mounts of memory', tmpfsMount(''), tmpfsMount(', size: 1M'), 'mounts'],
  ['tmpfs', 'tmpfs: ["/run:size=1M"]', 'tmpfs: ["/run:size=2M"]', 'mounts'],
  ['files', text('one', ''), text('two', ''), 'files./etc/one'],
  ['files[].mode', text('one', ', mode: 0600'), text('one', ', mode: "0640"'), 'files./etc/one'],
  ['files[].uid', text('one', ''), text('one', ', uid: 7, gid: 0'), 'files./etc/one'],
  [
    'files[].source',
    'files: [{ source: first.env, target: /a }]',
    'files: [{ source: second.env, target: /a }]',
    'files./a',
  ],
  ['files[].target', text('one', ''), 'files: [{ content: one, target: /b }]', 'files./b', 'files./etc/one'],
  [
    'files on a read-only root',
    `readOnly: true\n${text('one', '')}`,
    `readOnly: true\n${text('two', '')}`,
    'files./etc/one',
  ],
  ['readOnly', 'readOnly: true', '', 'readOnly'],
  ['networks', 'networks: [front]', 'networks: [front, default]', 'networks'],
  [
    'extraHosts',
    'extraHosts: { db: 10.0.0.5, six: "::1" }',
    'extraHosts: { db: "10.0.0.6", six: "::1" }',
    'extraHosts.db',
  ],
  ['dns', 'dns: [10.9.8.7, 10.9.8.6]', 'dns: [10.9.8.6, 10.9.8.7]', 'dns'],
  ['capAdd', 'capAdd: [NET_ADMIN]', 'capAdd: [NET_ADMIN, SYS_TIME]', 'capAdd'],
  ['capDrop', 'capDrop: [ALL]', 'capDrop: [CHOWN]', 'capDrop'],
  ['devices', 'devices: ["/dev/null:/dev/nothing:r"]', 'devices: ["/dev/null:/dev/nothing"]', 'devices'],
  ['ulimits', 'ulimits: { nofile: 1024 }', 'ulimits: { nofile: { soft: 1024, hard: 2048 } }', 'ulimits'],
  ['ulimits, all of them', `ulimits: ${ulimits(10_000)}`, `ulimits: ${ulimits(10_001)}`, 'ulimits'],
  ['sysctls', somaxconn(512), somaxconn(513), 'sysctls.net.core.somaxconn'],
  ['securityOpt', 'securityOpt: ["no-new-privileges:true"]', 'securityOpt: ["apparmor=unconfined"]', 'securityOpt'],
  ['privileged', 'privileged: true\nuser: 99', 'privileged: false\nuser: 99', 'privileged'],
  ['init', 'init: false', 'init: true', 'init'],
  ['shmSize', 'shmSize: 16', 'shmSize: 17M', 'shmSize'],
  ['stopSignal', 'stopSignal: SIGUSR1\nstopGracePeriod: 1', 'stopGracePeriod: 1', 'stopSignal'],
  ['stopGracePeriod', 'stopGracePeriod: 0', 'stopGracePeriod: 2500ms', 'stopGracePeriod'],
  ['healthCheck.command', check('exit 0', ''), check('true', ''), 'healthCheck.command'],
  [
    'healthCheck.command as words',
    'healthCheck: { command: ["true"] }',
    'healthCheck: { command: ["true", "1"] }',
    'healthCheck.command',
  ],
  ['healthCheck.interval', check('true', 'interval: 2s'), check('true', 'interval: 2500ms'), 'healthCheck.interval'],
  ['healthCheck.timeout', check('true', 'timeout: 2s'), check('true', 'timeout: 2500ms'), 'healthCheck.timeout'],
  ['healthCheck.retries', check('true', 'retries: 2'), check('true', 'retries: 3'), 'healthCheck.retries'],
  ['healthCheck.startPeriod', check('true', ''), check('true', 'startPeriod: 1'), 'healthCheck.startPeriod'],
  ['restart', 'restart: always', 'restart: on-failure', 'restart'],
  ['instances', 'instances: 1', 'instances: 2', 'instances'],
  ['cpu', 'cpu: 0.1', 'cpu: 0.0333', 'cpu'],
  ['cpu, where nothing was reserved', 'cpu: 0', 'cpu: 0.001', 'cpu'],
  ['memory', 'memory: 6', 'memory: 7M', 'memory'],
  ['limits.cpu', 'limits: { cpu: 0.3333333333 }', 'limits: { cpu: 0.5 }', 'limits.cpu'],
  ['limits.memory', 'limits: { memory: 6291456B }', 'limits: { memory: 7.5M }', 'limits.memory'],
];

/** The same fields with an image's own default in the way. */
const OVER_THE_IMAGE: readonly Row[] = [
  ['nothing', '', 'description: the same'],
  ['user', 'user: 0', '', 'user'],
  ['workingDir', '', 'workingDir: /', 'workingDir'],
  ['entrypoint', '', 'entrypoint: [/bin/busybox, sleep, "3601"]', 'entrypoint'],
  ['no entrypoint', 'entrypoint: [""]\ncommand: [sleep, "3602"]', 'command: [sleep, "3602"]', 'entrypoint'],
  ['command', '', 'command: [sleep, "3603"]', 'command'],
  [
    'environment',
    'environment: { COLOUR: red }',
    'environment: { SIZE: "" }',
    'environment.COLOUR',
    'environment.SIZE',
  ],
  ['labels', 'labels: { maintainer: "" }', '', 'labels.maintainer'],
  ['a volume', 'mounts: ["thing:/var/lib/thing"]', '', 'mounts'],
  ['an exposed port', 'ports: [4711]', '', 'ports'],
  ['stopSignal', 'stopSignal: SIGKILL', '', 'stopSignal'],
  [
    'healthCheck',
    check('exit 0', 'retries: 2, timeout: 2s'),
    '',
    ...['command', 'interval', 'retries', 'startPeriod', 'timeout'].map((field) => `healthCheck.${field}`),
  ],
  ['an entrypoint of one empty word', 'image: lab/reset:1', 'image: lab/reset:1\ninit: true', 'init'],
];

/** What only the balancer knows of a service. */
const CHECKED: readonly Row[] = [
  [
    'healthCheck.http',
    httpCheck(''),
    '',
    ...['http.path', 'http.port', 'http.status', 'timeout'].map((field) => `healthCheck.${field}`),
  ],
  ['healthCheck.http.path', httpCheck('path: /a'), httpCheck('path: /b'), 'healthCheck.http.path'],
  ['healthCheck.http.port', httpCheck('port: 8080'), httpCheck('port: 8081'), 'healthCheck.http.port'],
  ['healthCheck.http.status', httpCheck('status: "404"'), httpCheck('status: 400-404'), 'healthCheck.http.status'],
];

/** Files of the host's folder of certificates. */
export const CERTIFICATES = ['first.pem', 'second.pem'];
const FIRST = 'tls: { certificate: { file: first.pem } }';

/** Every field of a load balancer, which leads to the first port of the first service of those that listen. */
const ROUTES: readonly Row[] = [
  ['hostnames', '', 'hostnames: [new.example.com]', 'hostnames'],
  ['hostnames, one more', 'hostnames: [a.example.com]', 'hostnames: [a.example.com, b.example.com]', 'hostnames'],
  ['path', 'path: /a', 'path: /b', 'path'],
  ['stripPath', 'path: /a', 'path: /a\nstripPath: true', 'stripPath'],
  ['service', 'service: routed', 'service: other', 'service'],
  ['port', 'port: 8080', 'port: 8081', 'port'],
  [
    'backends',
    'backends: [{ service: routed, weight: 90 }, { service: other, weight: 10 }]',
    'backends: [{ service: routed, weight: 50 }, { service: other, weight: 50 }]',
    'backends',
  ],
  ['one of several', 'backends: [{ service: routed, weight: 5 }]', 'service: routed'],
  ['algorithm', 'algorithm: leastconn', 'algorithm: source', 'algorithm'],
  ['affinity', 'affinity: cookie', 'affinity: source', 'affinity'],
  ['allow', 'allow: [10.0.0.0/8]', 'allow: [10.0.0.0/8, 127.0.0.1]', 'allow'],
  ['maxConnections', 'maxConnections: 100', 'maxConnections: 200', 'maxConnections'],
  ['drain of a route', 'drain: 2s', 'drain: 3s', 'drain'],
  [
    'addresses in another order and spelling',
    'allow: [192.0.2.7, 10.0.0.0/8, "FD00::/64"]',
    'allow: 10.0.0.0/8 fd00:0::/64 192.0.2.7/32',
  ],
  ['backendProtocol', '', 'backendProtocol: h2c', 'backendProtocol'],
  ['externalIPs', 'externalIPs: [127.0.0.8]', 'externalIPs: [127.0.0.8, 127.0.0.9]', 'externalIPs'],
  ['tls', '', FIRST, 'ports.https', 'tls.certificate'],
  ['tls.certificate.file', FIRST, 'tls: { certificate: { file: second.pem } }', 'tls.certificate'],
  ['ports', FIRST, `${FIRST}\nports: { http: false }`, 'ports.http'],
  ['forceHttps', FIRST, `${FIRST}\nforceHttps: true`, 'forceHttps'],
  ['defaults of TLS and left out', FIRST, `${FIRST}\nports: { http: true, https: true }\nforceHttps: false`],
  ['addresses of the host in another order', 'externalIPs: [127.0.0.8, "::1"]', 'externalIPs: ["0::1", 127.0.0.8]'],
  ['defaults of traffic and left out', 'algorithm: roundrobin\naffinity: none\nbackendProtocol: http', ''],
  [
    'healthCheck',
    'healthCheck: { path: /, interval: 2s }',
    'healthCheck: { path: /, interval: 3s, fall: 3, port: 8081, timeout: 2s }',
    'healthCheck.fall',
    'healthCheck.interval',
    'healthCheck.port',
    'healthCheck.timeout',
  ],
  ['own check with its defaults', 'healthCheck: {}', 'healthCheck: { path: /, status: 200-499, rise: 1 }'],
  ['timeouts.connect', 'timeouts: { connect: 2s }', 'timeouts: { connect: 3s }', 'timeouts.connect'],
  ['timeouts.client', 'timeouts: { client: 2s }', 'timeouts: { client: 3s }', 'timeouts.client'],
  ['timeouts.server', 'timeouts: { server: 2s }', 'timeouts: { server: 3s }', 'timeouts.server'],
  ['timeouts.tunnel', 'timeouts: { tunnel: 2s }', 'timeouts: { tunnel: 3s }', 'timeouts.tunnel'],
  [
    'host names in another order and case',
    'hostnames: [c.example.com, D.Example.com]',
    'hostnames: [d.example.com, c.example.com]',
  ],
  ['empty maps and left out', 'timeouts: {}\nstripPath: false\nenabled: true\npath: /', ''],
  ['numbers and units', 'timeouts: { connect: 2, server: 1m }', 'timeouts: { connect: 2000ms, server: 60s }'],
  ['what no balancer knows', 'description: first', 'description: second'],
];

/** Ports of the host, beside those that systems give to whoever asks for any. */
export const LISTENED = { from: 19_080, to: 19_081 };

const LISTENER = `protocol: tcp\nlisten: ${LISTENED.from}\nservice: routed\nport: 8080`;

/** Fields of routes that take connections. */
const LISTENERS: readonly Row[] = [
  ['listen', `listen: ${LISTENED.from}`, `listen: ${LISTENED.to}`, 'listen'],
  ['externalIPs of a listener', 'externalIPs: [127.0.0.8]', 'externalIPs: [127.0.0.9]', 'externalIPs'],
];

/** What jobs have beside the fields that they share with services. */
const TASKS: readonly Row[] = [
  ['schedule', 'schedule: 0 0 29 2 *', 'schedule: 1 0 29 2 *', 'schedule'],
  ['timeZone', 'timeZone: Europe/Berlin', 'timeZone: Asia/Kolkata', 'schedule'],
  ['retries', 'retries: 1', 'retries: 2', 'retries'],
  ['times and sizes', 'memory: 128\ntimeout: 1m\nshmSize: 64', 'memory: 128M\ntimeout: 60s\nshmSize: 65536k'],
  [
    'what no container knows',
    'description: first\nenabled: true\npullPolicy: never\nconcurrency: allow\nhistory: 3\nrequirements: [ssd]\ndependsOn: routed',
    'description: second\ntimeout: 5s\nconcurrency: replace\nhistory: 4\ndependsOn: [other, routed]',
  ],
];

/** Fields that only services have. */
const OF_SERVICES = ['contextRoot', 'ports', 'healthCheck', 'restart', 'instances', 'maxPerNode', 'update'];

/** One meaning in two spellings. */
const SPELLINGS: readonly Row[] = [
  [
    'numbers and units',
    'cpu: 0\nmemory: 128\nshmSize: 64\nstopGracePeriod: 1\nuser: 99\nversion: 1\nlimits: { memory: 1G }',
    'cpu: 0.0\nmemory: 128M\nshmSize: 65536k\nstopGracePeriod: 1000ms\nuser: "99"\nversion: "1"\nlimits: { memory: 1024 }',
  ],
  ['environment as a map and as pairs', 'environment: { A: 1.10 }', 'environment: [{ name: A, value: "1.10" }]'],
  ['environment as pairs and as lines', 'environment: [{ key: B, value: "" }, "A=1=2"]', 'environment: [A=1=2, B=]'],
  [
    'lists in another order',
    'ports: [8080, 8081, { port: 8080, protocol: udp }]\ncapAdd: [SYS_TIME, NET_ADMIN]\nnetworks: [front, default]\ntmpfs: [/run, /tmp]',
    'ports: [{ port: 8080, protocol: udp }, 8081, 8080]\ncapAdd: [cap_net_admin, sys_time]\nnetworks: [default, front]\ntmpfs: [/tmp, /run]',
  ],
  [
    'maps in another order',
    'environment: { A: 1, B: 2 }\nlabels: { a: 1, b: 2 }\nulimits: { nofile: 9999, core: 0 }\nextraHosts: { a: 10.0.0.5, b: 10.0.0.6 }',
    'environment: [B=2, A=1]\nlabels: [b=2, a=1]\nulimits: { core: 0, nofile: 9999 }\nextraHosts: ["b:10.0.0.6", "a:10.0.0.5"]',
  ],
  [
    'empty lists and left out',
    'entrypoint: []\nenvironment: []\nenvFile: []\nlabels: {}\nports: []\nmounts: []\ntmpfs: []\nnetworks: []\nextraHosts: []\ndns: []\nulimits: {}',
    '',
  ],
  [
    'empty rights and left out',
    'capAdd: []\ncapDrop: []\ndevices: []\nsysctls: []\nsecurityOpt: []\nprivileged: false\nreadOnly: false\ninit: false\nlimits: {}',
    '',
  ],
  [
    'words and objects',
    'mounts: ["data:/data"]\ndevices: ["/dev/null:/dev/nothing:r"]\nenvFile: first.env\nsysctls: { net.core.somaxconn: 512 }',
    `mounts: [{ type: volume, source: data, target: /data, readOnly: false }]
devices: [{ source: /dev/null, target: /dev/nothing, permissions: r }]
envFile: [first.env]
sysctls: [net.core.somaxconn=512]`,
  ],
  [
    'more lists in another order',
    'capDrop: [CHOWN, SETUID]\ndevices: ["/dev/null:/dev/a", "/dev/zero:/dev/b"]\nmounts: ["data:/data", "more:/more"]',
    'capDrop: [SETUID, CHOWN]\ndevices: ["/dev/zero:/dev/b", "/dev/null:/dev/a"]\nmounts: ["more:/more", "data:/data"]',
  ],
  [
    'what no container knows',
    'description: first\npullPolicy: never\nmaxPerNode: 1\nrequirements: [ssd]\nenabled: true\ndependsOn: routed',
    `description: second
dependsOn: [other, routed]
conflictsWith: [nobody]
update: { monitor: 1, drain: 1s, order: stop-first, parallelism: 2, delay: 1s, timeout: 61s }`,
  ],
  [
    'what decides about failures only',
    `update: { monitor: 0, strategy: rolling, failureAction: pause, maxFailureRatio: 0.5 }\n${check('true', '')}`,
    `update: { monitor: 0, strategy: green-blue, keepOld: 1m }\n${check('true', 'restart: false')}`,
  ],
];

/** All of them; the same in every run, so that each service keeps its name. */
export function casesAmid({ ports, published, digest }: Surroundings): readonly Case[] {
  const [first = 0, second = 0, third = 0, fourth = 0, ...others] = ports;
  const [fifth = 0, sixth = 0, seventh = 0] = others;
  const bound = (...hostPorts: readonly number[]): string =>
    `ports: [${hostPorts.map((hostPort) => `{ port: 8080, hostPort: ${hostPort} }`).join(', ')}]`;
  const tag = `image: ${published}:1`;
  const surrounded: readonly Row[] = [
    ['ports[].hostPort', bound(first), bound(second), 'ports'],
    ['several host ports of one port', bound(third, fourth), bound(third), 'ports'],
    [
      'ports in the words of others',
      `ports: [{ port: 1, hostPort: ${fifth} }, { port: 2, hostPort: ${sixth} }, { port: 3, hostPort: ${seventh} }]`,
      `ports: [{ container: 1, host: ${fifth} }, { port: 2, source: ${sixth} }, { port: 3, published: ${seventh} }]`,
    ],
    ['digest beside tag', tag, `${tag}@${digest}`, 'image'],
    ['digest without tag', `image: ${published}@${digest}`, `${tag}@${digest}`, 'image'],
  ];
  return [
    ...[...FIELDS, ...surrounded, ...SPELLINGS].map((row) => caseOf(row, PLAIN)),
    ...OVER_THE_IMAGE.map((row) => caseOf(row, OPINIONATED, ', which the image has, too')),
    ...CHECKED.map((row) => caseOf(row, LISTENING)),
    ...[...FIELDS, ...SPELLINGS]
      .filter(isShared)
      .concat(TASKS)
      .map((row) => ({
        ...caseOf(row, TASK, ' of a job'),
        kind: 'Job' as const,
      })),
    ...ROUTES.map((row, index) => ({
      ...caseOf(row, leadingFrom(index), ' of a route'),
      kind: 'LoadBalancer' as const,
    })),
    ...LISTENERS.map((row) => ({ ...caseOf(row, LISTENER, ' of a route'), kind: 'LoadBalancer' as const })),
  ];
}

function caseOf([what, before, after, ...differ]: Row, base: string, where = ''): Case {
  return { kind: 'Service', what: `${what}${where}`, before: over(base, before), after: over(base, after), differ };
}

function isShared([, before, after]: Row): boolean {
  return !`${before}\n${after}`.split('\n').some((line) => OF_SERVICES.includes(nameOf(line)));
}

/** A load balancer with a host name of its own. */
function leadingFrom(index: number): string {
  return `hostnames: [route-${index + 1}.example.com]\nservice: routed\nport: 8080`;
}

/** Fields over those of the same name. */
function over(base: string, fields: string): string {
  const names = new Set(fields.split('\n').map(nameOf));
  const rest = base.split('\n').filter((line) => !names.has(nameOf(line)));
  return [...rest, fields].join('\n');
}

function nameOf(line: string): string {
  const [name = ''] = line.split(':', 1);
  // One stands for the other.
  return name === 'backends' ? 'service' : name;
}

function check(command: string, more: string): string {
  const interval = more.startsWith('interval') ? '' : 'interval: 2s, ';
  return `healthCheck: { ${interval}command: "${command}"${more === '' ? '' : `, ${more}`} }`;
}

function text(content: string, more: string): string {
  return `files: [{ content: ${content}, target: /etc/one${more} }]`;
}

function httpCheck(http: string): string {
  return `healthCheck: { http: { ${http} }, interval: 1s }`;
}

function tmpfsMount(size: string): string {
  return `mounts: [{ type: tmpfs, target: /scratch${size} }]`;
}

/** Each at a value that harms nobody. */
function ulimits(nproc: number): string {
  return `{ core: 0, cpu: 1000000, data: 4000000000, fsize: 4000000000, locks: 1000, memlock: 1000000, msgqueue: 800000, nice: 0,
  nofile: 1000, nproc: ${nproc}, rss: 4000000000, rtprio: 0, rttime: 1000000, sigpending: 1000, stack: 8000000 }`;
}

function somaxconn(value: number): string {
  return `sysctls: { net.core.somaxconn: ${value} }`;
}
