import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { clustersIn, readDirectory } from '../../src/manifest/files.ts';
import { ROOT } from './docs.ts';

const FOLDER = join(ROOT, 'examples/compose');

/** A Compose file, as far as it is compared; overrides are files of their own. */
type Original = Readonly<Record<string, unknown>> & {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

export interface Row {
  readonly compose: string;
  readonly fairlead: string;
}

/** An example of `examples/compose`: what was written for Compose, the table of its README, and its manifests. */
export interface ComposeExample {
  readonly name: string;
  readonly text: string;
  readonly originals: readonly Original[];
  readonly rows: readonly Row[];
  readonly sets: readonly ReturnType<typeof readDirectory>[];
}

export const composeExamples = (): ComposeExample[] => readdirSync(FOLDER).map(readExample);

export const inExample = (name: string, file: string): string => join(FOLDER, name, file);

function readExample(name: string): ComposeExample {
  const files = readdirSync(inExample(name, '.')).filter((file) => /^compose.*\.yaml$/.test(file));
  const texts = files.map((file) => readFileSync(inExample(name, file), 'utf8'));
  return {
    name,
    text: texts.join('\n'),
    originals: texts.map((text) => parse(text, { merge: true }) as Original),
    rows: rowsOf(readFileSync(inExample(name, 'README.md'), 'utf8')),
    sets: setsOf(name),
  };
}

/** The first two columns of the tables of a page, without their heads. */
export function rowsOf(markdown: string): Row[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('|') && !/^\| (?:Compose|-+) /.test(line));
  return rows.map((line) => {
    const [, compose = '', fairlead = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return { compose, fairlead };
  });
}

/** What the names in a cell begin with: `ports` of `` `ports: 80:80` ``. */
export function fieldsOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.split(/[^\w-]/)[0] ?? '');
}

/** The manifests as each cluster has them, on the host that the example's own configuration describes. */
function setsOf(name: string): ComposeExample['sets'] {
  const loaded = loadConfig({ cwd: inExample(name, '.'), env: { HOME: FOLDER } });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const { policy, balancer } = loaded.config;
  const folder = inExample(name, 'manifests');
  const clusters = clustersIn(folder);
  return (clusters.length > 0 ? clusters : ['default']).map((cluster) =>
    readDirectory(folder, { cluster, policy, balancerPorts: [{ port: balancer.http, setting: 'balancer.http' }] }),
  );
}
