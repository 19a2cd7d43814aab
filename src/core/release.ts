import { createHash } from 'node:crypto';
import type { ContainerSpec, Resources } from './model.ts';

/**
 * Seven hex digits that name one version of a service. Equal specs have equal ids; the values of reservations and limits
 * do not count (they change without a restart), but whether each one exists does, since Docker cannot take one away.
 */
export function releaseOf(container: ContainerSpec, resources: Resources): string {
  const limited = [
    resources.cpu > 0 && 'cpu',
    resources.memory > 0 && 'memory',
    resources.limits.cpu !== undefined && 'limits.cpu',
    resources.limits.memory !== undefined && 'limits.memory',
  ].filter(Boolean);
  return shortHash({ container, limited });
}

/** Seven hex digits over the canonical JSON of plain data. */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 7);
}

/** JSON with sorted keys and without undefined, so that equal data is equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
