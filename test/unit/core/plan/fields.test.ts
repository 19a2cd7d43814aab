import { expect, it } from 'vitest';
import { fieldChanges } from '../../../../src/core/plan/fields.ts';

it.each<[string, object, object, string[]]>([
  ['nothing that is equal', { a: 1, b: { c: [2] } }, { a: 1, b: { c: [2] } }, []],
  ['a value', { image: 'web:v1' }, { image: 'web:v2' }, ['image: web:v1 → web:v2']],
  ['what is new and what is gone', { old: 'x' }, { fresh: 0 }, ['fresh: (none) → 0', 'old: x → (none)']],
  ['maps by their keys, sorted', { e: { B: '1', A: '1' } }, { e: { B: '2', A: '2' } }, ['e.A: 1 → 2', 'e.B: 1 → 2']],
  ['lists as a whole', { command: ['a', 'b'] }, { command: ['b', 'a'] }, ['command: a, b → b, a']],
  [
    'lists of fields in words',
    { ports: [] },
    { ports: [{ port: 80, protocol: 'tcp', publish: false, hostPort: undefined }] },
    ['ports: (none) → port 80 protocol tcp'],
  ],
  ['nothing between none, empty and false', { a: [], b: {}, c: false, d: null }, { d: undefined }, []],
  [
    'true, zero and the empty text',
    {},
    { a: true, b: 0, c: '' },
    ['a: (none) → true', 'b: (none) → 0', 'c: (none) → '],
  ],
])('a list of changes has %s', (_, from, to, changes) => {
  const texts = fieldChanges(from, to, false).map(
    (each) => `${each.path}: ${each.from ?? '(none)'} → ${each.to ?? '(none)'}`,
  );
  expect(texts).toEqual(changes);
});

it('says of each change whether it forces a new release', () => {
  expect(fieldChanges({}, { a: 1 }, true)).toEqual([{ path: 'a', to: '1', forcesReplacement: true }]);
});
