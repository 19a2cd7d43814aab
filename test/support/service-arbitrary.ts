import fc from 'fast-check';
import { anyContainer } from './container-arbitrary.ts';
import { fields, loose, merged, oneOf, optional, plain, spelt, unordered, type Spelt } from './spelling.ts';
import * as value from './value-arbitrary.ts';

/** Services with everything that their schema knows, each as two people may have written it. */

/** What load balancers and checks may lead to. */
export const TCP_PORTS = [8080, 8081];

const tcpPorts = fc.tuple(...TCP_PORTS.map((port) => portItem(port, 'tcp')));

const udpPort = spelt(
  fc.constantFrom('udp', 'sctp'),
  (protocol) => ({ port: 8080, protocol }),
  (protocol) => ({ protocol, container: 8080, publish: false }),
);

function portItem(port: number, protocol: string): fc.Arbitrary<Spelt> {
  return fc.oneof(
    spelt(
      fc.constant(port),
      Number,
      () => ({ port }),
      () => ({ container: port, protocol, publish: false }),
    ),
    spelt(
      fc.constant(port),
      () => ({ port, publish: true }),
      () => ({ publish: true, protocol, container: port }),
    ),
  );
}

/** The first tcp port is the one that is asked where a check names none: it stays the first. */
const freePorts: fc.Arbitrary<Spelt> = fc
  .tuple(tcpPorts, unordered(fc.oneof(udpPort, portItem(9000, 'tcp')), { keyOf: portKey }))
  .map(([[first = [], ...more], [others, reordered]]): Spelt => [
    [first[0], ...more.map(([port]) => port), ...(others as unknown[])],
    [first[1], ...(reordered as unknown[]), ...more.map(([, port]) => port)],
  ]);

/** As it is with every default: the same port may be declared again to be published. */
function portKey(item: unknown): string {
  const {
    port,
    container = port,
    protocol = 'tcp',
    publish = false,
  } = typeof item === 'number' ? { port: item } : (item as Record<string, unknown>);
  return [container, protocol, publish].join(' ');
}

const HOST_PORT_WORDS = ['hostPort', 'host', 'source', 'published'];

/** Ports on the host from this one on. */
function boundPorts(hostPort: number): fc.Arbitrary<Spelt> {
  const bound = spelt(
    fc.constant(hostPort),
    ...HOST_PORT_WORDS.map((word) => () => ({ port: 8080, [word]: hostPort })),
    () => ({ container: 8080, protocol: 'tcp', host: hostPort, publish: true }),
  );
  return fc.tuple(bound, fc.boolean()).map(([[first, second], isTwice]): Spelt => {
    const other = { port: 8080, hostPort: hostPort + 1 };
    return isTwice
      ? [
          [first, 8081, other],
          [second, other, 8081],
        ]
      : [
          [first, 8081],
          [second, 8081],
        ];
  });
}

/** Fields that hang together with what a service does with its ports. */
function anyPorts(hostPort: number): fc.Arbitrary<Spelt> {
  return fc.oneof(
    fields({
      ports: freePorts,
      instances: optional(plain(fc.integer({ min: 0, max: 3 })), 1),
      update: optional(anyUpdate('rolling', 'green-blue', 'recreate'), {}),
    }),
    fields({
      ports: boundPorts(hostPort),
      instances: optional(oneOf(0, 1), 1),
      update: optional(anyUpdate('recreate'), {}),
    }),
  );
}

const seconds = (most: number): fc.Arbitrary<Spelt> => value.duration(0, most * 1000);

function anyUpdate(...strategies: readonly string[]): fc.Arbitrary<Spelt> {
  return fields({
    strategy: optional(oneOf(...strategies)),
    order: optional(oneOf('stop-first'), 'start-first'),
    parallelism: optional(plain(fc.integer({ min: 1, max: 3 })), 1),
    delay: optional(seconds(3), 0, '0s'),
    monitor: optional(seconds(3), 5, '5000ms'),
    timeout: optional(value.duration(8_000, 90_000), '60s', '1m'),
    failureAction: optional(oneOf('pause', 'continue'), 'rollback'),
    maxFailureRatio: optional(plain(fc.constantFrom(0.25, 1)), 0),
    drain: optional(seconds(60), 30),
    keepOld: optional(seconds(900), '600s', '10m'),
  });
}

