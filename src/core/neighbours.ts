import type { Service } from './model.ts';

/** One pattern of `conflictsWith` that holds a wildcard, and whom it concerns on the node. */
interface Glob {
  readonly expression: RegExp;
  /** Those that reject what it matches. */
  readonly owners: Set<string>;
  readonly matches: Set<string>;
}

/**
 * Who stands on a node, and who does not stand beside whom. Names are looked up and each pattern is matched once with
 * each name, so that many services cost little more each than few.
 */
export class Neighbours {
  private readonly present = new Set<string>();
  /** Those that reject a name, by that name. */
  private readonly rejectedBy = new Map<string, Set<string>>();
  private readonly globs = new Map<string, Glob>();
  private sorted: readonly string[] | undefined;

  /** Names of what is there, sorted. */
  get names(): readonly string[] {
    this.sorted ??= [...this.present].sort();
    return this.sorted;
  }

  add({ name, conflictsWith }: Pick<Service, 'name' | 'conflictsWith'>): void {
    if (this.present.has(name)) return;
    this.present.add(name);
    this.sorted = undefined;
    for (const { expression, matches } of this.globs.values()) if (expression.test(name)) matches.add(name);
    for (const pattern of conflictsWith) this.ownersOf(pattern).add(name);
  }

  /** Either side may name the other; a service never conflicts with itself. */
  rejects({ name, conflictsWith }: Pick<Service, 'name' | 'conflictsWith'>): boolean {
    if (hasOther(this.rejectedBy.get(name), name)) return true;
    const globs = [...this.globs.values()];
    if (globs.some(({ expression, owners }) => hasOther(owners, name) && expression.test(name))) return true;
    return conflictsWith.some((pattern) =>
      isGlob(pattern) ? hasOther(this.globOf(pattern).matches, name) : pattern !== name && this.present.has(pattern),
    );
  }

  private ownersOf(pattern: string): Set<string> {
    if (isGlob(pattern)) return this.globOf(pattern).owners;
    const owners = this.rejectedBy.get(pattern) ?? new Set();
    this.rejectedBy.set(pattern, owners);
    return owners;
  }

  private globOf(pattern: string): Glob {
    const known = this.globs.get(pattern);
    if (known !== undefined) return known;
    const expression = globToRegExp(pattern);
    const matches = new Set([...this.present].filter((name) => expression.test(name)));
    const glob = { expression, owners: new Set<string>(), matches };
    this.globs.set(pattern, glob);
    return glob;
  }
}

function hasOther(names: ReadonlySet<string> | undefined, name: string): boolean {
  return names !== undefined && names.size > (names.has(name) ? 1 : 0);
}

function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** `*` stands for any run of characters, `?` for one; names have no separators. */
function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
