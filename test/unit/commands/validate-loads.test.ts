import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const SOURCE = path.join(import.meta.dirname, '../../../src');
const IMPORT = /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)';/gm;

/** Every module below src that is loaded with this one, by its path there. */
function loadedWith(module: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(module)) return seen;
  seen.add(module);
  const text = readFileSync(path.join(SOURCE, module), 'utf8');
  for (const [, target = ''] of text.matchAll(IMPORT)) loadedWith(path.join(path.dirname(module), target), seen);
  return seen;
}

it('validating loads nothing that plans, runs or talks to anybody: each module costs every hook and editor time', () => {
  const loaded = [...loadedWith('main.ts'), ...loadedWith('cli/review.ts')];
  expect(loaded).toContain('manifest/cross-check.ts');
  expect(loaded.filter((each) => /^(core\/(plan|rollout|status)|app|docker|git|haproxy)\//.test(each))).toEqual([]);
});

it('comparing with a revision loads no engine and no balancer: it is for machines that have neither', () => {
  const loaded = [...loadedWith('cli/against.ts')];
  expect(loaded).toContain('core/plan/against.ts');
  expect(loaded.filter((each) => /^(docker|haproxy)\//.test(each))).toEqual([]);
});
