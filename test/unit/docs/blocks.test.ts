import { expect, test } from 'vitest';
import { blocksOf, commandsOf } from '../../support/docs.ts';
import { PageIds } from '../../support/docs-output.ts';

const PAGE = `# A page

\`\`\`yaml
# manifests/web.yaml
kind: Service
\`\`\`

1. In a list

   \`\`\`console
   $ fairlead validate .
   1 manifest valid
   $ git push
   \`\`\`
`;

test('blocks have their language, line, text and the file that their first line names', () => {
  const [file, commands] = blocksOf('page.md', PAGE);
  expect(file).toEqual({
    page: 'page.md',
    line: 4,
    language: 'yaml',
    text: '# manifests/web.yaml\nkind: Service\n',
    file: 'manifests/web.yaml',
  });
  expect(commands).toMatchObject({ line: 11, language: 'console' });
});

test('a console block is commands with their output', () => {
  const block = blocksOf('page.md', PAGE)[1];
  expect(block && commandsOf(block)).toEqual([
    { line: 11, command: 'fairlead validate .', expected: '1 manifest valid' },
    { line: 13, command: 'git push', expected: '' },
  ]);
});

test('a block that is not closed, and output without a command, are mistakes of the page', () => {
  expect(() => blocksOf('page.md', '```yaml\nkind: Service\n')).toThrow('page.md:1: the block is not closed');
  expect(() => commandsOf({ page: 'page.md', line: 3, language: 'console', text: 'output\n' })).toThrow('page.md:3');
});

test('output is compared word by word', () => {
  const ids = new PageIds();
  expect(ids.match('2 manifests valid', '2 manifests valid\n')).toBe(true);
  expect(ids.match('2 manifests valid', '3 manifests valid\n')).toBe(false);
  expect(ids.match('2 manifests valid', '2 manifests valid\nand more\n')).toBe(false);
  expect(ids.match('', '\n')).toBe(true);
  expect(ids.match('', 'a line\n')).toBe(false);
  expect(ids.match('a.b', 'axb')).toBe(false);
});

test('… stands for a part of a line, or for any number of lines', () => {
  const ids = new PageIds();
  expect(ids.match('since …  restarts 0', 'since 2026-11-21  restarts 0')).toBe(true);
  expect(ids.match('since …  restarts 0', 'since 2026\n11-21  restarts 0')).toBe(false);
  expect(ids.match('first\n…\nlast', 'first\nlast')).toBe(true);
  expect(ids.match('first\n…\nlast', 'first\n1\n2\nlast')).toBe(true);
  expect(ids.match('first\n…\nlast', 'first\n1\n2\n')).toBe(false);
});

test('an id stands for the one of the run, everywhere the same, and two are two', () => {
  const ids = new PageIds();
  expect(ids.match('web@1a2b3c4 → web@5d6e7f8', 'web@0a0a0a0 → web@0b0b0b0')).toBe(true);
  expect(ids.match('web@1a2b3c4', 'web@0a0a0a0')).toBe(true);
  expect(ids.match('web@1a2b3c4', 'web@0b0b0b0')).toBe(false);
  expect(ids.match('web@9c9c9c9', 'web@0b0b0b0')).toBe(false);
  expect(new PageIds().match('1a2b3c4 1a2b3c4', '0a0a0a0 0b0b0b0')).toBe(false);
  expect(new PageIds().match('1a2b3c4 1a2b3c4', '0a0a0a0 0a0a0a0')).toBe(true);
  expect(ids.inCommand('git revert 5d6e7f8')).toBe('git revert 0b0b0b0');
});
