import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Document as YamlDocument, Node, Pair, YAMLMap } from 'yaml';
import type { Source } from '../core/model.ts';
import type { Problem } from '../core/reason.ts';
import { printPath } from './path.ts';
import type { Path } from './path.ts';

/** A text as it came from a file; `path` is for people and, for manifests, relative to the folder that is read. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One YAML (or JSON) document as plain values that still know where they stood. */
export interface Document {
  readonly file: string;
  readonly value: unknown;
  /** Where the key or the value at a path stands; its nearest parent where it is not written. */
  readonly locate: (path: Path, part?: 'key' | 'value') => Source;
  /** A scalar as its author wrote it, so that `1.10` is not taken for `1.1`. */
  readonly written: (path: Path) => string | undefined;
}

export interface Documents {
  readonly documents: readonly Document[];
  readonly problems: readonly Problem[];
}

/** More values than this in one document, aliases expanded, are refused. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;
const MAX_DOCUMENTS = 1000;
const TOO_DEEP = 'is nested too deeply to be read';

/** Reads every document of a text; what is empty is left out. A text with a syntax error gives one problem and no document. */
export function parseDocuments(file: SourceFile): Documents {
  const lines = new LineCounter();
  const parsed = parse(file, lines);
  if ('problem' in parsed) return { documents: [], problems: [parsed.problem] };
  const documents: Document[] = [];
  const problems: Problem[] = [];
  for (const yaml of parsed.documents) {
    const read = new DocumentReader(file.path, lines, yaml);
    if (read.value !== null) documents.push(read);
    problems.push(...read.problems);
  }
  return problems.length > 0 ? { documents: [], problems } : { documents, problems };
}

type Parsed = { readonly documents: readonly YamlDocument[] } | { readonly problem: Problem };

function parse(file: SourceFile, lines: LineCounter): Parsed {
  let documents: readonly YamlDocument[];
  try {
    // uniqueKeys is checked in DocumentReader: the library's own check is quadratic.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, schema: 'core' } as const;
    documents = parseAllDocuments(file.text, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { problem: tooLarge(file.path, { line: 1, column: 1 }, TOO_DEEP) };
  }
  if (documents.length > MAX_DOCUMENTS) {
    return { problem: tooLarge(file.path, { line: 1, column: 1 }, `is one of more than ${MAX_DOCUMENTS} in a file`) };
  }
  const error = documents.flatMap((document) => [...document.errors, ...document.warnings])[0];
  if (error === undefined) return { documents };
  const place = position(lines, error.pos[0]);
  if (error.message.includes('call stack')) return { problem: tooLarge(file.path, place, TOO_DEEP) };
  return { problem: syntaxProblem(file.path, place, sentence(error.message)) };
}

class DocumentReader implements Document {
  readonly file: string;
  readonly value: unknown;
  readonly problems: Problem[] = [];
  readonly #lines: LineCounter;
  readonly #yaml: YamlDocument;
  readonly #index = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  #values = 0;

  constructor(file: string, lines: LineCounter, yaml: YamlDocument) {
    this.file = file;
    this.#lines = lines;
    this.#yaml = yaml;
    this.value = this.#read(yaml.contents, []);
  }

  readonly locate = (path: Path, part: 'key' | 'value' = 'value'): Source => {
    let node: unknown = this.#yaml.contents;
    let offset = offsetOf(node) ?? 0;
    for (const [index, step] of path.entries()) {
      const child = this.#child(node, step);
      if (child === undefined) break;
      const wantsKey = part === 'key' && index === path.length - 1;
      offset = (wantsKey ? undefined : offsetOf(child.value)) ?? offsetOf(child.key) ?? offset;
      node = child.value;
    }
    return { file: this.file, ...position(this.#lines, offset) };
  };

  readonly written = (path: Path): string | undefined => {
    let node: unknown = this.#yaml.contents;
    for (const step of path) node = this.#child(node, step)?.value;
    const scalar = this.#resolve(node);
    return isScalar(scalar) ? scalar.source : undefined;
  };

  #child(parent: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
    const node = this.#resolve(parent);
    if (isSeq(node) && typeof step === 'number') return { key: undefined, value: node.items[step] };
    if (!isMap(node)) return undefined;
    return this.#pairs(node).get(String(step));
  }

  /** The map's pairs by key, so that finding many of them is not quadratic. */
  #pairs(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#index.get(map);
    if (known !== undefined) return known;
    const index = new Map(map.items.map((pair) => [keyText(pair), pair]));
    this.#index.set(map, index);
    return index;
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#yaml) : node;
  }

  #read(node: unknown, path: Path): unknown {
    if (this.#isTooLarge(node, path)) return undefined;
    if (isAlias(node)) return this.#read(node.resolve(this.#yaml), path);
    if (isMap(node)) return Object.fromEntries(this.#entries(node, path));
    if (isSeq(node)) return node.items.map((item, index) => this.#read(item, [...path, index]));
    if (!isScalar(node)) return null;
    if (typeof node.value === 'string' && node.value.includes('\0')) this.#syntax(node, path, 'has a NUL character');
    return node.value;
  }

  #isTooLarge(node: unknown, path: Path): boolean {
    this.#values += 1;
    if (this.#values <= MAX_VALUES && path.length <= MAX_DEPTH) return false;
    if (this.problems.length === 0) {
      const place = position(this.#lines, offsetOf(node) ?? 0);
      const limit =
        path.length > MAX_DEPTH ? `is nested deeper than ${MAX_DEPTH} levels` : `holds more than ${MAX_VALUES} values`;
      this.problems.push(tooLarge(this.file, place, `${limit}, its YAML aliases expanded`));
    }
    return true;
  }

  #entries(map: YAMLMap, path: Path): [string, unknown][] {
    const first = new Map<string, number>();
    return map.items.map((pair) => {
      const key = keyText(pair);
      const here = [...path, key];
      if (!isScalar(pair.key)) this.#syntax(pair.key, path, 'has a key that is not a plain text');
      const earlier = first.get(key);
      const offset = offsetOf(pair.key) ?? 0;
      if (earlier === undefined) first.set(key, offset);
      else
        this.#syntax(
          pair.key,
          here,
          `is written twice; the first one is in line ${position(this.#lines, earlier).line}`,
        );
      return [key, this.#read(pair.value, here)];
    });
  }

  #syntax(node: unknown, path: Path, what: string): void {
    const message = path.length === 0 ? `The document ${what}.` : `\`${printPath(path)}\` ${what}.`;
    const problem = syntaxProblem(this.file, position(this.#lines, offsetOf(node) ?? 0), message);
    this.problems.push({ ...problem, path: printPath(path) });
  }
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : String(pair.key);
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function sentence(message: string): string {
  return `The file is not valid YAML: ${message.replace(/\.?$/, '.')}`;
}

function syntaxProblem(file: string, place: { line: number; column: number }, message: string): Problem {
  return { layer: 'validation', reason: 'syntax', message, file, ...place };
}

function tooLarge(file: string, place: { line: number; column: number }, what: string): Problem {
  return { layer: 'validation', reason: 'too-large', message: `The document ${what}.`, file, ...place };
}
