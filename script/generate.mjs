// Everything that is made from schemas/: `node script/generate.mjs` writes types and tables of the docs, `--check` fails
// where they are stale, `--validators DIR` writes the precompiled validators into a built DIR.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile } from 'json-schema-to-typescript';

const ROOT = path.join(import.meta.dirname, '..');
const BANNER = '/* Made by `node script/generate.mjs` from schemas/; do not edit. */';

const TYPES = [
  {
    file: 'src/manifest/schema.generated.ts',
    comment: 'Documents as they are once validated: their defaults are filled in.',
    interfaces: { ServiceDocument: 'service', LoadBalancerDocument: 'load-balancer', ConfigDocument: 'config' },
  },
];

/** Keywords that say nothing about types; `anyOf` only tells which fields belong together. */
const NO_TYPES = ['errorMessage', 'propertyNames', 'anyOf'];

const flag = process.argv[2];
if (flag === '--validators') await writeValidators(process.argv[3] ?? 'dist');
else await generate({ check: flag === '--check' });

/** @param {{ check: boolean }} options */
async function generate({ check }) {
  const stale = [];
  for (const [file, text] of [...(await types()), ...tables()]) {
    if (read(file) === text) continue;
    stale.push(file);
    if (!check) writeFileSync(path.join(ROOT, file), text);
  }
  if (!check || stale.length === 0) return;
  console.error(`Not what schemas/ say: ${stale.join(', ')}. Run \`node script/generate.mjs\` and commit.`);
  process.exitCode = 1;
}

async function types() {
  /** @type {[string, string][]} */
  const files = [];
  for (const { file, comment, interfaces } of TYPES) {
    const parts = [];
    for (const [name, schema] of Object.entries(interfaces)) parts.push(await typeOf(name, schema));
    files.push([file, `${BANNER}\n\n/** ${comment} */\n${parts.join('\n')}`]);
  }
  return files;
}

/** @param {string} name @param {string} schema */
async function typeOf(name, schema) {
  const source = asValidated(inlined(load(schema)));
  return await compile({ ...source, title: name }, name, {
    additionalProperties: false,
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    style: { printWidth: 120, singleQuote: true },
  });
}

/** Puts what `$ref` leads to in its place, so that every field has its own plain type. @param {any} part @returns {any} */
function inlined(part) {
  if (Array.isArray(part)) return part.map(inlined);
  if (part === null || typeof part !== 'object') return part;
  if (typeof part.$ref !== 'string')
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, inlined(value)]));
  const { $ref, ...beside } = part;
  const [file, pointer] = $ref.split('#');
  let target = load(file.replace('.schema.json', ''));
  for (const step of (pointer ?? '').split('/').slice(1)) target = target[step];
  return inlined({ ...target, ...beside });
}

/** A validated document has its defaults. @param {any} part @returns {any} */
function asValidated(part) {
  if (Array.isArray(part)) return part.map(asValidated);
  if (part === null || typeof part !== 'object') return part;
  const kept = Object.entries(part).filter(([key]) => !NO_TYPES.includes(key));
  /** @type {any} */
  const copy = Object.fromEntries(kept.map(([key, value]) => [key, asValidated(value)]));
  const { type, properties = {}, required = [] } = copy;
  if (type === undefined) return copy;
  const filled = Object.keys(properties).filter((key) => properties[key].default !== undefined);
  return { ...copy, required: [...new Set([...required, ...filled])] };
}

/** The generated part of the documentation pages: none yet. @returns {[string, string][]} */
function tables() {
  return [];
}

/** @param {string} directory */
async function writeValidators(directory) {
  const built = path.resolve(ROOT, directory, 'manifest');
  const { schemaCompiler } = await import(pathToFileURL(path.join(built, 'compile.js')).href);
  const standalone = createRequire(import.meta.url)('ajv/dist/standalone').default;
  const code = standalone(schemaCompiler({ source: true }), {
    service: 'service',
    loadBalancer: 'loadBalancer',
    config: 'config',
  });
  writeFileSync(path.join(built, 'validators.generated.cjs'), code);
}

/** @param {string} name */
function load(name) {
  return JSON.parse(read(`schemas/${name}.schema.json`));
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(path.join(ROOT, file), 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return '';
    throw error;
  }
}
