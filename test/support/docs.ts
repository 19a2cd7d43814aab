import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a page. */
export interface Block {
  /** `docs/design.md` */
  readonly page: string;
  /** Of its first line of content, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The file that the reader is to write: a first line `# name.yaml` says so. */
  readonly file?: string;
}

/** A line after `$ ` and what it prints. */
export interface Command {
  readonly line: number;
  readonly command: string;
  readonly expected: string;
}

export const ROOT = join(import.meta.dirname, '../..');

/** Every page of the documentation, by its path in the project. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const found = docs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`);
  return ['README.md', 'CONTRIBUTING.md', ...found.sort()];
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The fenced blocks of a page in its order; a fence may stand inside a list. */
export function blocksOf(page: string, markdown = readPage(page)): Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, indent = '', fence = '', language = ''] = /^(\s*)(`{3,})(\w*)/.exec(lines[index] ?? '') ?? [];
    if (fence === '') continue;
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence);
    if (end < 0) throw new Error(`${page}:${index + 1}: the block is not closed`);
    const content = lines.slice(index + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ page, line: index + 2, language, text: `${content.join('\n')}\n`, ...fileOf(content[0]) });
    index = end;
  }
  return blocks;
}

function fileOf(firstLine: string | undefined): Pick<Block, 'file'> {
  const [, file] = /^# ([\w./-]+\.ya?ml)$/.exec(firstLine ?? '') ?? [];
  return file === undefined ? {} : { file };
}

/** The commands of a `console` block with what each prints. */
export function commandsOf({ page, line, text }: Block): Command[] {
  const commands: { line: number; command: string; output: string[] }[] = [];
  for (const [index, content] of text.trimEnd().split('\n').entries()) {
    const last = commands.at(-1);
    if (content.startsWith('$ ')) commands.push({ line: line + index, command: content.slice(2), output: [] });
    else if (last === undefined) throw new Error(`${page}:${line}: a console block begins with a command, after "$ "`);
    else last.output.push(content);
  }
  return commands.map(({ output, ...command }) => ({ ...command, expected: output.join('\n').trim() }));
}
