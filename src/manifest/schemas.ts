import { readFileSync } from 'node:fs';

/** The schemas in `schemas/`: the one source of types, validators, documentation and messages. */
export type SchemaName = 'service' | 'load-balancer' | 'config' | 'common';

export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  /** What a value must be, as the end of a sentence that begins with the field's name; editors show it too. */
  readonly errorMessage?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

const DIRECTORY = new URL('../../schemas/', import.meta.url);
const cache = new Map<SchemaName, Schema>();

export function schema(name: SchemaName): Schema {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const read = JSON.parse(readFileSync(new URL(`${name}.schema.json`, DIRECTORY), 'utf8')) as Schema;
  cache.set(name, read);
  return read;
}

/** Follows `$ref` where there is one; what stands beside it wins. */
export function resolved(part: Schema): Schema {
  if (part.$ref === undefined) return part;
  const { $ref, ...beside } = part;
  return { ...schemaAt('common', $ref.slice($ref.indexOf('#'))), ...beside };
}

/** The schema that a JSON pointer such as `common.schema.json#/$defs/port` leads to. */
export function schemaAt(name: SchemaName, pointer: string): Schema {
  const [file = '', steps = ''] = pointer.split('#');
  let part: unknown = schema(file === '' ? name : (file.replace('.schema.json', '') as SchemaName));
  for (const step of steps.split('/').slice(1)) {
    part = (part as Record<string, unknown>)[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return part as Schema;
}
