import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '..');

/** @param {string} name @returns {any} */
export function load(name) {
  return JSON.parse(readFileSync(path.join(ROOT, `schemas/${name}.schema.json`), 'utf8'));
}

/** Puts what `$ref` leads to in its place; what stands beside it wins. @param {any} part @returns {any} */
export function inlined(part) {
  if (Array.isArray(part)) return part.map(inlined);
  if (part === null || typeof part !== 'object') return part;
  if (typeof part.$ref !== 'string') {
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, inlined(value)]));
  }
  const { $ref, ...beside } = part;
  return inlined({ ...target($ref), ...beside });
}

/** What a `$ref` such as `common.schema.json#/$defs/port` leads to. @param {string} $ref @returns {any} */
export function target($ref) {
  const [file = '', pointer = ''] = $ref.split('#');
  let found = load(file.replace('.schema.json', ''));
  for (const step of pointer.split('/').slice(1)) found = found[step];
  return found;
}
