import { posix } from 'node:path';

/** Readers of single values, for texts that the schema has let through. */

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** Longest duration that a timer can hold. */
export const MAX_DURATION = 2 ** 31 - 1;

/** Milliseconds from `1m30s`, `500ms` or a number of seconds; what is above 0 stays so. */
export function milliseconds(value: string | number): number {
  const exact = typeof value === 'number' ? value * MILLISECONDS.s : sumOfParts(value);
  return exact > 0 ? Math.max(1, Math.round(exact)) : 0;
}

function sumOfParts(text: string): number {
  const parts = [...text.matchAll(/([0-9.]+)(ms|s|m|h)/g)];
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS],
    0,
  );
}

/** Bytes from `128M`, `1.5G`, `64 KiB` or a number of MB; what is above 0 stays so. */
export function bytes(value: string | number): number {
  if (typeof value === 'number') return value * BYTES.m;
  const unit = /[a-z]/i.exec(value)?.[0].toLowerCase() ?? 'b';
  const exact = Number.parseFloat(value) * BYTES[unit as keyof typeof BYTES];
  return exact > 0 ? Math.max(1, Math.floor(exact)) : 0;
}

/** Splits as a POSIX shell would: quotes and backslashes, nothing expanded. Undefined where a quote is left open. */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let rest = text;
  while (rest !== '') {
    const token = nextToken(rest);
    if (token === undefined) return undefined;
    rest = rest.slice(token.length);
    if (token.kind === 'text') word = (word ?? '') + token.text;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

type Token =
  | { readonly kind: 'space'; readonly length: number }
  | { readonly kind: 'text'; readonly text: string; readonly length: number };

function nextToken(rest: string): Token | undefined {
  const space = /^\s+/.exec(rest)?.[0];
  if (space !== undefined) return { kind: 'space', length: space.length };
  const plain = /^[^\s'"\\]+/.exec(rest)?.[0];
  if (plain !== undefined) return { kind: 'text', text: plain, length: plain.length };
  const single = /^'([^']*)'/.exec(rest);
  if (single !== null) return { kind: 'text', text: single[1] ?? '', length: single[0].length };
  const double = /^"((?:[^"\\]|\\[^])*)"/.exec(rest);
  if (double !== null) return { kind: 'text', text: unescaped(double[1] ?? ''), length: double[0].length };
  const escaped = /^\\([^])/.exec(rest);
  if (escaped !== null) return { kind: 'text', text: escaped[1] === '\n' ? '' : (escaped[1] ?? ''), length: 2 };
  return undefined;
}

/** Inside double quotes a backslash is itself but before `$`, a backtick, `"`, a backslash and the end of a line. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([$`"\\\n])/g, (_, character: string) => (character === '\n' ? '' : character));
}

export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}

/** A map whose keys stand in order, so that equal maps print equally. */
export function sortedMap(entries: Iterable<readonly [string, string]>): Record<string, string> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

export function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** An absolute path without `.`, `..`, doubled slashes and a slash at the end: what it really leads to. */
export function cleaned(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** `NET_ADMIN` from any of its spellings. */
export function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}

type Loose<T> = { readonly [K in keyof T]: Partial<T> extends Pick<T, K> ? T[K] | undefined : T[K] };

/** Leaves out the optional fields that are undefined. */
export function present<T extends object>(fields: Loose<T>): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
