// Everything that is made from schemas/: `node script/generate.mjs` writes types and the tables of the documentation,
// `--check` fails where they are stale, `--validators DIR` writes the precompiled validators into a built DIR.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { fieldTable } from './field-table.mjs';
import { inlined, load, ROOT } from './schema-file.mjs';

const BANNER = '/* Made by `node script/generate.mjs` from schemas/; do not edit. */';

const TYPES = [
  {
    file: 'src/manifest/schema.generated.ts',
    comment: 'Documents as they are once validated: their defaults are filled in.',
    interfaces: {
      ServiceDocument: 'service',
      LoadBalancerDocument: 'load-balancer',
      JobDocument: 'job',
      ConfigDocument: 'config',
    },
  },
  {
    file: 'test/unit/manifest/outputs.generated.ts',
    comment: 'What the schemas say of the outputs; schemas.test.ts compares it with the types that make them.',
    interfaces: { StatusDocument: 'status', PlanDocument: 'plan' },
  },
];

/** The rest of these pages is written by hand. */
const PAGES = [
  { file: 'docs/kinds/service.md', schema: 'service' },
  { file: 'docs/kinds/load-balancer.md', schema: 'load-balancer' },
  { file: 'docs/kinds/job.md', schema: 'job' },
  { file: 'docs/config.md', schema: 'config' },
];
const MARKERS = { begin: '<!-- fields: made by script/generate.mjs -->', end: '<!-- end of fields -->' };

/** Keywords that say nothing about types; `anyOf` only tells which fields belong together. */
const NO_TYPES = ['errorMessage', 'propertyNames', 'anyOf'];

const [mode, directory = 'dist'] = process.argv.slice(2);
if (mode === '--validators') await writeValidators(directory);
else await generate({ check: mode === '--check' });

/** @param {{ check: boolean }} options */
async function generate({ check }) {
  const stale = [];
  for (const [file, text] of [...(await types()), ...(await pages())]) {
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
  return await compile({ ...asValidated(inlined(load(schema))), title: name }, name, {
    additionalProperties: false,
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    style: { printWidth: 120, singleQuote: true },
  });
}

/** A validated document has its defaults. @param {any} part @returns {any} */
function asValidated(part) {
  if (Array.isArray(part)) return part.map(asValidated);
  if (part === null || typeof part !== 'object') return part;
  const kept = Object.entries(part).filter(([key]) => !NO_TYPES.includes(key));
  /** @type {any} */
  const copy = Object.fromEntries(kept.map(([key, value]) => [key, asValidated(value)]));
  const { type, properties = {}, required = [] } = copy;
  if (typeof type !== 'string' && !Array.isArray(type)) return copy;
  const filled = Object.keys(properties).filter((key) => properties[key].default !== undefined);
  return { ...copy, required: [...new Set([...required, ...filled])] };
}

async function pages() {
  /** @type {[string, string][]} */
  const files = [];
  for (const { file, schema } of PAGES) {
    const page = read(file);
    const [begin, end] = [page.indexOf(MARKERS.begin), page.indexOf(MARKERS.end)];
    if (begin === -1 || end < begin) {
      throw new Error(`${file} has no place for its table: write ${MARKERS.begin} and ${MARKERS.end} into it.`);
    }
    const text = `${page.slice(0, begin)}${MARKERS.begin}\n\n${fieldTable(load(schema))}\n\n${page.slice(end)}`;
    files.push([file, await format(text, { ...(await resolveConfig(path.join(ROOT, file))), parser: 'markdown' })]);
  }
  return files;
}

/** @param {string} directory */
async function writeValidators(directory) {
  const built = path.resolve(ROOT, directory, 'manifest');
  const { schemaCompiler } = await import(pathToFileURL(path.join(built, 'compile.js')).href);
  const standalone = createRequire(import.meta.url)('ajv/dist/standalone').default;
  const names = { service: 'service', loadBalancer: 'loadBalancer', job: 'job', config: 'config' };
  writeFileSync(path.join(built, 'validators.generated.cjs'), standalone(schemaCompiler({ source: true }), names));
}

/** @param {string} file */
function read(file) {
  return readFileSync(path.join(ROOT, file), 'utf8');
}
