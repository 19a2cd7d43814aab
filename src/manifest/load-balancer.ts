import type { Backend, LoadBalancer, RouteCheck, Timeouts, TrafficPolicy } from '../core/load-balancer.ts';
import { cidrs } from './cidr.ts';
import { duration } from './duration.ts';
import { statusCodes } from './health-check.ts';
import { entryOf } from './load-balancer-entry.ts';
import type { Reading } from './reading.ts';
import type { LoadBalancerDocument } from './schema.generated.ts';
import { present, sorted } from './values.ts';

/** A validated document as a LoadBalancer in its one normal form. */
export function loadBalancer(reading: Reading, fields: LoadBalancerDocument): LoadBalancer {
  checkProtocol(reading, fields);
  return present<LoadBalancer>({
    kind: 'LoadBalancer',
    name: fields.name,
    description: fields.description,
    enabled: fields.enabled,
    listen: fields.listen,
    hostnames: sorted((fields.hostnames ?? []).map((hostname) => hostname.toLowerCase())),
    path: fields.path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, ''),
    stripPath: fields.stripPath,
    backends: backends(reading, fields),
    port: fields.port,
    traffic: traffic(reading, fields),
    healthCheck: fields.healthCheck && routeCheck(reading, fields, fields.healthCheck),
    timeouts: timeouts(reading, fields.timeouts),
    ...entryOf(reading, fields),
    source: reading.document.locate([]),
  });
}

/** What says how requests are told apart says nothing of connections, and the other way round. */
function checkProtocol(reading: Reading, fields: LoadBalancerDocument): void {
  const { protocol, hostnames, listen, path, stripPath, affinity, forceHttps, tls, backendProtocol, ports } = fields;
  if (protocol === 'http') {
    if (listen !== undefined)
      reading.complain(['listen'], '`listen` needs `protocol: tcp`; requests come by `balancer.http` of the host.', {
        part: 'key',
      });
    else if (hostnames === undefined)
      reading.complain(['hostnames'], '`hostnames` is missing: the names that it answers for.');
    return;
  }
  if (listen === undefined)
    reading.complain(['listen'], '`listen` is missing: the port of the host that it takes connections on.');
  const idle = {
    hostnames: hostnames !== undefined,
    path: path !== '/',
    stripPath,
    forceHttps,
    tls: tls !== undefined,
    backendProtocol: backendProtocol !== 'http',
    ports: !ports.http || ports.https !== undefined,
  };
  for (const [field] of Object.entries(idle).filter(([, isGiven]) => isGiven))
    reading.complain([field], `\`${field}\` is for requests; with \`protocol: tcp\` leave it out.`, { part: 'key' });
  if (affinity === 'cookie')
    reading.complain(['affinity'], 'Only requests have cookies; with `protocol: tcp` write `affinity: source`.');
}

function backends(reading: Reading, { service, backends }: LoadBalancerDocument): readonly Backend[] {
  if (service !== undefined && backends !== undefined)
    reading.complain(['service'], 'Write either `service` or `backends`, not both.', { part: 'key' });
  if (backends === undefined) return [{ service: service ?? '', weight: 100 }];
  for (const [index, each] of backends.entries()) {
    const first = backends.findIndex((other) => other.service === each.service);
    if (first < index)
      reading.complain(
        ['backends', index, 'service'],
        `\`${each.service}\` is in \`backends\` twice; write its share once.`,
      );
  }
  if (backends.every(({ weight }) => weight === 0))
    reading.complain(['backends'], 'No service gets requests: give one of them a weight, or write `enabled: false`.');
  const sorted = [...backends].sort((a, b) => (a.service < b.service ? -1 : 1));
  return sorted.length === 1 ? sorted.map(({ service: only }) => ({ service: only, weight: 100 })) : sorted;
}

function traffic(reading: Reading, fields: LoadBalancerDocument): TrafficPolicy {
  const { algorithm, affinity, backendProtocol, allow, maxConnections, drain } = fields;
  if (affinity === 'source' && algorithm === 'leastconn')
    reading.complain(
      ['algorithm'],
      'With `affinity: source` the address of the client decides; leave `algorithm` out.',
    );
  return present<TrafficPolicy>({
    algorithm,
    affinity,
    backendProtocol: backendProtocol === 'h2c' ? backendProtocol : undefined,
    allow: sorted(cidrs(reading, ['allow'], allow ?? [])),
    maxConnections,
    drain: drain === undefined ? undefined : duration(reading, ['drain'], drain),
  });
}

function routeCheck(
  reading: Reading,
  { protocol, port }: LoadBalancerDocument,
  fields: NonNullable<LoadBalancerDocument['healthCheck']>,
): RouteCheck {
  const path = fields.path ?? (protocol === 'http' ? '/' : undefined);
  if (path === undefined && fields.status !== '200-499')
    reading.complain(
      ['healthCheck', 'status'],
      '`status` needs a `path`: with `protocol: tcp` alone a connection is all that is asked for.',
    );
  const status = statusCodes(reading, ['healthCheck', 'status'], String(fields.status));
  return {
    port: fields.port ?? port,
    ...(path !== undefined && { http: { path, status } }),
    interval: duration(reading, ['healthCheck', 'interval'], fields.interval),
    timeout: duration(reading, ['healthCheck', 'timeout'], fields.timeout),
    rise: fields.rise,
    fall: fields.fall,
  };
}

function timeouts(reading: Reading, fields: LoadBalancerDocument['timeouts']): Timeouts {
  const time = (field: keyof Timeouts): number => duration(reading, ['timeouts', field], fields[field]);
  return { connect: time('connect'), client: time('client'), server: time('server'), tunnel: time('tunnel') };
}
