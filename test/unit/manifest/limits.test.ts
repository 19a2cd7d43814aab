import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases, patience } from '../../support/cases.ts';
import { read } from './reading.ts';

const reasons = (text: string): string[] => read(text).problems.map(({ reason }) => reason);

describe('a text from a stranger', patience(60_000), () => {
  const bomb = Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1},`.repeat(9)}]`).join(
    '\n',
  );
  const steps = Array.from({ length: 1500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');

  it.each<[string, string]>([
    ['an alias bomb', bomb],
    ['an alias of itself', 'kind: Service\nlabels: &a { x: *a }'],
    ['deep brackets', '['.repeat(100_000)],
    ['deep blocks', steps],
    ['a thousand documents and one', '---\nkind: x\n'.repeat(1001)],
    ['a hundred thousand values', `kind: Service\nx: [${'1,'.repeat(100_000)}]`],
  ])('with %s is too large', (_, text) => {
    expect(reasons(text)).toEqual(['too-large']);
  });

  it.each<[string, string]>([
    ['keys', Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['aliases', `kind: Service\nname: &a a\nx: [${'*a,'.repeat(40_000)}]`],
    ['one key, again and again', `kind: Service\n${'name: a\n'.repeat(5000)}`],
    [
      'variables',
      `kind: Service\nname: a\nimage: a:1\nenvironment:\n${Array.from({ length: 40_000 }, (_, index) => `  k${index}: 1`).join('\n')}`,
    ],
  ])('with many %s takes a time that is linear', (_, text) => {
    const started = process.cpuUsage();
    read(text);
    expect(process.cpuUsage(started).user).toBeLessThan(10_000_000);
  });

  it.each<[string, string]>([
    ['one key, again and again', `kind: Service\n${'name: a\n'.repeat(120_000)}`],
    ['variables in a value', `kind: Service\nname: "${'${A}'.repeat(200_000)}"`],
    ['variables in values', `kind: Service\nx: [${"'${A}',".repeat(50_000)}]`],
  ])('with very many problems of %s has the first hundred', (_, text) => {
    const { length } = read(text).problems;
    expect(length).toBeGreaterThanOrEqual(100);
    expect(length).toBeLessThan(110);
  });

  it('may name a variable as often as it likes', () => {
    const text = `kind: Service\nname: web\nimage: a:1\ndescription: "\${NONE:-${'${FAIRLEAD_CLUSTER}'.repeat(200_000)}}"`;
    expect(() => read(text)).not.toThrow();
  });

  it('never throws, and each problem has its place', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true }));
    const key = fc.constantFrom(
      'name',
      'image',
      'ports',
      'environment',
      'mounts',
      'healthCheck',
      'http',
      'update',
      'limits',
      'labels',
      'memory',
      'hostnames',
      'service',
      'port',
      'timeouts',
      'value',
      'source',
      'target',
      'envFile',
      'x',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 6 }),
      ),
    }));
    const manifest = fc.tuple(fc.constantFrom('Service', 'LoadBalancer'), fc.dictionary(key, value));
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.lorem(),
      manifest.map(([kind, fields]) => JSON.stringify({ kind, ...fields })),
    );
    fc.assert(
      fc.property(text, (input) => {
        for (const { file, line, column, message } of read(input).problems) {
          expect({ file, message: message.length > 0 }).toEqual({ file: 'web.yaml', message: true });
          expect(Math.min(line ?? 0, column ?? 0)).toBeGreaterThan(0);
        }
      }),
      cases(500),
    );
  });
});
