import type { Source } from '../core/model.ts';

/** What a name stands for. Those that Fairlead gives itself stand in no file. */
export interface Variable {
  readonly text: string;
  readonly source?: Source;
}

/** A variable that went into a text: its value, or its default there. */
export interface Use {
  readonly name: string;
  readonly from: Source | 'default' | 'fairlead';
}

export interface Expansion {
  readonly text: string;
  readonly uses: readonly Use[];
  readonly mistakes: readonly VariableMistake[];
}

export interface VariableMistake {
  readonly reason: 'schema' | 'too-large';
  readonly message: string;
  /** As it is written, at least its beginning. */
  readonly written: string;
}

/** Characters that variables may bring into the manifests in all. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_DEPTH = 16;
const REFERENCE = /\$\$|\$\{(?:([A-Za-z_]\w*)(:-|\})?)?/y;

/** The variables that manifests may name as `${NAME}` and `${NAME:-default}`; `$$` is a dollar sign, as Compose has it. */
export class Variables {
  readonly #values: ReadonlyMap<string, Variable>;
  #left = MAX_CHARACTERS;

  constructor(values: ReadonlyMap<string, Variable> = new Map()) {
    this.#values = values;
  }

  expand(text: string): Expansion {
    const { end: _, ...expansion } = this.#until(undefined, text, 0, 0);
    return expansion;
  }

  /** What is said up to a closing sign, or to the end of the text. */
  #until(closing: '}' | undefined, text: string, start: number, depth: number): Expansion & { end: number } {
    let [said, at] = ['', start];
    const [uses, mistakes]: [Use[], VariableMistake[]] = [[], []];
    while (at < text.length && (closing === undefined || text[at] !== closing)) {
      const found = text[at] === '$' ? this.#reference(text, at, depth) : undefined;
      const end = found?.end ?? nextOf(closing === undefined ? /\$/g : /[$}]/g, text, at + 1);
      said += found?.text ?? text.slice(at, end);
      at = end;
      // One by one: a spread of very many is a RangeError.
      for (const each of found?.uses ?? []) uses.push(each);
      for (const each of found?.mistakes ?? []) mistakes.push(each);
    }
    return { text: said, end: at, uses, mistakes };
  }

  /** What begins with a dollar sign there; undefined where that is no more than itself. */
  #reference(text: string, at: number, depth: number): (Expansion & { end: number }) | undefined {
    REFERENCE.lastIndex = at;
    const [written, name, then] = REFERENCE.exec(text) ?? [];
    if (written === undefined) return undefined;
    const end = at + written.length;
    if (written === '$$') return { text: '$', end, uses: [], mistakes: [] };
    if (name === undefined || then === undefined) return wrong(text, at);
    const variable = this.#values.get(name);
    if (then === '}') return { end, ...this.#valueOf(written, name, variable) };
    if (depth === MAX_DEPTH) return wrong(text, at);
    const instead = this.#until('}', text, end, depth + 1);
    if (text[instead.end] !== '}') return wrong(text, at);
    const isSet = variable !== undefined && variable.text !== '';
    const given = isSet
      ? this.#valueOf(written, name, variable)
      : { ...instead, uses: [{ name, from: 'default' as const }, ...instead.uses] };
    return { ...given, end: instead.end + 1 };
  }

  #valueOf(written: string, name: string, variable: Variable | undefined): Expansion {
    if (variable === undefined) return mistaken(written, 'schema', undefinedMessage(name));
    const { text, source } = variable;
    this.#left -= text.length;
    if (this.#left < 0) return mistaken(written, 'too-large', 'Variables make the manifests larger than 16 MiB.');
    return { text, uses: [{ name, from: source ?? 'fairlead' }], mistakes: [] };
  }
}

/** Where one of these signs stands next; the end of the text where none does. */
function nextOf(signs: RegExp, text: string, from: number): number {
  signs.lastIndex = from;
  return signs.exec(text)?.index ?? text.length;
}

function undefinedMessage(name: string): string {
  return `The variable \`${name}\` is not defined. Define it in variables.yaml, write \${${name}:-default}, or write $\${${name}} where a shell in the container is to see it.`;
}

function wrong(text: string, at: number): Expansion & { end: number } {
  const rest = text.slice(at, at + 40);
  const message = `\`${rest}\` is not a variable: write \${NAME} or \${NAME:-default}, and $$ for a dollar sign.`;
  return { ...mistaken(rest, 'schema', message), end: text.length };
}

function mistaken(written: string, reason: VariableMistake['reason'], message: string): Expansion {
  return { text: '', uses: [], mistakes: [{ reason, message, written }] };
}