/** With the host name under which the set without traffic can be seen. */
function swapped(preview: string): fc.Arbitrary<Spelt> {
  const shown = spelt(
    fc.constant(preview),
    (name) => name,
    (name) => name.toUpperCase(),
  );
  const update = merged(anyUpdate('green-blue'), fields({ strategy: oneOf('green-blue'), preview: shown }));
  return fields({ ports: freePorts, update });
}

const checkCommand: fc.Arbitrary<Spelt> = fc.oneof(
  spelt(
    value.anyText.filter(Boolean),
    (line) => line,
    (line) => ['CMD-SHELL', line],
  ),
  spelt(
    fc.array(value.anyText, { maxLength: 3 }),
    (list) => ['/check', ...list],
    (list) => ['CMD', '/check', ...list],
  ),
);

const httpCheck: fc.Arbitrary<Spelt> = fields({
  path: optional(oneOf('/health', '/a?b=%5B'), '/'),
  port: optional(oneOf(8081), TCP_PORTS[0]),
  status: optional(
    spelt(fc.constantFrom('200', '204', '200,300-399'), loose, (codes) => codes.split(',').reverse().join(' , ')),
    '200-499',
  ),
});

const checkTimes: fc.Arbitrary<Spelt> = fields({
  interval: optional(value.duration(1, 60_000), '30s', 30),
  timeout: optional(value.duration(1, 60_000), 5),
  retries: optional(plain(fc.integer({ min: 1, max: 5 })), 3),
  startPeriod: optional(seconds(60), 0, '0ms'),
  restart: optional(oneOf(false), true),
});

const healthCheck: fc.Arbitrary<Spelt> = fc.oneof(
  merged(fields({ http: httpCheck, command: optional(checkCommand) }), checkTimes),
  merged(fields({ command: checkCommand }), checkTimes),
);

/** Reservations and limits above them; what is reserved may be more than the node has. */
export const resources: fc.Arbitrary<Spelt> = fields({
  cpu: optional(plain(fc.constantFrom(0.0001, 0.1, 0.125, 0.3333, 1, 9)), 0),
  memory: optional(value.size(6), 0, '0M', '0.0K'),
  limits: optional(
    fields({
      cpu: optional(plain(fc.constantFrom(9, 9.123456789012, 16))),
      memory: optional(
        spelt(
          fc.constantFrom(4, 5),
          (gigabytes) => gigabytes * 1024,
          (gigabytes) => `${gigabytes}G`,
        ),
      ),
    }),
    {},
  ),
});

/** Where its instances may stand. */
const places: fc.Arbitrary<Spelt> = fields({
  requirements: optional(unordered(oneOf('ssd', 'gpu', 'ssd', 'moon')), []),
  maxPerNode: optional(plain(fc.integer({ min: 1, max: 3 }))),
  conflictsWith: optional(value.oneOrMore(fc.constantFrom('db', 'd*', 'other-?')), []),
});

const apiVersion = optional(oneOf('fairlead/v1'), 'fairlead/v1');
const description = optional(plain(value.anyText));
const enabled = optional(oneOf(false, true), true);

/** Fields that all kinds of manifests have. */
export function anyHead(kind: string, name: string): fc.Arbitrary<Spelt> {
  return fields({ apiVersion, kind: oneOf(kind), name: oneOf(name), description, enabled });
}

export const pullPolicy = optional(oneOf('always', 'never'), 'missing');

const how: fc.Arbitrary<Spelt> = fields({
  contextRoot: optional(oneOf('/', '/shop')),
  pullPolicy,
  restart: optional(oneOf('always', 'on-failure'), 'unless-stopped'),
  healthCheck: optional(healthCheck),
});

/** `preview`: the host name that it may have for the set without traffic, where a load balancer leads to it. */
export function anyService(name: string, hostPort: number, preview?: string): fc.Arbitrary<Spelt> {
  const ports = preview === undefined ? [anyPorts(hostPort)] : [anyPorts(hostPort), swapped(preview)];
  return merged(anyHead('Service', name), anyContainer('web'), fc.oneof(...ports), how, resources, places);
}
