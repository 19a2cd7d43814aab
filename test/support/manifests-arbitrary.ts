import fc from 'fast-check';
import { stringify } from 'yaml';
import { ENV_FILES } from './container-arbitrary.ts';
import { anyJob } from './job-arbitrary.ts';
import { anyHead, anyService, TCP_PORTS } from './service-arbitrary.ts';
import { fields, merged, oneOf, optional, plain, spelt, type Spelt } from './spelling.ts';
import * as value from './value-arbitrary.ts';
import type { Folder } from '../../src/manifest/folder.ts';
import { readManifests, type ManifestSet } from '../../src/manifest/read.ts';
import { yaml } from './yaml.ts';

/** Manifests of one folder, as two people may have written them. */
export interface SpeltManifests {
  readonly first: readonly object[];
  readonly second: readonly object[];
}

const timeouts: fc.Arbitrary<Spelt> = fields({
  connect: optional(value.duration(1, 60_000), 10),
  client: optional(value.duration(1, 60_000), '50s'),
  server: optional(value.duration(1, 60_000), 50),
  tunnel: optional(value.duration(1, 600_000), '1h', 3600),
});

/** Not all of one go with all of the other. */
const spreading = spelt(
  fc.constantFrom(
    { algorithm: 'leastconn' },
    { algorithm: 'source', affinity: 'cookie' },
    { affinity: 'source' },
    { affinity: 'none' },
  ),
  (meaning) => meaning,
  (meaning) => ({ algorithm: 'roundrobin', affinity: 'none', ...meaning }),
);

const leadingAlone = spelt(
  fc.constant('web'),
  (service) => ({ service }),
  (service) => ({ backends: [{ service }] }),
  (service) => ({ backends: [{ service, weight: 7 }] }),
);

const leading = fc.oneof(
  leadingAlone,
  spelt(
    fc.integer({ min: 0, max: 99 }),
    (weight) => ({ backends: [{ service: 'web', weight }, { service: 'base' }] }),
    (weight) => ({
      backends: [
        { weight: 100, service: 'base' },
        { service: 'web', weight },
      ],
    }),
  ),
);

const addresses = spelt(
  fc.subarray(['10.0.0.0/8', '192.0.2.7', 'fd00:0:0::/64', '::1'], { minLength: 1 }),
  (list) => list,
  (list) =>
    [...list, ...list]
      .reverse()
      .map((each) => (each === '192.0.2.7' ? '192.0.2.7/32' : each.toUpperCase()))
      .join(' '),
);

const howOften = {
  port: optional(oneOf(...TCP_PORTS)),
  interval: optional(value.duration(1, 60_000), '1s', 1),
  timeout: optional(value.duration(1, 60_000), '1s'),
  rise: optional(oneOf(2), 1),
  fall: optional(oneOf(1, 5), 2),
};

const ownCheck = fields({
  path: optional(oneOf('/ready')),
  status: optional(oneOf(200, '200-299'), '200-499'),
  ...howOften,
});

/** All with one certificate, as they may share a host name, but for one that has its own. */
function entering(index: number): fc.Arbitrary<Spelt> {
  const tls = index === 2 ? { acme: { email: 'ops@example.com' } } : { certificate: { file: 'shop.pem' } };
  const meanings: readonly { tls?: object; forceHttps?: true; ports?: object }[] = [
    {},
    {},
    { tls },
    { tls, forceHttps: true },
    { tls, ports: { http: false } },
  ];
  return spelt(
    fc.constantFrom(...meanings),
    (meaning) => meaning,
    ({ ports, ...meaning }) => ({
      forceHttps: false,
      ...meaning,
      ports: { http: true, https: 'tls' in meaning, ...ports },
    }),
  );
}

const ownAddresses = spelt(
  fc.subarray(['192.0.2.7', '2001:db8::7'], { minLength: 1 }),
  (list) => list,
  (list) => [...list, ...list].reverse().map((each) => each.toUpperCase()),
);

