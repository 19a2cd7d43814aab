import { expect, test } from 'vitest';
import type { LoadBalancer } from '../../../src/core/load-balancer.ts';
import { DEFAULT_POLICY } from '../../../src/manifest/policy.ts';
import { readManifests, type ManifestSet } from '../../../src/manifest/read.ts';
import { yaml } from '../../support/yaml.ts';

const SERVICE = { kind: 'Service', name: 'web', image: 'web:v1', ports: [8080] };
const ROUTE = { kind: 'LoadBalancer', name: 'web', hostnames: ['a.example.com'], service: 'web', port: 8080 };

function read(fields: object): ManifestSet {
  return readManifests([{ path: 'web.yaml', text: yaml(SERVICE, { ...ROUTE, ...fields }) }]);
}

function loadBalancer(fields: object): LoadBalancer | undefined {
  const { manifests, problems } = read(fields);
  expect(problems).toEqual([]);
  return manifests.find((each) => each.kind === 'LoadBalancer');
}

function complaints(fields: object): string[] {
  return read(fields).problems.map(({ path, message }) => `${path ?? ''}: ${message}`);
}

test('has traffic as HAProxy has it where nothing is said of it', () => {
  expect(loadBalancer({})?.traffic).toEqual({ algorithm: 'roundrobin', affinity: 'none', allow: [] });
});

test.each([
  [
    ['10.0.0.0/8', '192.0.2.7', 'FD00:0::/64', '::1'],
    ['10.0.0.0/8', '192.0.2.7/32', '::1/128', 'fd00::/64'],
  ],
  ['10.0.0.0/8 192.0.2.7', ['10.0.0.0/8', '192.0.2.7/32']],
  ['  10.0.0.0/08,10.0.0.0/8 ', ['10.0.0.0/8']],
  [['0.0.0.0/0'], ['0.0.0.0/0']],
])('takes the addresses %s', (allow, expected) => {
  expect(loadBalancer({ allow })?.traffic.allow).toEqual(expected);
});

test.each([
  ['10.0.0.0/33', 'has no prefix length from 0 to 32'],
  ['10.0.0.0/8/8', 'has no prefix length from 0 to 32'],
  ['::/129', 'has no prefix length from 0 to 128'],
  ['10.1.2.3/8', 'has bits after its prefix; did you mean 10.0.0.0/8?'],
  ['10.0.0', 'is not an address or a CIDR such as 10.0.0.0/8'],
  ['0x7f.0.0.1', 'is not an address'],
  ['fe80::1%eth0', 'is not an address'],
  ["10.0.0.0/8' if TRUE", 'has no prefix length'],
  ['office', 'is not an address'],
])('refuses the address %s', (address, message) => {
  const [problem, ...others] = complaints({ allow: [address] });
  expect(problem).toContain(`allow[0]: \`${address}\` ${message}`);
  expect(others).toEqual([]);
});

test.each([[[]], [' '], ['']])('takes %j for no list of addresses', (allow) => {
  expect(complaints({ allow })).toHaveLength(1);
});

test.each([
  ['method: ROUND_ROBIN', { method: 'ROUND_ROBIN' }, 'Did you mean `algorithm`?'],
  ['a name of another tool', { algorithm: 'LEAST_CONNECTIONS' }, 'is called `leastconn` here'],
  ['stickySession', { stickySession: true }, 'Did you mean `affinity`?'],
  ['two ways to choose', { affinity: 'source', algorithm: 'leastconn' }, 'leave `algorithm` out'],
  ['network', { network: '10.0.0.0/8' }, 'Did you mean `allow`?'],
  ['a limit of none', { maxConnections: 0 }, 'must be a whole number from 1 to 1000000'],
  ['a wildcard in the middle', { hostnames: ['a.*.example.com'] }, 'must be a host name such as'],
  ['a wildcard for everything', { hostnames: ['*'] }, 'a wildcard stands for the first label alone'],
  ['a part of a label', { hostnames: ['*www.example.com'] }, 'a wildcard stands for the first label alone'],
])('tells what is meant by %s', (_, fields, message) => {
  expect(complaints(fields)).toEqual([expect.stringContaining(message)]);
});

