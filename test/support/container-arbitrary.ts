import fc from 'fast-check';
import { versionOf } from '../../src/core/image.ts';
import { asMap, fields, merged, oneOf, optional, ordered, plain, spelt, unordered, type Spelt } from './spelling.ts';
import * as value from './value-arbitrary.ts';

/** The fields of a Service or Job that make its containers what they are, but for ports. */

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** An image with its version, which may be left out where it follows from the image. */
const imageAndVersion = (name: string): fc.Arbitrary<Spelt> =>
  fc.oneof(
    spelt(
      fc.constantFrom(
        name,
        `${name}:v1`,
        `host.example.com:5000/a/${name}_c:1.2`,
        `${name}@${DIGEST}`,
        `a/${name}:v2@${DIGEST}`,
      ),
      (image) => ({ image }),
      (image) => ({ image, version: versionOf(image) }),
    ),
    spelt(
      fc.integer({ min: 0, max: 9 }),
      (version) => ({ image: `${name}:v1`, version }),
      (version) => ({ version: String(version), image: `${name}:v1` }),
    ),
  );

/** What `envFile` may name, beside the manifests. */
export const ENV_FILES: Readonly<Record<string, string>> = {
  'one.env': '\uFEFF# first\nONE=1\r\n\nBOTH= a=b \n',
  'two.env': 'BOTH=2\nTWO=',
};

/** Variables of files and of the manifest; the files' may just as well stand in the manifest. */
const environment: fc.Arbitrary<Spelt> = fc.oneof(
  fields({
    environment: optional(value.variables, {}, []),
    envFile: optional(value.oneOrMore(fc.constant('two.env')), []),
  }),
  spelt(
    fc.constant({ ONE: '1', BOTH: '2', TWO: '' }),
    () => ({ envFile: ['one.env', 'two.env'] }),
    (environment) => ({ environment }),
    (all) => ({ envFile: 'one.env', environment: asMap(Object.entries(all).filter(([name]) => name !== 'ONE')) }),
  ),
);

const readOnly = optional(oneOf(true), false);
const target = value.path(fc.constantFrom('/data', '/srv/x y', '/m/n/o'));
const byTarget = (item: unknown): unknown => (item as { target: string }).target.replaceAll(/[^a-z]|nowhere/g, '');

const anyMount: fc.Arbitrary<Spelt> = fc.oneof(
  fields({ type: optional(oneOf('volume'), 'volume'), source: oneOf('data', 'a_b.c'), target, readOnly }),
  fields({ type: oneOf('bind'), source: value.path(fc.constant('/srv/x')), target, readOnly }),
  fields({ type: oneOf('tmpfs'), target, readOnly: oneOf(undefined, false), size: optional(value.size(1)) }),
);

/** A mount in one line, at a place of its own. */
const shortMount: fc.Arbitrary<Spelt> = spelt(
  fc.record({ source: fc.constantFrom('data', '/srv/x'), mode: fc.constantFrom('ro', 'rw') }),
  ({ source, mode }) => `${source}:/short:${mode}`,
  ({ source, mode }) => ({
    type: source.startsWith('/') ? 'bind' : 'volume',
    source,
    target: '/short',
    readOnly: mode === 'ro',
  }),
);

const mounts: fc.Arbitrary<Spelt> = fc.oneof(
  unordered(anyMount, { keyOf: byTarget }),
  unordered(shortMount, { maxLength: 1 }),
);

const tmpfs: fc.Arbitrary<Spelt> = fc.oneof(
  spelt(
    fc.constant('/run'),
    (path) => path,
    (path) => [path],
  ),
  spelt(
    fc.constant('/run'),
    (path) => [`${path}:size=2M`, '/tmp'],
    (path) => ['/tmp', `${path}/:size=2048k`],
  ),
);

