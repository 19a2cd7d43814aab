import type { Path } from './path.ts';
import type { Reading } from './reading.ts';

/**
 * `${NAME}` will be a variable in a later version. Taken as plain text now, it would change its meaning then, so it is
 * refused wherever it stands.
 */
export function refuseVariables(reading: Reading, value: unknown = reading.document.value, path: Path = []): void {
  if (typeof value === 'string') {
    const [found] = /\$\{[^}]*\}?/.exec(value) ?? [];
    if (found !== undefined) reading.complain(path, sentence(found), { reason: 'unsupported' });
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) refuseVariables(reading, item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) refuseVariables(reading, child, [...path, key]);
  }
}

function sentence(found: string): string {
  const shown = found.length > 40 ? `${found.slice(0, 37)}...` : found;
  return `Variables (\`${shown}\`) are not there yet; in a command for a shell write $NAME without braces.`;
}
