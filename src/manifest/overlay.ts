import { posix } from 'node:path';
import type { Document } from './document.ts';
import type { Path } from './path.ts';
import { textField } from './reading.ts';

/** Holds a folder for each cluster, with what is said of that one only. */
export const CLUSTERS = 'clusters';
/** What is said of one cluster only. */
const OVERLAYS = /^clusters\/([^/]+)\//;

/** The cluster that a file of the folder is about; undefined: all of them. */
export function clusterOf(path: string): string | undefined {
  return OVERLAYS.exec(posix.normalize(path))?.[1];
}

/**
 * Manifests as a cluster has them: each document of the overlay changes the manifest of its kind and name, or is one of
 * its own where there is none.
 */
export function overlaid(base: readonly Document[], overlay: readonly Document[]): readonly Document[] {
  const documents = [...base];
  const byKey = new Map(base.map((document, index) => [keyOf(document), index]));
  for (const patch of overlay) {
    const key = keyOf(patch);
    const index = key === undefined ? undefined : byKey.get(key);
    const changed = index === undefined ? undefined : documents[index];
    if (index === undefined || changed === undefined) documents.push(patch);
    else documents[index] = patched(changed, patch);
  }
  return documents;
}

function keyOf({ value }: Document): string | undefined {
  const [kind, name] = [textField(value, 'kind'), textField(value, 'name')];
  return kind === undefined || name === undefined ? undefined : `${kind} ${name}`;
}

/** A document with what another one says of it. */
function patched(base: Document, patch: Document): Document {
  const sayingOf = (path: Path) => (says(patch.value, path) ? patch : base);
  return {
    file: base.file,
    value: merged(base.value, patch.value),
    locate: (path, part) => sayingOf(path).locate(path, part),
    written: (path) => sayingOf(path).written(path),
    uses: (path) => sayingOf(path).uses?.(path) ?? [],
    mistakes: [...(base.mistakes ?? []), ...(patch.mistakes ?? [])],
  };
}

/** Maps merge, everything else replaces, and null removes. */
function merged(base: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const fields = new Map(isMap(base) ? Object.entries(base) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) fields.delete(key);
    else fields.set(key, merged(fields.get(key), value));
  }
  return Object.fromEntries(fields);
}

function says(value: unknown, path: Path): boolean {
  let part = value;
  for (const step of path) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, step)) return false;
    part = (part as Record<string | number, unknown>)[step];
  }
  return path.length > 0;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
