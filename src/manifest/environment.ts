import { leadsOut, pathFrom, type Folder } from './folder.ts';
import { pairs } from './pairs.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import { list, sortedMap } from './values.ts';
import type { WorkloadDocument } from './workload.ts';

const IDENTITY = ['FAIRLEAD_SERVICE', 'FAIRLEAD_VERSION', 'FAIRLEAD_INSTANCE'];

/** `envFile`, then `environment` over it, with names in order. */
export function environment(reading: Reading, service: WorkloadDocument, folder: Folder): Record<string, string> {
  const variables = new Map<string, string>();
  for (const [index, file] of list(service.envFile).entries()) {
    const path = Array.isArray(service.envFile) ? ['envFile', index] : ['envFile'];
    for (const [name, value] of envFile(reading, path, file, folder)) variables.set(name, value);
  }
  for (const { key, value, path } of pairs(reading, 'environment', service.environment)) {
    variables.set(key, value);
    warnOfIdentity(reading, path, key, service);
  }
  return sortedMap(variables);
}

function envFile(reading: Reading, path: Path, file: string, folder: Folder): [string, string][] {
  const found = pathFrom(reading.document.locate(path).file, file);
  const read = found === undefined ? leadsOut(file) : folder.readText(found);
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

function warnOfIdentity(reading: Reading, path: Path, name: string, service: WorkloadDocument): void {
  const given = IDENTITY.includes(name) || (name === 'CONTEXT_ROOT' && service.contextRoot !== undefined);
  if (given)
    reading.warn('identity-variable', path, `\`${name}\` is set here, so it is not the one that Fairlead would give.`);
}
