import { isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Alias, Document as YamlDocument, LineCounter, Node, Pair, Scalar, YAMLMap } from 'yaml';
import type { Source } from '../core/model.ts';
import type { Problem } from '../core/reason.ts';
import type { Document, MistakenVariable, SourceFile } from './document.ts';
import { printPath } from './path.ts';
import type { Path } from './path.ts';
import type { Expansion, Use, Variables } from './variables.ts';

/** More values than this in one document, aliases expanded, are refused. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;
/** More problems than this in one document help nobody. */
const MAX_PROBLEMS = 100;

interface Expanded extends Expansion {
  readonly value: unknown;
}

/** Reads one YAML document into plain values. */
export class DocumentReader implements Document {
  readonly file: string;
  readonly value: unknown;
  readonly problems: Problem[] = [];
  readonly mistakes: MistakenVariable[] = [];
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #yaml: YamlDocument;
  readonly #variables: Variables | undefined;
  readonly #expansions = new WeakMap<Scalar, Expanded>();
  readonly #index = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  #targets: ReadonlyMap<Alias, Node | undefined> | undefined;
  #values = 0;

  constructor(
    { path, text }: SourceFile,
    { lines, yaml, variables }: { lines: LineCounter; yaml: YamlDocument; variables: Variables | undefined },
  ) {
    this.file = path;
    this.#text = text;
    this.#lines = lines;
    this.#yaml = yaml;
    this.#variables = variables;
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
    const scalar = this.#scalarAt(path);
    return scalar && (this.#expansions.get(scalar)?.text ?? scalar.source);
  };

  readonly uses = (path: Path): readonly Use[] => {
    const scalar = this.#scalarAt(path);
    return (scalar && this.#expansions.get(scalar)?.uses) ?? [];
  };

  #scalarAt(path: Path): Scalar | undefined {
    let node: unknown = this.#yaml.contents;
    for (const step of path) node = this.#child(node, step)?.value;
    const scalar = this.#resolve(node);
    return isScalar(scalar) ? scalar : undefined;
  }

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
    return isAlias(node) ? this.#targetOf(node) : node;
  }

  #targetOf(alias: Alias): Node | undefined {
    this.#targets ??= targetsOf(this.#yaml);
    return this.#targets.get(alias);
  }

  #read(node: unknown, path: Path): unknown {
    if (this.problems.length >= MAX_PROBLEMS || this.#isTooLarge(node, path)) return undefined;
    if (isAlias(node)) return this.#readTarget(node, path);
    if (isMap(node)) return Object.fromEntries(this.#entries(node, path));
    if (isSeq(node)) return node.items.map((item, index) => this.#read(item, [...path, index]));
    if (!isScalar(node)) return null;
    if (typeof node.value === 'string' && node.value.includes('\0')) this.#syntax(node, path, 'has a NUL character');
    const isText = typeof node.value === 'string' && node.value.includes('$');
    return isText && this.#variables !== undefined ? this.#expanded(node, path, this.#variables) : node.value;
  }

  #readTarget(alias: Alias, path: Path): unknown {
    const target = this.#targetOf(alias);
    if (target !== undefined) return this.#read(target, path);
    this.#syntax(alias, path, 'names an anchor that is not defined before it');
    return undefined;
  }

  /** What is written without quotes may become a number or a truth, as if the variable's value stood there. */
  #expanded(node: Scalar, path: Path, variables: Variables): unknown {
    const known = this.#expansions.get(node);
    if (known !== undefined) return known.value;
    const expansion = variables.expand(String(node.value));
    const value = valueOf(node, expansion);
    this.#expansions.set(node, { ...expansion, value });
    this.#blame(node, path, expansion);
    return value;
  }

  /** Where a mistake is written in signs of YAML it is said of the whole value, and only one of them. */
  #blame(node: Scalar, path: Path, { mistakes }: Expansion): void {
    const [start = 0, end = start] = node.range ?? [];
    const source = this.#text.slice(start, end);
    const said = new Set<number>();
    let from = 0;
    for (const mistake of mistakes.slice(0, MAX_PROBLEMS - this.mistakes.length)) {
      const found = referenceIn(source, mistake.written, from);
      from = found === undefined ? from : found + 1;
      const at = found ?? 0;
      const place = { file: this.file, ...position(this.#lines, start + at) };
      if (!said.has(at)) this.mistakes.push({ ...mistake, path, place });
      said.add(at);
    }
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
    if (this.problems.length >= MAX_PROBLEMS) return;
    const message = path.length === 0 ? `The document ${what}.` : `\`${printPath(path)}\` ${what}.`;
    const problem = syntaxProblem(this.file, position(this.#lines, offsetOf(node) ?? 0), message);
    this.problems.push({ ...problem, path: printPath(path) });
  }
}

/** What each alias stands for: of its name the last anchor before it. One pass, as `Alias.resolve` visits all for each. */
function targetsOf(document: YamlDocument): ReadonlyMap<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  visit(document, {
    Node: (_, node, above) => {
      if (isAlias(node)) targets.set(node, anchors.get(node.source));
      else if (node.anchor !== undefined) anchors.set(node.anchor, node);
      // Pairs are steps of their own; what is nested deeper is refused.
      return above.length > 2 * MAX_DEPTH ? visit.SKIP : undefined;
    },
  });
  return targets;
}

function valueOf({ type }: Scalar, { text, uses }: Expansion): unknown {
  return type === 'PLAIN' && uses.length > 0 ? plainValue(text) : text;
}

/** What YAML takes a text for that is written without quotes; a text that says more than one value is itself. */
function plainValue(text: string): unknown {
  const { contents, errors } = parseDocument(text, { schema: 'core', logLevel: 'silent' });
  const isOneValue = errors.length === 0 && isScalar(contents) && contents.source === text;
  return isOneValue && contents.type === 'PLAIN' ? contents.value : text;
}

/** Where a reference stands next; one with its dollar sign doubled is none. */
function referenceIn(source: string, written: string, from: number): number | undefined {
  for (let at = source.indexOf(written, from); at !== -1; at = source.indexOf(written, at + 1)) {
    let before = at;
    while (source[before - 1] === '$') before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return undefined;
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : String(pair.key);
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

export function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

export function syntaxProblem(file: string, place: { line: number; column: number }, message: string): Problem {
  return { layer: 'validation', reason: 'syntax', message, file, ...place };
}

export function tooLarge(file: string, place: { line: number; column: number }, what: string): Problem {
  return { layer: 'validation', reason: 'too-large', message: `The document ${what}.`, file, ...place };
}
