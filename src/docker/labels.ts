import type { ContainerSpec } from '../core/model.ts';
import type { SlotSpec } from '../core/ports.ts';
import { resourcesText } from '../core/resources.ts';

export const LABEL = {
  cluster: 'io.fairlead.cluster',
  service: 'io.fairlead.service',
  release: 'io.fairlead.release',
  version: 'io.fairlead.version',
  slot: 'io.fairlead.slot',
  dependsOn: 'io.fairlead.depends-on',
  schedule: 'io.fairlead.schedule',
  madeAt: 'io.fairlead.made-at',
  resources: 'io.fairlead.resources',
  revision: 'io.fairlead.revision',
  spec: 'io.fairlead.spec',
  role: 'io.fairlead.role',
  /** On a container that never runs: why its release cannot be made. */
  error: 'io.fairlead.error',
} as const;

export type Labels = Readonly<Record<string, string>>;

/** The labels of everything that a cluster owns. */
export function ownLabels(
  cluster: string,
  role: 'service' | 'job' | 'network' | 'volume' | 'files',
): Record<string, string> {
  return { [LABEL.cluster]: cluster, [LABEL.role]: role };
}

export function slotLabels(cluster: string, slot: SlotSpec): Record<string, string> {
  return {
    ...ownLabels(cluster, slot.role ?? 'service'),
    [LABEL.service]: slot.service,
    [LABEL.release]: slot.release,
    [LABEL.version]: slot.container.version,
    [LABEL.slot]: String(slot.slot),
    [LABEL.revision]: slot.revision,
    ...(slot.madeAt !== undefined && { [LABEL.madeAt]: new Date(slot.madeAt).toISOString() }),
    ...(slot.role === 'job' && { [LABEL.resources]: resourcesText(slot.resources) }),
    ...(slot.schedule !== undefined && { [LABEL.schedule]: slot.schedule }),
    ...(slot.dependsOn && { [LABEL.dependsOn]: slot.dependsOn.join(',') }),
    [LABEL.spec]: JSON.stringify(slot.container),
  };
}

/** Which slot a container is, or undefined where its labels do not say. */
export function slotOf(
  labels: Labels,
): { service: string; release: string; version: string; slot: number } | undefined {
  const service = labels[LABEL.service];
  const release = labels[LABEL.release];
  const slot = Number(labels[LABEL.slot]);
  if (service === undefined || release === undefined || !Number.isInteger(slot)) return undefined;
  return { service, release, version: labels[LABEL.version] ?? '', slot };
}

/** What the container's service depended on, or undefined where that was nothing. */
export function dependsOnOf(labels: Labels): readonly string[] | undefined {
  return labels[LABEL.dependsOn]?.split(',');
}

/** The spec that a container was made from, or undefined where its label is missing or not ours to read. */
export function specOf(labels: Labels): ContainerSpec | undefined {
  try {
    const spec: unknown = JSON.parse(labels[LABEL.spec] ?? 'null');
    return isContainerSpec(spec) ? spec : undefined;
  } catch {
    return undefined;
  }
}

const LISTS = ['ports', 'mounts', 'networks', 'dns', 'capAdd', 'capDrop', 'devices', 'ulimits', 'securityOpt'];
const MAPS = ['environment', 'labels', 'extraHosts', 'sysctls'];

/** Enough of a look that a spec from another version of Fairlead is not taken for one of this. */
function isContainerSpec(spec: unknown): spec is ContainerSpec {
  if (typeof spec !== 'object' || spec === null) return false;
  const fields = spec as Record<string, unknown>;
  return (
    typeof fields['image'] === 'string' &&
    LISTS.every((name) => Array.isArray(fields[name])) &&
    MAPS.every((name) => typeof fields[name] === 'object' && fields[name] !== null)
  );
}