const files: fc.Arbitrary<Spelt> = fc.oneof(
  spelt(
    fc.constantFrom('one.env', 'two.env'),
    (source) => [{ source, target: '/etc/one', mode: '0600', uid: 7, gid: 0 }],
    (source) => [{ source: `./${source}`, target: '/etc/./one', mode: 600, uid: 7 }],
  ),
  spelt(
    fc.constantFrom('', 'a $$ sign\n'),
    (content) => [
      { content, target: '/etc/two', gid: 8 },
      { source: 'one.env', target: '/etc/one' },
    ],
    (content) => [
      { source: 'one.env', target: '/etc/one' },
      { content, target: '/etc/two', mode: '644', gid: 8 },
    ],
  ),
);

const devices: fc.Arbitrary<Spelt> = fc.oneof(
  spelt(
    fc.constantFrom('/dev/fuse', '/dev/null'),
    (path) => [path],
    (source) => [{ source }],
    (path) => [`${path}:${path}:mwr`],
    (path) => [{ source: `${path}/`, target: path, permissions: 'rwm' }],
  ),
  spelt(
    fc.constantFrom('r', 'rw', 'wm'),
    (letters) => [`/dev/a:/dev/b:${letters}`, `/dev/c:${letters}`],
    (permissions) => [
      { source: '/dev/c', permissions },
      { source: '/dev/a', target: '/dev/./b', permissions },
    ],
  ),
);

const ULIMITS = 'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
  ' ',
);

const anyUlimit: fc.Arbitrary<Spelt> = fc.oneof(
  spelt(fc.integer({ min: -1, max: 4096 }), Number, (both) => ({ soft: both, hard: both })),
  fields({ soft: plain(fc.nat(10)), hard: oneOf(-1, 10, 11) }),
);

const ulimits: fc.Arbitrary<Spelt> = fc
  .subarray(ULIMITS, { maxLength: 4 })
  .chain((names) => fields(Object.fromEntries(names.map((name) => [name, anyUlimit]))));

const securityOpt = unordered(
  fc.oneof(
    spelt(
      fc.constant('no-new-privileges'),
      (name) => `${name}:true`,
      (name) => `${name}=true`,
    ),
    oneOf('no-new-privileges', 'label=type:a=b'),
    spelt(
      fc.constant('seccomp'),
      (name) => `${name}=unconfined`,
      (name) => `${name}:unconfined`,
    ),
  ),
);

const stopSignal = spelt(
  fc.constantFrom('INT', 'RTMIN+3', 'USR1'),
  (name) => name,
  (name) => `SIG${name}`,
);

const user = fc.oneof(spelt(fc.nat(70_000), Number, String), oneOf('app', '1000:app'));

/** A set of words in any order, of which each counts once. */
const networks = spelt(
  fc.subarray(['default', 'front', 'back-2'], { minLength: 1 }),
  (names) => names,
  (names) => [...names, ...names].reverse(),
);

/** `name`: of its image, whose tag and registry may be any. */
export const anyContainer = (name: string): fc.Arbitrary<Spelt> =>
  merged(
    imageAndVersion(name),
    environment,
    fields({
      entrypoint: optional(value.words, [], ''),
      command: optional(value.words, [], ' '),
      workingDir: optional(value.path(fc.constantFrom('/srv', '/a b/c'))),
      user: optional(user),
      hostname: optional(oneOf('box', 'Box.example', '10')),
      labels: optional(value.labels, {}, []),
      mounts: optional(mounts, []),
      tmpfs: optional(tmpfs, []),
      readOnly,
      networks: optional(networks, [], ['default']),
      extraHosts: optional(value.extraHosts, {}, []),
      dns: optional(fc.oneof(value.oneOrMore(fc.constant('10.9.8.7')), ordered(oneOf('10.9.8.7', '::1'))), []),
      capAdd: optional(unordered(value.capability), []),
      capDrop: optional(unordered(value.capability), []),
      files: optional(files, []),
      devices: optional(devices, []),
      gpus: optional(oneOf(1, 2, 'all')),
      ulimits: optional(ulimits, {}),
      sysctls: optional(value.sysctls, {}, []),
      securityOpt: optional(securityOpt, []),
      privileged: optional(oneOf(true), false),
      init: optional(oneOf(true), false),
      shmSize: optional(value.size(1)),
      stopSignal: optional(stopSignal),
      stopGracePeriod: optional(value.duration(0, 90_000)),
    }),
  );
