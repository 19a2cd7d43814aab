import type { Service, UpdatePolicy } from '../core/model.ts';
import { isWritable } from '../core/mounts.ts';
import { duration } from './duration.ts';
import type { Folder } from './folder.ts';
import { healthCheck } from './health-check.ts';
import type { Path } from './path.ts';
import { ports } from './ports.ts';
import type { Reading } from './reading.ts';
import type { ServiceDocument } from './schema.generated.ts';
import { list, present, sorted } from './values.ts';
import { workload } from './workload.ts';

/** A validated document as a Service in its one normal form; what the schema cannot say is checked here. */
export function service(reading: Reading, fields: ServiceDocument, folder: Folder): Service {
  const declared = ports(reading, fields.ports);
  const check = fields.healthCheck === undefined ? undefined : healthCheck(reading, fields.healthCheck, declared);
  const result = present<Service>({
    kind: 'Service',
    ...workload(reading, fields, { ports: declared, check, folder }),
    instances: fields.instances,
    maxPerNode: fields.maxPerNode,
    conflictsWith: sorted(list(fields.conflictsWith)),
    restart: fields.restart,
    healthCheck: check,
    update: updatePolicy(reading, fields.update),
  });
  checkHostPorts(reading, result);
  checkUpdate(reading, result);
  warnOfSharing(reading, result);
  return result;
}

function updatePolicy(reading: Reading, fields: ServiceDocument['update']): UpdatePolicy {
  const time = (field: 'delay' | 'monitor' | 'timeout' | 'drain' | 'keepOld'): number =>
    duration(reading, ['update', field], fields[field]);
  return present<UpdatePolicy>({
    strategy: fields.strategy,
    order: fields.order,
    parallelism: fields.parallelism,
    delay: time('delay'),
    monitor: time('monitor'),
    timeout: time('timeout'),
    failureAction: fields.failureAction,
    maxFailureRatio: fields.maxFailureRatio,
    drain: time('drain'),
    keepOld: time('keepOld'),
    preview: fields.preview?.toLowerCase(),
  });
}

/** Two containers cannot have one host port, neither of two slots nor of two releases. */
function checkHostPorts(reading: Reading, { container, instances, update: { strategy } }: Service): void {
  const fixed = container.ports.find((port) => port.hostPort !== undefined);
  if (fixed === undefined) return;
  const complain = (path: Path, what: string): void =>
    reading.complain(path, `Port ${fixed.port} has a fixed host port, so ${what}`, { reason: 'host-port-conflict' });
  if (instances > 1) complain(['instances'], `only one instance fits on a node; \`instances\` is ${instances}.`);
  if (strategy === undefined || strategy === 'recreate') return;
  const what = `the old release has to stop before the new one starts, which is not ${strategy}; leave \`update.strategy\` out, or the host port.`;
  complain(['update', 'strategy'], what);
}

function checkUpdate(reading: Reading, service: Service): void {
  const { preview, strategy } = service.update;
  if (preview === undefined || strategy === 'green-blue') return;
  reading.complain(['update', 'preview'], '`update.preview` needs `update.strategy: green-blue`.', { part: 'key' });
}

function warnOfSharing(reading: Reading, service: Service): void {
  const shared = service.container.mounts.find(isWritable);
  const { strategy } = service.update;
  if (shared === undefined || strategy === undefined || strategy === 'recreate') return;
  reading.warn(
    'shared-volume',
    ['update', 'strategy'],
    `With ${strategy} two releases write to ${shared.target} at once.`,
  );
}
