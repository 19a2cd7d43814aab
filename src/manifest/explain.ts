import type { ErrorObject } from 'ajv/dist/2020.js';
import { nearest } from './names.ts';
import { printPath } from './path.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import { resolved, schemaOf } from './schemas.ts';
import type { Schema, SchemaName } from './schemas.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Turns a validator's errors into problems: one for each mistake, with what was probably meant. */
export function explain(
  reading: Reading,
  errors: readonly ErrorObject[],
  schema: SchemaName,
  vocabulary: Vocabulary,
): void {
  const said = new Set(reading.problems.map(({ path }) => path ?? ''));
  const unknown = reading.document.mistakes ?? [];
  const mistakes = errors
    .slice(0, MAX_ERRORS)
    .map((error) => mistakeOf(reading, error, schema, vocabulary))
    .filter((mistake) => mistake !== undefined)
    .filter(({ path }) => !unknown.some((each) => isWithin(each.path, path) || isWithin(path, each.path)));
  for (const mistake of mistakes) {
    const isSaid = said.has(printPath(mistake.path)) || mistakes.some((other) => isMeantBy(mistake, other));
    said.add(printPath(mistake.path));
    if (!isSaid) reading.complain(mistake.path, mistake.message, mistake);
  }
}

/** Nothing can be said of a value that a variable which is not known is a part of. */
function isWithin(path: Path, whole: Path): boolean {
  return whole.every((step, index) => path[index] === step);
}

/** A field that is missing because it stands there under another name is one mistake, not two. */
function isMeantBy(mistake: Mistake, other: Mistake): boolean {
  return mistake.missing !== undefined && (other.meant?.includes(`\`${mistake.missing}\``) ?? false);
}

/** More mistakes than this in one document help nobody. */
const MAX_ERRORS = 100;

interface Mistake {
  readonly path: Path;
  readonly message: string;
  readonly reason?: 'schema' | 'unsupported';
  readonly part?: 'key' | 'value';
  /** The required field that is not there. */
  readonly missing?: string;
  /** What an unknown field was probably meant to be. */
  readonly meant?: string;
}

function mistakeOf(
  reading: Reading,
  error: ErrorObject,
  schema: SchemaName,
  vocabulary: Vocabulary,
): Mistake | undefined {
  const at = pathOf(error.instancePath, reading.document.value);
  const parent = schemaOf(schema, at);
  if (error.schemaPath.includes('/anyOf/') || error.keyword === 'propertyNames') return undefined;
  if (error.propertyName !== undefined) return wrongName(at, error.propertyName, resolved(parent.propertyNames ?? {}));
  if (error.keyword === 'additionalProperties') {
    return unknownField(at, param(error, 'additionalProperty'), Object.keys(parent.properties ?? {}), vocabulary);
  }
  if (error.keyword === 'required') return missingField(at, param(error, 'missingProperty'), parent);
  if (error.keyword === 'anyOf') return noneOf(at, parent, vocabulary);
  return wrongValue(at, valueAt(reading.document.value, at), parent, vocabulary);
}

function unknownField(parent: Path, name: string, known: readonly string[], vocabulary: Vocabulary): Mistake {
  const path = [...parent, name];
  const place = printPlace(parent);
  const later = vocabulary.later(place, name);
  if (later !== undefined) return { path, part: 'key', reason: 'unsupported', message: later };
  const meant = vocabulary.ours(place, name) ?? quoted(nearest(name, known));
  const owner = parent.length === 0 ? vocabulary.owner : `\`${printPath(parent)}\``;
  const list = known.length > 12 ? `${vocabulary.page} has the list.` : `Known are ${known.join(', ')}.`;
  const advice = meant === undefined ? list : `Did you mean ${meant}?`;
  const message = `\`${name}\` is not a field of ${owner}. ${advice}`;
  return { path, part: 'key', message, ...(meant === undefined ? {} : { meant }) };
}

function quoted(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `\`${name}\``;
}

function missingField(at: Path, name: string, parent: Schema): Mistake {
  const field = resolved(parent.properties?.[name] ?? {});
  const description = field.description === undefined ? '' : ` ${field.description}`;
  const owner = at.length === 0 ? '' : ` in \`${printPath(at)}\``;
  return { path: [...at, name], missing: name, message: `\`${name}\` is missing${owner}.${description}` };
}

