import { Document as YamlDocument, isMap, isScalar, isSeq } from 'yaml';
import type { ScalarTag } from 'yaml';
import type { Source } from '../core/model.ts';
import { collect } from './collect.ts';
import type { Document, SourceFile } from './document.ts';
import { printPath, type Path } from './path.ts';
import type { Use } from './variables.ts';

/** Where a value comes from. */
interface Origin extends Source {
  /** As it is written, where that is not how the number, true or false prints: `1.10`. */
  readonly written?: string;
  /** The variables that went into it. */
  readonly variables?: readonly Use[];
}

/** What is printed letter for letter. */
class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const VERBATIM: ScalarTag = {
  tag: 'tag:fairlead,2026:verbatim',
  default: true,
  identify: (value) => value instanceof Verbatim,
  resolve: (text) => text,
  stringify: ({ value }) => (value as Verbatim).text,
};

/** A manifest as its cluster has it. */
interface RenderedManifest {
  readonly value: unknown;
  /** By path, such as `ports[0].port`; of each value that holds no others. */
  readonly origins: Readonly<Record<string, Origin>>;
}

/**
 * Manifests with the values of their variables and with what the cluster's overlay says, also as YAML documents with each
 * value's origin as a comment; pure.
 */
export function renderManifests(
  files: readonly SourceFile[],
  cluster: string,
): { readonly manifests: readonly RenderedManifest[]; readonly yaml: string } {
  const manifests = collect(files, cluster).documents.map((document) => ({
    value: document.value,
    origins: Object.fromEntries(
      leaves(document.value, []).map(([path, value]) => [printPath(path), originOf(document, path, value)]),
    ),
  }));
  return { manifests, yaml: manifests.map(yamlOf).join('---\n') };
}

function leaves(value: unknown, path: Path): [Path, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const children = Object.entries(value).map(
    ([key, child]) => [Array.isArray(value) ? Number(key) : key, child] as const,
  );
  return children.length === 0 ? [[path, value]] : children.flatMap(([key, child]) => leaves(child, [...path, key]));
}

function originOf(document: Document, path: Path, value: unknown): Origin {
  const variables = document.uses?.(path) ?? [];
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  const written = isPlain ? document.written(path) : undefined;
  return {
    ...document.locate(path),
    ...(written !== undefined && written !== String(value) && { written }),
    ...(variables.length > 0 && { variables }),
  };
}

function yamlOf({ value, origins }: RenderedManifest): string {
  const document = new YamlDocument(value, { aliasDuplicateObjects: false, customTags: [VERBATIM] });
  comment(document.contents, [], origins);
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function comment(node: unknown, path: Path, origins: RenderedManifest['origins']): void {
  const origin = origins[printPath(path)];
  if (isScalar(node) && origin?.written !== undefined) node.value = new Verbatim(origin.written);
  if (origin !== undefined && (isScalar(node) || isMap(node) || isSeq(node))) node.comment = ` ${originText(origin)}`;
  if (isSeq(node)) for (const [index, item] of node.items.entries()) comment(item, [...path, index], origins);
  if (!isMap(node)) return;
  for (const { key, value } of node.items) comment(value, [...path, isScalar(key) ? String(key.value) : ''], origins);
}

function originText({ file, line, variables = [] }: Origin): string {
  return [`${file}:${line}`, ...variables.map(useText)].join(', ');
}

function useText({ name, from }: Use): string {
  if (typeof from === 'object') return `${name} from ${from.file}:${from.line}`;
  return from === 'default' ? `default of ${name}` : name;
}