test('takes a wildcard, once', () => {
  expect(loadBalancer({ hostnames: ['*.Example.com'] })?.hostnames).toEqual(['*.example.com']);
  const other = { ...ROUTE, name: 'other', hostnames: ['*.example.com'] };
  const text = yaml(SERVICE, { ...ROUTE, hostnames: ['*.example.com'] }, other);
  const { problems } = readManifests([{ path: 'web.yaml', text }]);
  expect(problems).toMatchObject([{ reason: 'duplicate-route', path: 'hostnames[0]' }]);
});

const OTHER = { ...SERVICE, name: 'other' };
const { service: _, ...ALONE } = ROUTE;

function backendsOf(backends: unknown): { readonly backends?: unknown; readonly problems: readonly string[] } {
  const { manifests, problems } = readManifests([
    { path: 'web.yaml', text: yaml(SERVICE, OTHER, { ...ALONE, backends }) },
  ]);
  const found = manifests.find((each) => each.kind === 'LoadBalancer');
  return { backends: found?.backends, problems: problems.map(({ path, message }) => `${path ?? ''}: ${message}`) };
}

test('leads to several services, each with its share', () => {
  const both = [
    { service: 'web', weight: 90 },
    { service: 'other', weight: 10 },
  ];
  expect(backendsOf(both)).toEqual({ backends: both.toReversed(), problems: [] });
  expect(backendsOf([{ service: 'web', weight: 5 }])).toEqual({
    backends: [{ service: 'web', weight: 100 }],
    problems: [],
  });
  expect(loadBalancer({})?.backends).toEqual([{ service: 'web', weight: 100 }]);
});

test.each<[unknown, string]>([
  [[{ service: 'web' }, { service: 'othr' }], 'backends[1].service: There is no service `othr`. Did you mean `other`?'],
  [
    [{ service: 'web' }, { service: 'web' }],
    'backends[1].service: `web` is in `backends` twice; write its share once.',
  ],
  [[{ service: 'web', weight: 0 }], 'backends: No service gets requests: give one of them a weight'],
  [[{ service: 'web', weight: 101 }], 'backends[0].weight: `backends[0].weight` must be a whole number from 0 to 100'],
  [['web'], 'backends[0]: `backends[0]` must be a service with its share'],
  [undefined, ': A LoadBalancer needs `service` or `backends`.'],
])('tells what is wrong with the backends %j', (backends, message) => {
  expect(backendsOf(backends).problems).toEqual([expect.stringContaining(message)]);
});

test('leads by one of two fields', () => {
  expect(complaints({ backends: [{ service: 'web' }] })).toEqual([
    'service: Write either `service` or `backends`, not both.',
  ]);
});

const LISTENER = { kind: 'LoadBalancer', name: 'db', protocol: 'tcp', listen: 9000, service: 'web', port: 8080 };

function listenerProblems(fields: object, ...others: object[]): string[] {
  const { problems } = readManifests([
    { path: 'web.yaml', text: yaml(SERVICE, { ...LISTENER, ...fields }, ...others) },
  ]);
  return problems.map(({ reason, path, message }) => `${reason} ${path ?? ''}: ${message}`);
}

test('listens on a port of the host', () => {
  const { manifests, problems } = readManifests([{ path: 'web.yaml', text: yaml(SERVICE, LISTENER) }]);
  expect(problems).toEqual([]);
  expect(manifests.find((each) => each.kind === 'LoadBalancer')).toMatchObject({ listen: 9000, hostnames: [] });
});

test.each<[object, string]>([
  [{ listen: undefined }, 'schema listen: `listen` is missing: the port of the host'],
  [{ hostnames: ['a.b'] }, 'schema hostnames: `hostnames` is for requests; with `protocol: tcp` leave it out.'],
  [{ path: '/a' }, 'schema path: `path` is for requests'],
  [{ stripPath: true }, 'schema stripPath: `stripPath` is for requests'],
  [{ affinity: 'cookie' }, 'schema affinity: Only requests have cookies'],
  [{ protocol: 'udp' }, 'unsupported protocol: UDP is not balanced'],
  [{ protocol: 'http', hostnames: ['a.b'] }, 'schema listen: `listen` needs `protocol: tcp`'],
  [{ protocol: 'http', listen: undefined }, 'schema hostnames: `hostnames` is missing'],
])('tells what is wrong with a listener that has %j', (fields, message) => {
  expect(listenerProblems(fields)).toEqual([expect.stringContaining(message)]);
});

