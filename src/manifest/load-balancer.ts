import type { LoadBalancer, Timeouts, TrafficPolicy } from '../core/model.ts';
import { cidrs } from './cidr.ts';
import { duration } from './duration.ts';
import type { Reading } from './reading.ts';
import type { LoadBalancerDocument } from './schema.generated.ts';
import { present, sorted } from './values.ts';

/** A validated document as a LoadBalancer in its one normal form. */
export function loadBalancer(reading: Reading, fields: LoadBalancerDocument): LoadBalancer {
  return present<LoadBalancer>({
    kind: 'LoadBalancer',
    name: fields.name,
    description: fields.description,
    enabled: fields.enabled,
    hostnames: sorted(fields.hostnames.map((hostname) => hostname.toLowerCase())),
    path: fields.path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, ''),
    stripPath: fields.stripPath,
    service: fields.service,
    port: fields.port,
    traffic: traffic(reading, fields),
    timeouts: timeouts(reading, fields.timeouts),
    source: reading.document.locate([]),
  });
}

function traffic(reading: Reading, fields: LoadBalancerDocument): TrafficPolicy {
  const { algorithm, affinity, allow, maxConnections, drain } = fields;
  if (affinity === 'source' && algorithm === 'leastconn')
    reading.complain(
      ['algorithm'],
      'With `affinity: source` the address of the client decides; leave `algorithm` out.',
    );
  return present<TrafficPolicy>({
    algorithm,
    affinity,
    allow: sorted(cidrs(reading, ['allow'], allow ?? [])),
    maxConnections,
    drain: drain === undefined ? undefined : duration(reading, ['drain'], drain),
  });
}

function timeouts(reading: Reading, fields: LoadBalancerDocument['timeouts']): Timeouts {
  const time = (field: keyof Timeouts): number => duration(reading, ['timeouts', field], fields[field]);
  return { connect: time('connect'), client: time('client'), server: time('server'), tunnel: time('tunnel') };
}
