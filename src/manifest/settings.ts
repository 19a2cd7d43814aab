import type { Document } from './document.ts';
import { printPath } from './path.ts';
import type { Path } from './path.ts';
import { resolved, schema } from './schemas.ts';
import type { Schema } from './schemas.ts';

/** One value of the configuration, which a flag, a variable or the file can give. */
export interface Setting {
  readonly path: readonly string[];
  /** `--repository-url` */
  readonly flag: string;
  /** Name of the flag's value once parsed: `repositoryUrl`. */
  readonly option: string;
  /** `FAIRLEAD_REPOSITORY_URL` */
  readonly variable: string;
  readonly description: string;
}

/** Every setting of fairlead.yaml, in the order of its schema. */
export function settings(): Setting[] {
  return leaves(schema('config'), []).map(({ path, part }) => {
    const words = path.flatMap((name) =>
      name
        .replaceAll(/(?<=[a-z])[A-Z]/g, ' $&')
        .toLowerCase()
        .split(' '),
    );
    return {
      path,
      flag: `--${words.join('-')}`,
      option: words.join('-').replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      variable: `FAIRLEAD_${words.join('_').toUpperCase()}`,
      description: part.description ?? '',
    };
  });
}

export interface Given {
  readonly path: readonly string[];
  readonly text: string;
  /** What gave it, for messages: `--cluster` or `FAIRLEAD_CLUSTER`. */
  readonly origin: string;
}

/** The file's document with further values over it, each of which knows where it came from. Later ones win. */
export function overlaid(document: Document, given: readonly Given[]): Document {
  const value = structuredClone(document.value) as Record<string, unknown>;
  const origins = new Map<string, string>();
  for (const { path, text, origin } of given) {
    put(value, path, parsed(text, schemaOf(path)));
    origins.set(printPath(path), origin);
  }
  const locate: Document['locate'] = (path, part) => {
    const origin = origins.get(printPath(settingOf(path)));
    return origin === undefined ? document.locate(path, part) : { file: origin, line: 1, column: 1 };
  };
  return { file: document.file, value, locate, written: document.written };
}

function leaves(part: Schema, path: readonly string[]): { path: readonly string[]; part: Schema }[] {
  if (part.properties === undefined) return [{ path, part }];
  return Object.entries(part.properties).flatMap(([name, child]) => leaves(resolved(child), [...path, name]));
}

function schemaOf(path: readonly string[]): Schema {
  return path.reduce<Schema>((part, name) => resolved(part.properties?.[name] ?? {}), schema('config'));
}

/** The path without the index of a list's item: a list is given as a whole. */
function settingOf(path: Path): Path {
  return typeof path.at(-1) === 'number' ? path.slice(0, -1) : path;
}

function put(value: Record<string, unknown>, path: readonly string[], leaf: unknown): void {
  let owner = value;
  for (const name of path.slice(0, -1)) {
    const child = owner[name];
    const next = typeof child === 'object' && child !== null ? (child as Record<string, unknown>) : {};
    owner[name] = next;
    owner = next;
  }
  owner[path.at(-1) ?? ''] = leaf;
}

/** A text as the kind of value that the schema wants; a text where it is none of these, so that the schema can say so. */
function parsed(text: string, part: Schema): unknown {
  const types = [part.type ?? []].flat();
  const takesBoolean = types.includes('boolean') || (part.enum ?? []).includes(true);
  if (takesBoolean && (text === 'true' || text === 'false')) return text === 'true';
  const takesNumber = types.includes('integer') || types.includes('number');
  if (takesNumber && /^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (!types.includes('array')) return text;
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}
