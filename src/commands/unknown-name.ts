/** One sentence for a service that is not there. */
export function unknownName(name: string, known: readonly string[]): string {
  const names = [...new Set(known)].sort();
  const list = names.length === 0 ? 'There is none at all in this cluster' : `There are ${names.join(', ')}`;
  return `There is no container of a service ${name}. ${list}.\n`;
}
