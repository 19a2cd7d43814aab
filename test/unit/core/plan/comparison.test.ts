import { expect, it } from 'vitest';
import { paletteOf } from '../../../../src/commands/terminal.ts';
import { renderComparison } from '../../../../src/core/plan/comparison.ts';
import { planOf } from '../../../support/decisions.ts';
import { service } from '../../../support/manifests.ts';

const touched = planOf({ wanted: [service()] });
const untouched = planOf({ wanted: [] });

it.each([
  [[], ['a'], 'Touches no cluster: a is as before.'],
  [['a'], [], 'Touches a.'],
  [['a', 'c'], ['b', 'd', 'e'], 'Touches a and c; b, d and e are as before.'],
])('ends with the clusters that are touched: %j, and not %j', (some, others, line) => {
  const plans = new Map([
    ...some.map((name) => [name, touched] as const),
    ...others.map((name) => [name, untouched] as const),
  ]);
  const clusters = [...plans.keys()]
    .sort()
    .map((cluster) => ({ cluster, plan: plans.get(cluster) ?? untouched, warnings: [] }));
  const lines = renderComparison(clusters, paletteOf(false)).trimEnd().split('\n');
  expect(lines.at(-1)).toBe(line);
  expect(lines.filter((each) => each.startsWith('Cluster '))).toEqual(
    clusters.map(({ cluster }) => `Cluster ${cluster}`),
  );
});
