import type { Path } from './path.ts';
import type { Reading } from './reading.ts';

type Text = string | number | boolean;
type Item = string | { readonly name?: string; readonly key?: string; readonly value: Text };

export interface Pair {
  readonly key: string;
  readonly value: string;
  /** Where it stands in the document. */
  readonly path: Path;
}

/** A map, or a list of `{name, value}`, `{key, value}` or `KEY=value`, as pairs; a key that is there twice is a problem. */
export function pairs(
  reading: Reading,
  field: string,
  value: Readonly<Record<string, Text>> | readonly Item[],
): Pair[] {
  const found = Array.isArray(value)
    ? (value as readonly Item[]).map((item, index) => itemPair(reading, [field, index], item))
    : Object.entries(value as Record<string, Text>).map(([key, text]) => pair(reading, key, [field, key], text));
  const seen = new Set<string>();
  for (const { key, path } of found) {
    if (seen.has(key)) reading.complain(path, `\`${field}\` has \`${key}\` twice; keep one of them.`);
    seen.add(key);
  }
  return found;
}

function itemPair(reading: Reading, path: Path, item: Item): Pair {
  if (typeof item === 'string') {
    const split = item.indexOf('=');
    return { key: item.slice(0, split), value: item.slice(split + 1), path };
  }
  if (item.name !== undefined && item.key !== undefined) {
    reading.complain(path, 'A variable has either `name` or `key`: they are two spellings of one field.');
  }
  return { ...pair(reading, item.name ?? item.key ?? '', [...path, 'value'], item.value), path };
}

/** Numbers and booleans are taken as they are written, so that `1.10` stays `1.10`. */
function pair(reading: Reading, key: string, path: Path, value: Text): Pair {
  return { key, value: typeof value === 'string' ? value : (reading.document.written(path) ?? String(value)), path };
}