test('has its port alone', () => {
  expect(listenerProblems({}, { ...LISTENER, name: 'other' })).toEqual([
    'duplicate-route listen: tcp port 9000 is claimed by LoadBalancer `db` too (web.yaml:3); a port leads to one place only.',
  ]);
  const service = { kind: 'Service', name: 'other', image: 'a:1', ports: [{ port: 80, hostPort: 9000 }] };
  expect(listenerProblems({}, service)).toEqual([
    expect.stringContaining('host-port-conflict ports[0]: Host port 9000/tcp is taken by LoadBalancer `db`'),
  ]);
});

test('asks by itself who gets requests', () => {
  const check = { interval: 1000, timeout: 1000, rise: 1, fall: 2 };
  expect(loadBalancer({})).not.toHaveProperty('healthCheck');
  expect(loadBalancer({ healthCheck: {} })?.healthCheck).toEqual({
    port: 8080,
    http: { path: '/', status: '200-499' },
    ...check,
  });
  const given = { path: '/ready?x=1', status: '204, 200', interval: '2s', timeout: '500ms', rise: 2, fall: 3 };
  expect(loadBalancer({ healthCheck: given })?.healthCheck).toEqual({
    port: 8080,
    http: { path: '/ready?x=1', status: '200,204' },
    interval: 2000,
    timeout: 500,
    rise: 2,
    fall: 3,
  });
  const { manifests } = readManifests([{ path: 'web.yaml', text: yaml(SERVICE, { ...LISTENER, healthCheck: {} }) }]);
  expect(manifests.find((each) => each.kind === 'LoadBalancer')).toMatchObject({
    healthCheck: { port: 8080, ...check },
  });
  expect(manifests.find((each) => each.kind === 'LoadBalancer')).not.toHaveProperty('healthCheck.http');
});

test('asks on a port that the service has', () => {
  expect(complaints({ healthCheck: { port: 9090 } })).toEqual([
    'healthCheck.port: Port 9090 is not a tcp port of the service `web` (it declares 8080); add it to its `ports`.',
  ]);
  expect(complaints({ healthCheck: { status: '299-200' } })).toEqual([
    'healthCheck.status: The range 299-200 ends before it begins.',
  ]);
});

const FILE = { certificate: { file: 'shop.pem' } };
const ACME = { acme: { email: 'ops@example.com' } };

test('takes requests by http alone where nothing is said of TLS', () => {
  const plain = loadBalancer({});
  expect(plain?.entry).toEqual({ http: true, https: false, forceHttps: false });
  expect(plain).not.toHaveProperty('tls');
  expect(plain).not.toHaveProperty('externalIPs');
});

test.each([
  [{ tls: FILE }, { http: true, https: true, forceHttps: false }, { file: 'shop.pem' }],
  [{ tls: ACME, forceHttps: true }, { http: true, https: true, forceHttps: true }, ACME],
  [{ tls: FILE, ports: { http: false } }, { http: false, https: true, forceHttps: false }, { file: 'shop.pem' }],
  [{ ports: { https: false } }, { http: true, https: false, forceHttps: false }, undefined],
])('is entered as %j says', (fields, entry, tls) => {
  expect(loadBalancer(fields)).toMatchObject({ entry, ...(tls && { tls }) });
});

