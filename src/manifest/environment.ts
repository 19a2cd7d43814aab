import { posix } from 'node:path';
import type { Reason } from '../core/reason.ts';
import { pairs } from './pairs.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import type { ServiceDocument } from './schema.generated.ts';
import { list, sortedMap } from './values.ts';

/** The text of a file in the folder that is read, or why it cannot be had. */
export type TextFile = { readonly text: string } | { readonly reason: Reason; readonly message: string };

/** Finds a text by its path, relative to the folder that is read. */
export type ReadText = (path: string) => TextFile;

const IDENTITY = ['FAIRLEAD_SERVICE', 'FAIRLEAD_VERSION', 'FAIRLEAD_INSTANCE'];

/** `envFile`, then `environment` over it, with names in order. */
export function environment(reading: Reading, service: ServiceDocument, readText: ReadText): Record<string, string> {
  const variables = new Map<string, string>();
  for (const [index, file] of list(service.envFile).entries()) {
    const path = Array.isArray(service.envFile) ? ['envFile', index] : ['envFile'];
    for (const [name, value] of envFile(reading, path, file, readText)) variables.set(name, value);
  }
  for (const { key, value, path } of pairs(reading, 'environment', service.environment)) {
    variables.set(key, value);
    warnOfIdentity(reading, path, key, service);
  }
  return sortedMap(variables);
}

function envFile(reading: Reading, path: Path, file: string, readText: ReadText): [string, string][] {
  const found = posix.join(posix.dirname(reading.document.locate(path).file), file);
  if (file.startsWith('/') || found.startsWith('../')) {
    reading.complain(path, `\`${file}\` is outside of the folder that holds the manifests; move the file into it.`);
    return [];
  }
  const read = readText(found);
  if ('text' in read) return lines(reading, path, file, read.text);
  reading.complain(path, read.message, { reason: read.reason });
  return [];
}

/** `KEY=value` split at the first `=`; what follows is the value as it stands. */
function lines(reading: Reading, path: Path, file: string, text: string): [string, string][] {
  const variables: [string, string][] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const name = line.slice(0, Math.max(line.indexOf('='), 0)).trim();
    if (/^[^\s=]+$/.test(name)) variables.push([name, line.slice(line.indexOf('=') + 1)]);
    else reading.complain(path, `Line ${index + 1} of \`${file}\` is not KEY=value, a comment or empty.`);
  }
  return variables;
}

function warnOfIdentity(reading: Reading, path: Path, name: string, service: ServiceDocument): void {
  const given = IDENTITY.includes(name) || (name === 'CONTEXT_ROOT' && service.contextRoot !== undefined);
  if (given)
    reading.warn('identity-variable', path, `\`${name}\` is set here, so it is not the one that Fairlead would give.`);
}
