import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Folder } from '../../../src/manifest/folder.ts';
import { readManifests } from '../../../src/manifest/read.ts';
import type { SourceFile } from '../../../src/manifest/document.ts';
import { blocksOf, commandsOf, pages, readPage, ROOT, type Block } from '../../support/docs.ts';

const BLOCKS = pages().flatMap((page) => blocksOf(page));
const place = ({ page, line }: Block): string => `${page}:${line}`;
const hasFields = (pattern: RegExp) =>
  BLOCKS.filter((block) => /^(ya?ml|json)$/.test(block.language) && pattern.test(block.text));
const MANIFESTS = hasFields(/^\s*"?kind"?:/m).map((block) => [place(block), block] as const);
const CONFIGS = hasFields(/^(cluster|repository|docker|balancer|status|stateDir|prune|policy|node):/m).map(
  (block) => [place(block), block] as const,
);
/** Run by test/contract/docs.test.ts, but for `sh`, which no test can run. */
const LANGUAGES = ['yaml', 'json', 'console', 'sh', 'ini', 'text', 'md', 'ts', 'mermaid'];

test('every block has a language', () => {
  expect(BLOCKS.filter(({ language }) => !LANGUAGES.includes(language)).map(place)).toEqual([]);
});

test('console blocks can be read', () => {
  const consoles = BLOCKS.filter(({ language }) => language === 'console');
  expect(consoles.flatMap(commandsOf).length).toBeGreaterThan(0);
});

/** Files that are no manifests are made by the page's own commands. */
const ANY_FILE: Folder = {
  readText: () => ({ text: '' }),
  readFiles: () => ({ files: [{ path: '', content: Buffer.of(), isExecutable: false }] }),
};

describe('manifests are valid', () => {
  test.each(MANIFESTS)('%s', (_, block) => {
    const { files, cluster } = folderOf(block);
    const { problems } = readManifests(files, { cluster, folder: ANY_FILE });
    // A load balancer may be shown without its service.
    expect(problems.filter(({ reason }) => reason !== 'unknown-service')).toEqual([]);
  });
});

/** A manifest with the variables of its folder, and one of a cluster with the manifests that it changes. */
function folderOf(block: Block): { files: SourceFile[]; cluster: string } {
  const { page, language, text, file = `folder/${page}.${language}` } = block;
  const folder = file.slice(0, file.indexOf('/') + 1);
  const cluster = /^clusters\/(\w+)\//.exec(file.slice(folder.length))?.[1];
  const others = BLOCKS.filter((other) => other.page === page && other !== block && other.file?.startsWith(folder));
  const needed = others.filter((other) => cluster !== undefined || other.file === `${folder}variables.yaml`);
  const files = [{ path: file, text }, ...needed.map((other) => ({ path: other.file ?? '', text: other.text }))];
  const inFolder = files.map((each) => ({ ...each, path: each.path.slice(folder.length) }));
  return { files: inFolder, cluster: cluster ?? 'default' };
}

describe('configurations load', () => {
  test.each(CONFIGS)('%s', (_, { text }) => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-docs-'));
    writeFileSync(join(folder, 'fairlead.yaml'), text);
    const loaded = loadConfig({ cwd: folder, env: { HOME: folder, GIT_TOKEN: 'secret' } });
    rmSync(folder, { recursive: true });
    expect('problems' in loaded ? loaded.problems : []).toEqual([]);
  });
});

describe('links lead somewhere', () => {
  test.each(pages())('%s', (page) => {
    const prose = readPage(page).replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !/^https:/.test(target) && !leadsSomewhere(page, target))).toEqual([]);
  });
});

/** A file of the project, or a heading of one. */
function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchors(readPage(file)).includes(anchor);
}

/** As hosting sites make them from headings. */
function anchors(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}
