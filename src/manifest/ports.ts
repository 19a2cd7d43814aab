import type { Port } from '../core/model.ts';
import type { Reading } from './reading.ts';
import type { ServiceDocument } from './schema.generated.ts';
import { present } from './values.ts';

type PortItem = ServiceDocument['ports'][number];

/** Ports in the order in which they are declared; `sortedPorts` gives them the order that has no meaning. */
export function ports(reading: Reading, items: ServiceDocument['ports']): Port[] {
  const found = items.map((item, index) => port(reading, item, index));
  const seen = new Set<string>();
  for (const [index, { port, protocol, hostPort, publish }] of found.entries()) {
    const key = `${port}/${protocol}/${hostPort ?? String(publish)}`;
    if (seen.has(key))
      reading.complain(['ports', index], `Port ${port}/${protocol} is declared twice; keep one of them.`);
    seen.add(key);
  }
  return found;
}

export function sortedPorts(ports: readonly Port[]): Port[] {
  return withoutImplied(ports).sort(
    (a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol) || (a.hostPort ?? 0) - (b.hostPort ?? 0),
  );
}

/** A port that is on the host is one that the container listens on: to say that too means nothing more. */
function withoutImplied(ports: readonly Port[]): Port[] {
  const bound = ports.filter((port) => port.publish || port.hostPort !== undefined);
  const isBound = ({ port, protocol }: Port) => bound.some((each) => each.port === port && each.protocol === protocol);
  return ports.filter((port) => bound.includes(port) || !isBound(port));
}

function port(reading: Reading, item: PortItem, index: number): Port {
  const path = ['ports', index];
  if (typeof item === 'number') return reading.written<Port>({ port: item, protocol: 'tcp', publish: false }, path);
  const ports = spellings(reading, index, item, ['port', 'container']);
  const hostPort = spellings(reading, index, item, ['hostPort', 'host', 'source', 'published']);
  const publish = item.publish && hostPort === undefined;
  return reading.written(present<Port>({ port: ports ?? 0, protocol: item.protocol, hostPort, publish }), path);
}

/** The value of the one spelling that is used; two of them are a problem. */
function spellings<K extends string>(
  reading: Reading,
  index: number,
  item: Readonly<Partial<Record<K, number>>>,
  names: readonly K[],
): number | undefined {
  const used = names.filter((name) => item[name] !== undefined);
  const [first, second] = used;
  if (first === undefined) return undefined;
  if (second !== undefined) {
    const message = `\`${first}\` and \`${second}\` are two spellings of one field; keep \`${names[0] ?? first}\`.`;
    reading.complain(['ports', index, second], message, { part: 'key' });
  }
  return item[first];
}
