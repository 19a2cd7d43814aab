import { expect, it } from 'vitest';
import { printable, printableLines } from '../../../src/commands/printable.ts';

it('steers no terminal', () => {
  expect(printable('a\u001b[2Jb\u007f\u009b1m\n\tc\u0000')).toBe(
    String.raw`a\u001b[2Jb\u007f\u009b1m\u000a\u0009c\u0000`,
  );
  expect(printableLines('a\rb\n\tc')).toBe('a\\u000db\n\tc');
  expect(printable('Grüße, 世界 🚢')).toBe('Grüße, 世界 🚢');
});
