import fc from 'fast-check';
import { asLines, asLooseMap, asMap, loose, pairs, plain, spelt, type Spelt } from './spelling.ts';

/** Single values as manifests have them, each in the spellings that its schema allows. */

/** Any text, but for what no document may hold: a NUL, and what looks like a variable. */
export const anyText = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 10 }), fc.constantFrom('true', 'false', '1.10', ' a  b ', '#', '{'))
  .filter((text) => !text.includes('\0') && !text.includes('${'));

/** A text that means itself also where a number or a truth value may stand. */
const looseText = fc.oneof(anyText, fc.integer().map(String), fc.constantFrom('0.5', '-0.25', 'true', 'false'));

const anyName = fc
  .oneof(
    fc.constantFrom('A', 'B', 'PATH', 'FAIRLEAD_VERSION', 'CONTEXT_ROOT', 'a.b', '10', '9', '__proto__'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  )
  .filter((name) => /^[^=\s]+$/.test(name) && !/^io\.fairlead\.|[\0$]/.test(name));

const HALF_GIGABYTE = 512;

/** Whole MB from so many on, at most a few GB. */
export function size(leastMegabytes: number): fc.Arbitrary<Spelt> {
  const megabytes = fc.integer({ min: leastMegabytes, max: 600 });
  const halves = fc.integer({ min: 1, max: 6 });
  return fc.oneof(
    spelt(megabytes, Number, ...['M', 'm', 'MB', ' MiB', 'Mi'].map((unit) => (count: number) => `${count}${unit}`)),
    spelt(
      megabytes,
      Number,
      (count) => `${count * 1024}K`,
      (count) => `${count * 1024 ** 2}b`,
    ),
    spelt(
      halves,
      (count) => count * HALF_GIGABYTE,
      (count) => `${count / 2}G`,
      (count) => `${count / 2}gib`,
    ),
  );
}

/** Milliseconds. */
export function duration(least: number, most: number): fc.Arbitrary<Spelt> {
  return spelt(
    fc.integer({ min: least, max: most }),
    (time) => `${time}ms`,
    (time) => time / 1000,
    (time) => `${time / 1000}s`,
    (time) => `${Math.floor(time / 60_000)}m${(time % 60_000) / 1000}s`,
    (time) => `0h${Math.floor(time / 1000)}s${time % 1000}ms`,
  );
}

/** Words as a list, or as a text for a shell's rules. */
export const words: fc.Arbitrary<Spelt> = spelt(
  fc.array(anyText, { minLength: 1, maxLength: 4 }),
  (list) => list,
  (list) => list.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' '),
  (list) => list.map((word) => `"${word.replaceAll(/["\\$`]/g, String.raw`\$&`)}"`).join('\n '),
);

export const variables: fc.Arbitrary<Spelt> = pairs(
  anyName,
  looseText,
  asMap,
  asLooseMap,
  asLines,
  (found) => found.map(([name, value]) => ({ name, value: loose(value) })),
  (found) => found.map(([key, value]) => ({ key, value })),
);

export const labels: fc.Arbitrary<Spelt> = pairs(anyName, looseText, asMap, asLooseMap, asLines);

export const sysctls: fc.Arbitrary<Spelt> = pairs(
  fc.constantFrom('net.core.somaxconn', 'kernel.sem', 'kernel.msgmax', 'fs.mqueue.msg_max'),
  looseText,
  asMap,
  asLooseMap,
  asLines,
);

const anyAddress = fc.constantFrom('10.0.0.5', '::1', 'fe80::1:2', 'host-gateway');

export const extraHosts: fc.Arbitrary<Spelt> = pairs(
  fc.constantFrom('db', 'Db', 'a.example.com', '10'),
  anyAddress,
  asMap,
  asLines,
  (found) => found.map(([host, address]) => `${host}:${address}`),
);

export const capability: fc.Arbitrary<Spelt> = spelt(
  fc.constantFrom('NET_ADMIN', 'SYS_TIME', 'CHOWN', 'ALL'),
  (name) => name,
  (name) => `CAP_${name}`,
  (name) => name.toLowerCase(),
  (name) => `cap_${name.toLowerCase()}`,
);

/** A path, with detours that lead to the same place. */
export function path(paths: fc.Arbitrary<string>): fc.Arbitrary<Spelt> {
  return spelt(
    paths,
    (clean) => clean,
    (clean) => `${clean}/`,
    (clean) => `/.${clean}`,
    (clean) => `/nowhere/..${clean.replace(/\/(?=[^/]*$)/, '//')}`,
  );
}

/** One, as a text or as the only one of a list; or several of them. */
export function oneOrMore<Item extends string>(items: fc.Arbitrary<Item>): fc.Arbitrary<Spelt> {
  const one = spelt(
    items,
    (item) => item,
    (item) => [item],
  );
  return fc.oneof(one, plain(fc.array(items, { maxLength: 3 })));
}
