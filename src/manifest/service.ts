import { tagAndDigest } from '../core/image.ts';
import type { Resources, Service, UpdatePolicy } from '../core/model.ts';
import { containerSpec } from './container.ts';
import { duration } from './duration.ts';
import type { Folder } from './folder.ts';
import { healthCheck } from './health-check.ts';
import { mountedFiles } from './mounted-files.ts';
import { mounts } from './mounts.ts';
import type { Path } from './path.ts';
import { ports } from './ports.ts';
import type { Reading } from './reading.ts';
import type { ServiceDocument } from './schema.generated.ts';
import { bytes, list, present, sorted } from './values.ts';

/** Docker takes no less for a container's memory. */
const LEAST_MEMORY = 6 * 1024 ** 2;

/** A validated document as a Service in its one normal form; what the schema cannot say is checked here. */
export function service(reading: Reading, fields: ServiceDocument, folder: Folder): Service {
  const declared = ports(reading, fields.ports);
  const check = fields.healthCheck === undefined ? undefined : healthCheck(reading, fields.healthCheck, declared);
  const dependencies = sorted(list(fields.dependsOn));
  const mounted = mounts(reading, fields);
  const { files, contents } = mountedFiles(reading, fields, { mounts: mounted, folder });
  const container = containerSpec(reading, fields, { ports: declared, check, mounts: mounted, files, folder });
  const result = present<Service>({
    kind: 'Service',
    name: fields.name,
    description: fields.description,
    enabled: fields.enabled,
    instances: fields.instances,
    pullPolicy: fields.pullPolicy,
    requirements: sorted(fields.requirements),
    maxPerNode: fields.maxPerNode,
    conflictsWith: sorted(list(fields.conflictsWith)),
    dependsOn: dependencies.length === 0 ? undefined : dependencies,
    restart: fields.restart,
    resources: resources(reading, fields),
    healthCheck: check,
    update: updatePolicy(reading, fields.update),
    container,
    contents: contents.length === 0 ? undefined : contents,
    source: reading.document.locate([]),
  });
  checkHostPorts(reading, result);
  checkUpdate(reading, result);
  warn(reading, result);
  return result;
}

function resources(reading: Reading, fields: ServiceDocument): Resources {
  const memory = bytes(fields.memory);
  const limit = fields.limits.memory === undefined ? undefined : bytes(fields.limits.memory);
  for (const [path, size] of [
    [['memory'], memory || undefined],
    [['limits', 'memory'], limit],
  ] as const) {
    if (size !== undefined && size < LEAST_MEMORY)
      reading.complain(path, `\`${path.join('.')}\` is less than 6M, the least that Docker takes.`);
  }
  if (limit !== undefined && memory > limit) {
    reading.complain(['memory'], '`memory` is more than `limits.memory`; lower it, or raise the limit.');
  }
  if (fields.limits.cpu !== undefined && fields.cpu > fields.limits.cpu) {
    reading.complain(['cpu'], '`cpu` is more than `limits.cpu`; lower it, or raise the limit.');
  }
  return { cpu: fields.cpu, memory, limits: present<Resources['limits']>({ cpu: fields.limits.cpu, memory: limit }) };
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

function warn(reading: Reading, service: Service): void {
  const { tag, digest } = tagAndDigest(service.container.image);
  if (digest === undefined && (tag === undefined || tag === 'latest')) {
    const message = `\`${service.container.image}\` names no fixed version; what it is can change without a commit.`;
    reading.warn('unpinned-tag', ['image'], message);
  }
  const shared = service.container.mounts.find((mount) => mount.type !== 'tmpfs' && !mount.readOnly);
  const { strategy } = service.update;
  if (shared === undefined || strategy === undefined || strategy === 'recreate') return;
  reading.warn(
    'shared-volume',
    ['update', 'strategy'],
    `With ${strategy} two releases write to ${shared.target} at once.`,
  );
}
