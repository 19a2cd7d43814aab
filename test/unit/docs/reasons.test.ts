import { expect, test } from 'vitest';
import { REASONS, WARNINGS } from '../../../src/core/reason.ts';
import { readPage } from '../../support/docs.ts';

const PARTS = ['Meaning', 'Fairlead', 'You'];
const [reasons = '', warnings = ''] = readPage('docs/reasons.md').split('## Warnings');

test('there is one section for each reason code, in the order of the code', () => {
  expect(titles(reasons)).toEqual(Object.values(REASONS).flat());
});

test('there is one section for each warning', () => {
  expect(titles(warnings)).toEqual([...WARNINGS]);
});

test('each says what it means, what Fairlead does and what the reader does', () => {
  const sections = `${reasons}${warnings}`.split('\n### ').slice(1);
  const wrong = sections.filter((section) => boldWords(section).join() !== PARTS.join());
  expect(wrong).toEqual([]);
});

function titles(text: string): string[] {
  return [...text.matchAll(/^### (.*)$/gm)].map(([, title = '']) => title);
}

/** The words that the paragraphs begin with. */
function boldWords(section: string): string[] {
  return [...section.matchAll(/^\*\*(\w+)\.?\*\*/gm)].map(([, word = '']) => word);
}