/** Of the fields that can stand for each other none is there. */
function noneOf(at: Path, parent: Schema, { owner }: Vocabulary): Mistake {
  const names = (parent.anyOf ?? []).flatMap(({ required = [] }) => required);
  const who = at.length === 0 ? `${owner.charAt(0).toUpperCase()}${owner.slice(1)}` : `\`${printPath(at)}\``;
  const message = `${who} needs ${names.map((name) => `\`${name}\``).join(' or ')}.`;
  return { path: at, message, ...(names[0] !== undefined && { missing: names[0] }) };
}

function wrongName(at: Path, name: string, parent: Schema): Mistake {
  const meant = nearest(name, (parent.enum ?? []).map(String));
  const advice = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
  return {
    path: [...at, name],
    part: 'key',
    message: `\`${name}\` in \`${printPath(at)}\` ${expectation(parent)}.${advice}`,
  };
}

function wrongValue(path: Path, value: unknown, parent: Schema, vocabulary: Vocabulary): Mistake {
  const place = printPlace(path);
  const special = typeof value === 'string' ? vocabulary.value(place, value) : undefined;
  if (special !== undefined) return { path, ...special };
  const subject = path.length === 0 ? 'The document' : `\`${printPath(path)}\``;
  return { path, message: `${subject} ${expectation(parent)}; it ${shown(value)}.${hint(value, parent)}` };
}

/** What the value must be, as the end of a sentence. */
function expectation(part: Schema): string {
  const { errorMessage, type, minimum, maximum } = part;
  if (errorMessage !== undefined) return errorMessage;
  if (part.const !== undefined) return `must be ${JSON.stringify(part.const)}`;
  if (part.enum !== undefined) return `must be one of ${part.enum.map(String).join(', ')}`;
  if (part.maxLength !== undefined && type === 'string')
    return `must be a text of at most ${part.maxLength} characters`;
  if (type === 'integer' || type === 'number') {
    const kind = type === 'integer' ? 'a whole number' : 'a number';
    if (maximum === undefined) return `must be ${kind}${minimum === undefined ? '' : `, ${minimum} or more`}`;
    return `must be ${kind} from ${minimum ?? 0} to ${maximum}`;
  }
  return `must be ${(Array.isArray(type) ? (type as string[]) : [String(type)]).map((name) => TYPE[name] ?? name).join(' or ')}`;
}

const TYPE: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  string: 'a text',
  array: 'a list',
  object: 'a map of fields',
  integer: 'a whole number',
  number: 'a number',
};

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'has no value';
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : `is a list of ${value.length}`;
  if (typeof value === 'object') return 'is a map of fields';
  if (typeof value !== 'string') return `is ${JSON.stringify(value)}`;
  return `is "${value.length > 60 ? `${value.slice(0, 57)}...` : value}"`;
}

/** What to do, where that is not plain from the sentence itself. */
function hint(value: unknown, part: Schema): string {
  const types = [part.type ?? []].flat();
  if (value === null || value === undefined)
    return ' Leave the field out for its default, or write "" for an empty text.';
  if (typeof value === 'number' && types.includes('string')) return '';
  if (typeof value === 'number' || typeof value === 'boolean') {
    return types.includes('string') || part.enum !== undefined ? ' Put it in quotes.' : '';
  }
  if (typeof value !== 'string') return '';
  const meant = nearest(value, (part.enum ?? []).map(String));
  if (meant !== undefined) return ` Did you mean \`${meant}\`?`;
  const isQuotedNumber =
    /^-?[0-9]+(\.[0-9]+)?$/.test(value) && types.some((type) => type === 'integer' || type === 'number');
  const isQuotedBoolean = /^(true|false|yes|no|on|off)$/i.test(value) && types.includes('boolean');
  if (isQuotedNumber) return ' Leave the quotes out.';
  if (isQuotedBoolean) return ` Write ${/^(true|yes|on)$/i.test(value) ? 'true' : 'false'}, without quotes.`;
  return types.includes('array') && !types.includes('string') ? ` Write [${value}].` : '';
}

/** `ports[].hostPort`: where a field belongs, whatever the index. */
function printPlace(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

function pathOf(pointer: string, value: unknown): Path {
  const steps: (string | number)[] = [];
  let part = value;
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    steps.push(Array.isArray(part) ? Number(step) : step);
    part = (part as Record<string, unknown>)[step];
  }
  return steps;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, step) => (part as Record<string | number, unknown>)[step], value);
}

function param(error: ErrorObject, name: string): string {
  return String((error.params as Record<string, unknown>)[name]);
}
