import { readFileSync } from 'node:fs';

/** What of JSON Schema decides which words a manifest may use. */
interface Part {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly additionalProperties?: boolean | Part;
  readonly propertyNames?: Part;
  readonly $defs?: Readonly<Record<string, Part>>;
}

/** Everything that the schema lets a manifest say: fields, kinds of values and closed sets of words. */
export function sayable(schema: string): string[] {
  const part = load(schema);
  return wordsOf(part, String(part.properties?.['kind']?.const));
}

function wordsOf(reference: Part, path: string): string[] {
  const part = resolved(reference);
  const types = [part.type ?? []].flat();
  const choices = part.const === undefined ? (part.enum ?? []) : [part.const];
  const truths = types.length === 1 && types[0] === 'boolean' ? [true, false] : [];
  const { additionalProperties: others, propertyNames: names = {} } = part;
  return [
    path,
    ...(types.length > 1 ? types.map((type) => `${path} as ${type}`) : []),
    ...[...choices, ...truths].map((choice) => `${path} = ${String(choice)}`),
    ...(names.enum ?? []).map((name) => `${path}.${String(name)}`),
    ...Object.entries(part.properties ?? {}).flatMap(([name, field]) => wordsOf(field, `${path}.${name}`)),
    ...(part.items === undefined ? [] : wordsOf(part.items, `${path}[]`)),
    ...(typeof others === 'object' ? wordsOf(others, `${path}.*`) : []),
  ];
}

/** The same of a manifest: all that it says. */
export function said(manifest: object): string[] {
  return 'kind' in manifest ? saidAt(manifest, String(manifest.kind)) : [];
}

function saidAt(value: unknown, path: string): string[] {
  const own = [path, ...kindsOf(value).map((kind) => `${path} as ${kind}`)];
  if (Array.isArray(value)) return [...own, ...value.flatMap((item) => saidAt(item, `${path}[]`))];
  if (typeof value !== 'object' || value === null) return [...own, `${path} = ${String(value)}`];
  const parts = Object.entries(value).flatMap(([name, field]) => [
    ...saidAt(field, `${path}.${name}`),
    ...(path.includes('*') ? [] : saidAt(field, `${path}.*`)),
  ]);
  return [...own, ...parts];
}

function kindsOf(value: unknown): string[] {
  if (Array.isArray(value)) return ['array'];
  return Number.isInteger(value) ? ['integer', 'number'] : [typeof value];
}

function load(name: string): Part {
  const url = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Part;
}

function resolved(part: Part): Part {
  if (part.$ref === undefined) return part;
  const { $ref, ...beside } = part;
  const [file = '', name = ''] = $ref.split('.schema.json#/$defs/');
  const definition = load(file).$defs?.[name];
  if (definition === undefined) throw new Error(`${$ref} leads nowhere`);
  return { ...resolved(definition), ...beside };
}
