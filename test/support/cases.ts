import fc from 'fast-check';

/**
 * Set up before every file of tests: random cases are the same in each run. `CASES=50` looks at fifty times as many,
 * other ones each time; `SEED=7` at those of that seed.
 */
const FACTOR = Number(process.env['CASES'] ?? 1);
const SEED = process.env['SEED'] ?? (FACTOR === 1 ? '1' : undefined);

/** Milliseconds. */
const LONGEST_WALK = 2 * 3_600_000;

/** Walks that look at a few points only are to look at every one. */
export const isThorough = FACTOR > 1;

/** Options of a property that usually sees `count` cases. */
export function cases(count: number): { readonly numRuns: number } {
  return { numRuns: Math.ceil(count * FACTOR) };
}

/** So many of them, by chance. */
export function some<Item>(items: readonly Item[], count: number): Item[] {
  return fc.sample(fc.shuffledSubarray([...items], { minLength: count, maxLength: count }), 1)[0] ?? [];
}

/** Options of a test that may take so many milliseconds with the usual cases. */
export function patience(milliseconds: number): { readonly timeout: number } {
  return { timeout: milliseconds * Math.max(1, FACTOR) };
}

/** Options of a walk that may take so many milliseconds where only a few points are looked at; every one takes its time. */
export function patienceOfWalk(milliseconds: number): { readonly timeout: number } {
  return { timeout: isThorough ? LONGEST_WALK : milliseconds };
}

fc.configureGlobal({ ...cases(100), ...(SEED !== undefined && { seed: Number(SEED) }) });