/** A route of its own to a service that has these ports. */
function anyLoadBalancer(index: number): fc.Arbitrary<Spelt> {
  const hostname = `Www${index}.example.com`;
  const hostnames = spelt(
    fc.subarray([hostname, `${index}.a`, ...(index === 2 ? [] : ['shared'])], { minLength: 1 }),
    (names) => names,
    (names) => [...names, ...names].reverse().map((name) => name.toLowerCase()),
  );
  const path = spelt(
    fc.constantFrom('', '/x', '/x/y'),
    (end) => `/${index}${end}`,
    (end) => `//${index}${end}/`,
  );
  return merged(
    anyHead('LoadBalancer', `route${index}`),
    spreading,
    // The preview of the service is for one that has it for itself.
    index === 0 ? leadingAlone : leading,
    entering(index),
    fields({
      protocol: optional(oneOf('http'), 'http'),
      hostnames,
      path: index === 0 ? optional(oneOf('//'), '/') : path,
      stripPath: optional(oneOf(true), false),
      port: oneOf(...TCP_PORTS),
      allow: optional(addresses),
      maxConnections: optional(oneOf(1, 7, 200)),
      backendProtocol: optional(oneOf('h2c'), 'http'),
      externalIPs: optional(ownAddresses),
      healthCheck: optional(ownCheck),
      drain: optional(value.duration(0, 60_000)),
      timeouts: optional(timeouts, {}),
    }),
  );
}

/** A route of connections on a port of its own. */
const anyListener: fc.Arbitrary<Spelt> = merged(
  anyHead('LoadBalancer', 'listener'),
  leading,
  fields({
    protocol: oneOf('tcp'),
    listen: oneOf(6000, 6001),
    externalIPs: optional(ownAddresses),
    port: oneOf(...TCP_PORTS),
    affinity: optional(oneOf('source'), 'none'),
    allow: optional(addresses),
    healthCheck: optional(fc.oneof(fields(howOften), fields({ path: oneOf('/ready'), ...howOften }))),
    timeouts: optional(timeouts, {}),
  }),
);

/** What others may depend on. */
const BASE = { kind: 'Service', name: 'base', image: 'base:1', ports: [...TCP_PORTS] };

const order = fields({ dependsOn: optional(value.oneOrMore(fc.constantFrom('base')), []) });

/** A service that load balancers lead to, one that nobody leads to, the load balancers, and a job. */
export const anyManifests: fc.Arbitrary<SpeltManifests> = fc
  .tuple(
    merged(anyService('web', 9000, 'preview.example.com'), order),
    anyLoadBalancer(0),
    fc.option(anyService('db', 9010), { nil: undefined }),
    fc.option(anyLoadBalancer(1), { nil: undefined }),
    fc.option(anyLoadBalancer(2), { nil: undefined }),
    fc.option(anyListener, { nil: undefined }),
    plain(fc.constant(BASE)),
    fc.option(anyJob('job'), { nil: undefined }),
  )
  .map((documents) => documents.filter((each) => each !== undefined))
  .map((documents) => ({
    first: documents.map(([document]) => document as object),
    second: documents.map(([, document]) => document as object).reverse(),
  }));

/** Manifests, and the same with one field of one of them as it might be in others. */
export const anyChange: fc.Arbitrary<{ readonly before: readonly object[]; readonly after: readonly object[] }> = fc
  .record({ ours: anyManifests, others: anyManifests, which: fc.nat(), field: fc.nat() })
  .map(({ ours: { first: before }, others, which, field }) => {
    const index = which % before.length;
    const changed = withOneField(before[index] ?? {}, others.first[index] ?? {}, field);
    return { before, after: before.with(index, changed) };
  });

const HEAD = ['apiVersion', 'kind', 'name'];

function withOneField(document: object, other: object, index: number): object {
  const names = [...new Set([...Object.keys(document), ...Object.keys(other)])].filter((name) => !HEAD.includes(name));
  const field = names[index % Math.max(1, names.length)] ?? '';
  const taken = Object.entries(other).filter(([name]) => name === field);
  return Object.fromEntries([...Object.entries(document).filter(([name]) => name !== field), ...taken]);
}

/** All in one file, as JSON. */
export function readTogether(documents: readonly object[]): ManifestSet {
  return readManifests([{ path: 'all.yaml', text: yaml(...documents) }], { folder: FOLDER });
}

/** Each in a file of its own, as people write YAML. */
export function readApart(documents: readonly object[]): ManifestSet {
  const files = documents.map((document, index) => ({ path: `${index}.yaml`, text: stringify(document) }));
  return readManifests(files, { folder: FOLDER });
}

export const FOLDER: Folder = {
  readText: (path) => ({ text: ENV_FILES[path] ?? '' }),
  readFiles: (path) => ({ files: [{ path: '', content: Buffer.from(ENV_FILES[path] ?? ''), isExecutable: false }] }),
};
