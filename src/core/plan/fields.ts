import { isDeepStrictEqual } from 'node:util';

/** One field that differs; `path` is written as in a manifest. Missing: not set. */
export interface FieldChange {
  readonly path: string;
  readonly from?: string;
  readonly to?: string;
  readonly forcesReplacement: boolean;
}

/** Fields of two pieces of plain data that differ, sorted by path. */
export function fieldChanges(from: object, to: object, forcesReplacement: boolean): FieldChange[] {
  if (isDeepStrictEqual(from, to)) return [];
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
