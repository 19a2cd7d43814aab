import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document as YamlDocument } from 'yaml';
import type { Source } from '../core/model.ts';
import type { Problem } from '../core/reason.ts';
import { DocumentReader, position, syntaxProblem, tooLarge } from './document-reader.ts';
import type { Path } from './path.ts';
import type { Use, VariableMistake, Variables } from './variables.ts';

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
  /** The variables that went into the value at a path. */
  readonly uses?: (path: Path) => readonly Use[];
  /** What is wrong with its variables. */
  readonly mistakes?: readonly MistakenVariable[];
}

export interface MistakenVariable extends VariableMistake {
  readonly path: Path;
  readonly place: Source;
}

export interface Documents {
  readonly documents: readonly Document[];
  readonly problems: readonly Problem[];
}

const MAX_DOCUMENTS = 1000;
const TOO_DEEP = 'is nested too deeply to be read';

/**
 * Reads every document of a text; what is empty is left out. A text with a syntax error gives one problem and no document.
 * Without variables a dollar sign is no more than itself.
 */
export function parseDocuments(file: SourceFile, variables?: Variables): Documents {
  const lines = new LineCounter();
  const parsed = parse(file, lines);
  if ('problem' in parsed) return { documents: [], problems: [parsed.problem] };
  const read = parsed.documents.map((yaml) => new DocumentReader(file, { lines, yaml, variables }));
  const problems = read.flatMap((each) => each.problems);
  return { documents: problems.length > 0 ? [] : read.filter(({ value }) => value !== null), problems };
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

function sentence(message: string): string {
  return `The file is not valid YAML: ${message.replace(/\.?$/, '.')}`;
}
