/**
 * Where a member of an archive belongs, below what the archive is of: its parts without the first, which is the name of
 * that. Throws where it would lead out.
 */
export function memberParts(name: string): readonly string[] {
  const parts = inUtf8(name).replace(/\/+$/, '').split('/');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0')) throw new LeadsOut(name);
  const [, ...below] = parts;
  return below.filter((part) => part !== '' && part !== '.');
}

/** The name, unless it was read from bytes that are not UTF-8: two of those may look the same, and none is found again. */
export function inUtf8(name: string): string {
  if (name.includes('\uFFFD'))
    throw new Error(
      `The name ${JSON.stringify(name)} is not in UTF-8; rename it, as what comes after it is not copied.`,
    );
  return name;
}

/** Nobody who meant well has made this archive. */
export class LeadsOut extends Error {
  constructor(name: string) {
    super(`The archive has ${JSON.stringify(name)}, which leads out of the target; what comes after it is not copied.`);
    this.name = 'LeadsOut';
  }
}
