import { expect, it } from 'vitest';
import { printable, printableLine, printableLines } from '../../../src/core/printable.ts';

it('steers no terminal', () => {
  expect(printable('a\u001b[2Jb\u007f\u009b1m\n\tc\u0000')).toBe(
    String.raw`a\u001b[2Jb\u007f\u009b1m\u000a\u0009c\u0000`,
  );
  expect(printableLines('a\rb\n\tc')).toBe('a\\u000db\n\tc');
  expect(printableLine('a\r\tb\u0085\n')).toBe('a\\u000d\tb\\u0085\\u000a');
  expect(printable('Grüße, 世界 🚢')).toBe('Grüße, 世界 🚢');
});
