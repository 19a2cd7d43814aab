import isEqual from 'fast-deep-equal';
import type { ContainerSpec, Resources } from '../model.ts';
import { canonicalResources } from '../resources.ts';

/** One field that differs; `path` is written as in a manifest. Missing: not set. */
export interface FieldChange {
  readonly path: string;
  readonly from?: string;
  readonly to?: string;
  readonly forcesReplacement: boolean;
  /** Of a mounted file: its lines that differ, as `diff -u` shows them. */
  readonly diff?: string;
}

/** Fields of two pieces of plain data that differ, sorted by path. */
export function fieldChanges(from: object, to: object, forcesReplacement: boolean): FieldChange[] {
  if (isEqual(from, to)) return [];
  const before = flatten(from);
  const after = flatten(to);
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, ...given('from', before.get(path)), ...given('to', after.get(path)), forcesReplacement }));
}

function given<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}

/** Maps become dotted paths, lists one text: an empty list or map is the same as none. */
function flatten(value: unknown, path = ''): Map<string, string> {
  if (value === undefined || value === null || value === false) return new Map<string, string>();
  if (Array.isArray(value)) return new Map(value.length === 0 ? [] : [[path, value.map(textOf).join(', ')]]);
  if (typeof value !== 'object') return new Map([[path, textOf(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, item]) => [...flatten(item, path === '' ? key : `${path}.${key}`)]),
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== false);
  return entries.map(([key, item]) => `${key} ${textOf(item)}`).join(' ');
}

/** The first of the changes in a line, and how many more there are; undefined: none. */
export function becauseOf(fields: readonly FieldChange[]): string | undefined {
  if (fields.length === 0) return undefined;
  const shown = fields.slice(0, 3).map(({ path, from, to }) => `${path} ${from ?? '(none)'} → ${to ?? '(none)'}`);
  return fields.length > 3 ? `${shown.join('; ')}; and ${fields.length - 3} more` : shown.join('; ');
}

/** The spec as its manifest spells it. */
export function specFields({ healthCommand, stopGracePeriod, shmSize, files, ...container }: ContainerSpec): object {
  return {
    ...container,
    files: Object.fromEntries((files ?? []).map(({ target, digest }) => [target, digest])),
    stopGracePeriod: durationText(stopGracePeriod),
    shmSize: sizeText(shmSize),
    ...(healthCommand && { healthCheck: healthFields(healthCommand) }),
  };
}

function healthFields(check: NonNullable<ContainerSpec['healthCommand']>): object {
  const { interval, timeout, startPeriod } = check;
  return {
    ...check,
    interval: durationText(interval),
    timeout: durationText(timeout),
    startPeriod: durationText(startPeriod),
  };
}

/** As their manifest spells them. */
export function resourceFields(resources: Resources): object {
  const { cpu, memory, limits } = canonicalResources(resources);
  return {
    cpu: cpu || undefined,
    memory: sizeText(memory),
    limits: { cpu: limits.cpu, memory: sizeText(limits.memory) },
  };
}

/** The largest of these that it is a whole number of. */
const UNITS: readonly (readonly [string, number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** `90s`, of milliseconds. */
export function durationText(milliseconds: number | undefined): string | undefined {
  if (milliseconds === undefined) return undefined;
  const [unit, size] = UNITS.find(([, each]) => milliseconds >= each && milliseconds % each === 0) ?? ['ms', 1];
  return milliseconds === 0 ? '0s' : `${milliseconds / size}${unit}`;
}

function sizeText(bytes: number | undefined): string | undefined {
  if (!bytes) return undefined;
  const mb = bytes / 1024 / 1024;
  return Number.isInteger(mb) ? `${mb}M` : `${bytes} bytes`;
}
