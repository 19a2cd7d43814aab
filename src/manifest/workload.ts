import { tagAndDigest } from '../core/image.ts';
import type { HealthCheck, Port, Resources, Service } from '../core/model.ts';
import { containerSpec } from './container.ts';
import type { Folder } from './folder.ts';
import { mountedFiles } from './mounted-files.ts';
import { mounts } from './mounts.ts';
import type { Reading } from './reading.ts';
import type { JobDocument, ServiceDocument } from './schema.generated.ts';
import { bytes, list, present, sorted } from './values.ts';

/** The fields that say what runs in a container, whether it goes on or comes to an end. */
export type WorkloadDocument = Omit<Pick<ServiceDocument, keyof ServiceDocument & keyof JobDocument>, 'kind'> &
  Pick<ServiceDocument, 'contextRoot'>;

type Workload = Pick<
  Service,
  | 'name'
  | 'description'
  | 'enabled'
  | 'pullPolicy'
  | 'requirements'
  | 'dependsOn'
  | 'resources'
  | 'container'
  | 'contents'
  | 'source'
>;

/** Docker takes no less for a container's memory. */
const LEAST_MEMORY = 6 * 1024 ** 2;

/** What a Service and a Job have in common, in its one normal form. */
export function workload(
  reading: Reading,
  fields: WorkloadDocument,
  around: { readonly ports: readonly Port[]; readonly check: HealthCheck | undefined; readonly folder: Folder },
): Workload {
  const dependencies = sorted(list(fields.dependsOn));
  const mounted = mounts(reading, fields);
  const { files, contents } = mountedFiles(reading, fields, { mounts: mounted, folder: around.folder });
  const container = containerSpec(reading, fields, { ...around, mounts: mounted, files });
  warnOfTag(reading, container.image);
  return present<Workload>({
    name: fields.name,
    description: fields.description,
    enabled: fields.enabled,
    pullPolicy: fields.pullPolicy,
    requirements: sorted(fields.requirements),
    dependsOn: dependencies.length === 0 ? undefined : dependencies,
    resources: resources(reading, fields),
    container,
    contents: contents.length === 0 ? undefined : contents,
    source: reading.document.locate([]),
  });
}

function resources(reading: Reading, fields: WorkloadDocument): Resources {
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

function warnOfTag(reading: Reading, image: string): void {
  const { tag, digest } = tagAndDigest(image);
  if (digest !== undefined || (tag !== undefined && tag !== 'latest')) return;
  const message = `\`${image}\` names no fixed version; what it is can change without a commit.`;
  reading.warn('unpinned-tag', ['image'], message);
}
