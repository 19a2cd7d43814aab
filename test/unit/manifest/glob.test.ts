import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches } from '../../../src/manifest/glob.ts';

describe('a glob', () => {
  it.each<[string, string, boolean]>([
    ['a-b/**', 'a-b/c', true],
    ['a-b/**', 'a-b/c/d', true],
    ['a-b/*', 'a-b/c/d', false],
    ['tty?', 'ttyS', true],
    ['tty?', 'tty/', false],
    ['a.b', 'axb', false],
  ])('%s and %s: %s', (glob, text, expected) => {
    expect(matches(glob, text)).toBe(expected);
  });

  it('without wildcards is the text itself, whatever signs it has', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((each) => !/[*?]/.test(each));
    fc.assert(fc.property(text, text, (one, other) => matches(one, one) && matches(one, other) === (one === other)));
  });

  it('that ends in ** takes whatever begins like it', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((each) => !/[*?]/.test(each));
    fc.assert(fc.property(text, fc.string({ unit: 'grapheme' }), (start, end) => matches(`${start}**`, start + end)));
  });
});
