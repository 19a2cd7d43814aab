/** One sentence for a service that is not there. */
export function unknownName(name: string, known: readonly string[]): string {
  const names = [...new Set(known)].sort();
  const others =
    names.length === 0 ? 'No service of this cluster has any' : `The services that have some: ${names.join(', ')}`;
  return `No container belongs to a service ${name}. ${others}.\n`;
}
