import { inlined, target } from './schema-file.mjs';

/** Words for the shapes of common.schema.json. @type {Record<string, string>} */
const NAMED = {
  name: 'name',
  hostname: 'host name',
  port: 'port',
  listenPort: 'port, or 0',
  duration: 'duration',
  positiveDuration: 'duration above 0',
  size: 'size',
  positiveSize: 'size above 0',
  words: 'text or list of words',
  containerPath: 'absolute path',
  hostPath: 'absolute path',
  capabilities: 'list of capabilities',
  variableName: 'name of a variable',
  branch: 'name of a branch',
};

/** Words for JSON's types. @type {Record<string, string>} */
const TYPES = {
  string: 'text',
  boolean: '`true` or `false`',
  integer: 'whole number',
  number: 'number',
  array: 'list',
  object: 'map',
};

/** Every field of a schema as a Markdown table. @param {any} schema */
export function fieldTable(schema) {
  return ['| field | takes | default | |', '| --- | --- | --- | --- |', ...rows(schema, '')].join('\n');
}

/** @param {any} part @param {string} prefix @returns {string[]} */
function rows(part, prefix) {
  return Object.entries(part.properties ?? {}).flatMap(([name, written]) => {
    const field = shared(written);
    const whole = inlined(field);
    const path = `${prefix}${name}`;
    const isRequired = part.required?.includes(name) ?? false;
    const isGroup = field.properties !== undefined;
    const cells = [`\`${path}\``, isGroup ? '' : takes(field), defaultOf(whole, isRequired), whole.description ?? ''];
    const below = isGroup ? rows(field, `${path}.`) : rows(field.items ?? {}, `${path}[].`);
    return [`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`, ...below];
  });
}

/** A field that several kinds have, as if it were written for this one. @param {any} field @returns {any} */
function shared({ $ref, ...beside }) {
  if (!$ref?.startsWith('workload.')) return $ref === undefined ? beside : { $ref, ...beside };
  return { ...target($ref), ...beside };
}

/** What a field takes, in a few words. @param {any} field @returns {string} */
function takes(field) {
  const named = NAMED[field.$ref?.split('/').at(-1) ?? ''];
  if (named !== undefined) return named;
  const { type, minimum, maximum, ...whole } = inlined(field);
  if (whole.const !== undefined) return `\`${whole.const}\``;
  if (whole.enum !== undefined)
    return whole.enum.map((/** @type {string | boolean} */ value) => `\`${value}\``).join(', ');
  const range = minimum !== undefined && maximum !== undefined ? `, ${minimum} to ${maximum}` : '';
  return [type]
    .flat()
    .map((each) => `${TYPES[each] ?? each}${each === 'integer' || each === 'number' ? range : ''}`)
    .join(' or ');
}

/** @param {any} field @param {boolean} isRequired */
function defaultOf(field, isRequired) {
  if (isRequired) return 'required';
  if (field.default === undefined || field.const !== undefined || field.properties !== undefined) return '';
  return `\`${typeof field.default === 'string' ? field.default : JSON.stringify(field.default)}\``;
}
