import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from '../core/reason.ts';
import { CONFIG } from '../manifest/config-words.ts';
import { parseDocuments } from '../manifest/document.ts';
import type { Document } from '../manifest/document.ts';
import { explain } from '../manifest/explain.ts';
import { nearest } from '../manifest/names.ts';
import { Reading, textField } from '../manifest/reading.ts';
import type { ConfigDocument } from '../manifest/schema.generated.ts';
import { overlaid, settings } from '../manifest/settings.ts';
import type { Given } from '../manifest/settings.ts';
import { validate } from '../manifest/validators.ts';
import { configOf, type Config } from './config.ts';

export type LoadedConfig = { readonly config: Config } | { readonly problems: readonly Problem[] };

export interface ConfigSources {
  /** Values of flags by their option name, as commander gives them (`repositoryUrl`, see `settings`); others are passed over. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The file; default: `FAIRLEAD_CONFIG`, then fairlead.yaml in `cwd` where there is one. */
  readonly file?: string;
  readonly cwd?: string;
}

/** Variables that are not settings: the identity of a container in which Fairlead may itself run, and the config's place. */
const OTHER_VARIABLES = ['FAIRLEAD_SERVICE', 'FAIRLEAD_VERSION', 'FAIRLEAD_INSTANCE', 'FAIRLEAD_CONFIG'];
const EMPTY: Document = {
  file: 'the configuration',
  value: {},
  locate: () => ({ file: 'the configuration', line: 1, column: 1 }),
  written: () => undefined,
};

/** Flags win over `FAIRLEAD_...` variables, those over the file. Nothing unknown is passed over. */
export function loadConfig({
  flags = {},
  env = process.env,
  file,
  cwd = process.cwd(),
}: ConfigSources = {}): LoadedConfig {
  const read = readFile(file ?? env['FAIRLEAD_CONFIG'], cwd);
  if ('problems' in read) return read;
  const reading = new Reading(overlaid(read.document, [...fromEnvironment(env), ...fromFlags(flags)]));
  const { value } = reading.document;
  const isClusterNamed = textField(value, 'cluster') !== undefined;
  explain(reading, validate('config', value), 'config', CONFIG);
  const fields = value as ConfigDocument;
  if (reading.problems.length === 0) refuseUnknownVariables(reading, env, fields);
  if (reading.problems.length > 0) return { problems: reading.problems };
  const origin = { isFromFile: read.document !== EMPTY, isClusterNamed };
  const config = { ...configOf(reading, fields, env), ...origin };
  return reading.problems.length > 0 ? { problems: reading.problems } : { config };
}

function readFile(
  file: string | undefined,
  cwd: string,
): { readonly document: Document } | { readonly problems: readonly Problem[] } {
  const found = path.resolve(cwd, file ?? 'fairlead.yaml');
  if (!existsSync(found))
    return file === undefined ? { document: EMPTY } : { problems: [fileProblem(file, 'is not there')] };
  const name = file ?? 'fairlead.yaml';
  const { documents, problems } = parseDocuments({ path: name, text: readFileSync(found, 'utf8') });
  if (problems.length > 0) return { problems };
  const [document = EMPTY, second] = documents;
  const isMap = typeof document.value === 'object' && !Array.isArray(document.value);
  if (second === undefined && isMap) return { document };
  return { problems: [fileProblem(name, 'must hold one map of fields, as docs/config.md shows')] };
}

function fileProblem(file: string, what: string): Problem {
  return {
    layer: 'validation',
    reason: 'schema',
    message: `The configuration ${file} ${what}.`,
    file,
    line: 1,
    column: 1,
  };
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Given[] {
  return settings().flatMap(({ path, variable }) => {
    const text = env[variable];
    return text === undefined ? [] : [{ path, text, origin: variable }];
  });
}

function fromFlags(flags: Readonly<Record<string, unknown>>): Given[] {
  return settings().flatMap(({ path, option, flag }) => {
    const value = flags[option];
    return typeof value === 'string' ? [{ path, text: value, origin: flag }] : [];
  });
}

function refuseUnknownVariables(
  reading: Reading,
  env: Readonly<Record<string, string | undefined>>,
  { repository }: ConfigDocument,
): void {
  const known = settings().map(({ variable }) => variable);
  const allowed = new Set([...known, ...OTHER_VARIABLES, repository?.credentials.passwordVariable]);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('FAIRLEAD_') || allowed.has(name)) continue;
    const meant = nearest(name, known);
    const advice = meant === undefined ? 'docs/config.md has the list.' : `Did you mean ${meant}?`;
    const message = `The environment variable ${name} is not a setting. ${advice}`;
    reading.problems.push({ layer: 'validation', reason: 'schema', message, file: name, line: 1, column: 1 });
  }
}