test.each([
  [{ ports: { https: true } }, 'ports.https: Requests by TLS need a certificate: add `tls`.'],
  [{ forceHttps: true }, 'forceHttps: There is no https to go to: add `tls`.'],
  [{ tls: FILE, ports: { https: false } }, 'tls: A certificate is of no use without `ports.https`'],
  [{ ports: { http: false } }, 'ports: Nobody could reach it'],
  [{ tls: FILE, ports: { http: false }, forceHttps: true }, 'forceHttps: Without `ports.http` nobody is there'],
  [{ tls: { ...FILE, ...ACME } }, 'tls: `tls` needs either'],
  [{ tls: ACME, hostnames: ['a.example.com', '*.example.com'] }, 'hostnames[1]: No authority gives a certificate'],
  [{ tls: { certificate: { file: '/etc/shop.pem' } } }, 'tls.certificate.file: '],
  [{ tls: { certificate: { file: 'a/../../shop.pem' } } }, 'tls.certificate.file: '],
  [{ externalIPs: ['host.example.com'] }, 'externalIPs[0]: '],
  [{ externalIPs: ['192.0.2'] }, 'externalIPs[0]: `192.0.2` is not an IP address'],
  [{ protocol: 'tcp', listen: 9000, tls: FILE }, 'tls: `tls` is for requests'],
])('refuses %j', (fields, complaint) => {
  const tcp = 'listen' in fields ? { hostnames: undefined } : {};
  const found = complaints({ ...fields, ...tcp });
  expect(found).toEqual([expect.stringContaining(complaint)]);
});

const POLICY = { ...DEFAULT_POLICY, externalIPs: ['192.0.2.0/28', '2001:db8::/64'] };

test('takes the addresses that the host allows, each in its one spelling', () => {
  const own = yaml(SERVICE, { ...ROUTE, externalIPs: ['2001:DB8:0::7', '192.0.2.7'] });
  const { manifests, problems } = readManifests([{ path: 'web.yaml', text: own }], { policy: POLICY });
  expect(problems).toEqual([]);
  expect(manifests).toContainEqual(expect.objectContaining({ externalIPs: ['192.0.2.7', '2001:db8::7'] }));
});

test.each(['192.0.2.16', '2001:db8:1::7', '0.0.0.0'])('refuses the address %s, which it does not allow', (address) => {
  const text = yaml(SERVICE, { ...ROUTE, externalIPs: [address] });
  const { problems } = readManifests([{ path: 'web.yaml', text }], { policy: POLICY });
  expect(problems).toMatchObject([
    {
      layer: 'lb',
      reason: 'address-not-allowed',
      message: expect.stringContaining(`the address ${address} `) as string,
    },
  ]);
});

test('two load balancers share a host name with one certificate only', () => {
  const both = (other: object) =>
    readManifests([
      {
        path: 'web.yaml',
        text: yaml(SERVICE, { ...ROUTE, tls: FILE }, { ...ROUTE, name: 'api', path: '/api', ...other }),
      },
    ]).problems.map(({ reason, message }) => `${reason}: ${message}`);
  expect(both({ tls: FILE })).toEqual([]);
  expect(both({})).toEqual([]);
  expect(both({ tls: ACME })).toEqual([
    'duplicate-route: a.example.com has another certificate in LoadBalancer `web` (web.yaml:3); a host name has one only.',
  ]);
  expect(both({ tls: ACME, enabled: false })).toEqual([]);
});

test('two listeners share a port at addresses of their own', () => {
  const listeners = (...addresses: (readonly string[] | undefined)[]) => {
    const documents = addresses.map((externalIPs, index) => ({
      ...{ kind: 'LoadBalancer', name: `db${index}`, service: 'web', port: 8080, protocol: 'tcp', listen: 9000 },
      ...(externalIPs && { externalIPs }),
    }));
    const text = yaml(SERVICE, ...documents);
    return readManifests([{ path: 'web.yaml', text }], { policy: POLICY }).problems.map(({ reason }) => reason);
  };
  expect(listeners(['192.0.2.7'], ['192.0.2.8'])).toEqual([]);
  expect(listeners(['192.0.2.7'], ['192.0.2.8', '192.0.2.7'])).toEqual(['duplicate-route']);
  expect(listeners(undefined, undefined)).toEqual(['duplicate-route']);
});

test('speaks HTTP/1.1 to the instances unless it is to speak HTTP/2', () => {
  expect(loadBalancer({})?.traffic).not.toHaveProperty('backendProtocol');
  expect(loadBalancer({ backendProtocol: 'http' })).toEqual(loadBalancer({}));
  expect(loadBalancer({ backendProtocol: 'h2c' })?.traffic).toMatchObject({ backendProtocol: 'h2c' });
  expect(complaints({ hostnames: undefined, protocol: 'tcp', listen: 9000, backendProtocol: 'h2c' })).toEqual([
    expect.stringContaining('`backendProtocol` is for requests'),
  ]);
});
