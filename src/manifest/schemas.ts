import { readFileSync } from 'node:fs';
import type { Path } from './path.ts';

/** The schemas in `schemas/`: the one source of types, validators, documentation and messages. */
export type SchemaName = 'service' | 'load-balancer' | 'job' | 'workload' | 'config' | 'common';

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
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
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

/** What a schema says of the value at a path. */
export function schemaOf(name: SchemaName, path: Path): Schema {
  return path.reduce<Schema>((part, step) => resolved(childOf(part, step)), resolved(schema(name)));
}

function childOf({ items = {}, properties, additionalProperties }: Schema, step: string | number): Schema {
  if (typeof step === 'number') return items;
  return properties?.[step] ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
}

/** Follows `$ref` where there is one; what stands beside it wins. */
export function resolved(part: Schema): Schema {
  if (part.$ref === undefined) return part;
  const { $ref, ...beside } = part;
  return { ...resolved(definitionOf($ref)), ...beside };
}

/** What a `$ref` such as `common.schema.json#/$defs/port` leads to. */
function definitionOf($ref: string): Schema {
  const [file = '', name = ''] = $ref.split('.schema.json#/$defs/');
  return schema(file as SchemaName).$defs?.[name] ?? {};
}
