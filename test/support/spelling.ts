import fc from 'fast-check';

/** One meaning as two people may have written it; undefined: the field is left out. */
export type Spelt = readonly [first: unknown, second: unknown];

/** What has one spelling only. */
export function plain(values: fc.Arbitrary<unknown>): fc.Arbitrary<Spelt> {
  return values.map((value): Spelt => [value, value]);
}

export function oneOf(...values: readonly unknown[]): fc.Arbitrary<Spelt> {
  return plain(fc.constantFrom(...values));
}

/** Each meaning in two of its spellings, which may be the same one. */
export function spelt<Meaning>(
  meanings: fc.Arbitrary<Meaning>,
  ...spellings: readonly ((meaning: Meaning) => unknown)[]
): fc.Arbitrary<Spelt> {
  const spelling = fc.constantFrom(...spellings);
  return fc
    .tuple(meanings, spelling, spelling)
    .map(([meaning, first, second]): Spelt => [first(meaning), second(meaning)]);
}

/** Left out in every second case; `defaults` are words that mean the same as that. */
export function optional(written: fc.Arbitrary<Spelt>, ...defaults: readonly unknown[]): fc.Arbitrary<Spelt> {
  const missing = fc.constantFrom<unknown>(undefined, ...defaults);
  return fc.oneof({ withCrossShrink: true }, fc.tuple(missing, missing), written);
}

/** A map of fields, the second time from the last to the first. */
export function fields(written: Readonly<Record<string, fc.Arbitrary<Spelt>>>): fc.Arbitrary<Spelt> {
  return fc.record(written).map((given): Spelt => {
    const entries = Object.entries(given);
    return [mapOf(entries.map(([name, [first]]) => [name, first])), mapOf(entries.map(secondOf).reverse())];
  });
}

function secondOf([name, [, second]]: readonly [string, Spelt]): [string, unknown] {
  return [name, second];
}

function mapOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Maps with different fields as one. */
export function merged(...parts: readonly fc.Arbitrary<Spelt>[]): fc.Arbitrary<Spelt> {
  return fc
    .tuple(...parts)
    .map((given): Spelt => [
      Object.assign({}, ...given.map(([first]) => first)),
      Object.assign({}, ...given.map(([, second]) => second).reverse()),
    ]);
}

/** A list whose order matters. */
export function ordered(items: fc.Arbitrary<Spelt>, limits: fc.ArrayConstraints = {}): fc.Arbitrary<Spelt> {
  return fc.array(items, { maxLength: 3, ...limits }).map(listOf);
}

/** A list without order: the second time from the last to the first. `keyOf`: what no two items share. */
export function unordered(
  items: fc.Arbitrary<Spelt>,
  { keyOf, ...limits }: fc.ArrayConstraints & { readonly keyOf?: (item: unknown) => unknown } = {},
): fc.Arbitrary<Spelt> {
  const most = { maxLength: 3, ...limits };
  const lists =
    keyOf === undefined
      ? fc.array(items, most)
      : fc.uniqueArray(items, { ...most, selector: ([first]) => keyOf(first) });
  return lists.map(listOf).map(([first, second]): Spelt => [first, [...second].reverse()]);
}

function listOf(items: readonly Spelt[]): [unknown[], unknown[]] {
  return [items.map(([first]) => first), items.map(([, second]) => second)];
}

type Pairs = readonly (readonly [key: string, value: string])[];

/** Named texts in any order, each time in one of these spellings. */
export function pairs(
  names: fc.Arbitrary<string>,
  values: fc.Arbitrary<string>,
  ...spellings: readonly ((found: Pairs) => unknown)[]
): fc.Arbitrary<Spelt> {
  const found = fc.uniqueArray(fc.tuple(names, values), { maxLength: 4, selector: ([name]) => name });
  return spelt(found, ...spellings, ...spellings.map((spelling) => (each: Pairs) => spelling([...each].reverse())));
}

export function asMap(found: Pairs): unknown {
  return Object.fromEntries(found);
}

/** A map in which a number is a number, and true and false are what they are. */
export function asLooseMap(found: Pairs): unknown {
  return Object.fromEntries(found.map(([key, value]) => [key, loose(value)]));
}

export function asLines(found: Pairs): unknown {
  return found.map(([key, value]) => `${key}=${value}`);
}

/** The text as a number or a truth value, where it would be written as one. */
export function loose(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const isNumber = Number.isFinite(Number(text)) && String(Number(text)) === text;
  return isNumber ? Number(text) : text;
}
