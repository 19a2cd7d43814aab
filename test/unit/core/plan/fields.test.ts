import { expect, it } from 'vitest';
import { durationText, fieldChanges, specFields } from '../../../../src/core/plan/fields.ts';
import { containerSpec } from '../../../support/specs.ts';

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

it.each([
  [0, '0s'],
  [250, '250ms'],
  [1_000, '1s'],
  [1_500, '1500ms'],
  [90_000, '90s'],
  [120_000, '2m'],
  [7_200_000, '2h'],
])('writes %d milliseconds as a manifest does: %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});

it('writes times and sizes of a container as its manifest does', () => {
  const check = { command: ['CMD', 'true'], interval: 30_000, timeout: 500, retries: 3, startPeriod: 0 };
  const spec = { image: 'web:v1', stopGracePeriod: 10_000, shmSize: 64 * 1024 ** 2, healthCommand: check };
  const texts = fieldChanges(specFields(containerSpec({ image: 'web:v1' })), specFields(containerSpec(spec)), true);
  expect(texts.map(({ path, to }) => `${path} ${to ?? ''}`)).toEqual([
    'healthCheck.command CMD, true',
    'healthCheck.interval 30s',
    'healthCheck.retries 3',
    'healthCheck.startPeriod 0s',
    'healthCheck.timeout 500ms',
    'shmSize 64M',
    'stopGracePeriod 10s',
  ]);
});

it('says of each change whether it forces a new release', () => {
  expect(fieldChanges({}, { a: 1 }, true)).toEqual([{ path: 'a', to: '1', forcesReplacement: true }]);
});
