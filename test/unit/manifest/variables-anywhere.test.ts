import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Scalar, stringify } from 'yaml';
import { readManifests } from '../../../src/manifest/read.ts';
import { cases, patience } from '../../support/cases.ts';
import { anyManifests, FOLDER, readTogether } from '../../support/manifests-arbitrary.ts';

/** What says which manifest it is cannot vary: overlays go by it. */
const FIXED = ['apiVersion', 'kind', 'name'];

/** In quotes it stays a text, whatever the variable is. */
function written(text: string, isText: boolean): Scalar {
  const scalar = new Scalar(text);
  scalar.type = isText ? 'QUOTE_DOUBLE' : 'PLAIN';
  return scalar;
}

/** The same document with a variable in the place of each value, and those variables. */
function withVariables(document: object, variables: Record<string, unknown>): object {
  const varied = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(varied);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, varied(each)]));
    const name = `V${Object.keys(variables).length}`;
    // What a variable holds is taken as it is.
    variables[name] = typeof value === 'string' ? value.replaceAll('$$', '$') : value;
    return written(`\${${name}}`, typeof value === 'string');
  };
  const fields = Object.entries(document as Record<string, unknown>).map(([key, value]) => [
    key,
    FIXED.includes(key) ? value : varied(value),
  ]);
  return Object.fromEntries(fields) as object;
}

/** But for where it stands. */
const meaning = (manifest: object) => ({ ...manifest, source: undefined });

it('a manifest means the same with a variable in the place of each of its values', patience(60_000), () => {
  fc.assert(
    fc.property(anyManifests, ({ first }) => {
      const variables = {};
      const text = first.map((each) => stringify(withVariables(each, variables))).join('---\n');
      const files = [
        { path: 'all.yaml', text },
        { path: 'variables.yaml', text: stringify(variables) },
      ];
      const read = readManifests(files, { folder: FOLDER });
      expect(read.problems).toEqual([]);
      expect(read.manifests.map(meaning)).toEqual(readTogether(first).manifests.map(meaning));
    }),
    cases(100),
  );
});
