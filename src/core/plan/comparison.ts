import type { Palette } from '../finding.ts';
import type { Warning } from '../reason.ts';
import type { Plan } from './plan.ts';
import { planDocument, renderPlan } from './render.ts';

/** What a cluster's manifests on disk are to those that it had at a revision. */
export interface ComparedCluster {
  readonly cluster: string;
  readonly plan: Plan;
  /** Of the manifests on disk. */
  readonly warnings: readonly Warning[];
}

interface Comparison {
  /** As it was given: `origin/main`. */
  readonly base: string;
  readonly baseRevision: string;
  readonly revision: string;
  readonly clusters: readonly ComparedCluster[];
}

export function isTouched({ plan }: ComparedCluster): boolean {
  return plan.changes.length > 0;
}

/** The plan of each cluster below its name; the last line tells which of them are touched. */
export function renderComparison(clusters: readonly ComparedCluster[], palette: Palette): string {
  const plans = clusters.map(
    ({ cluster, plan }) => `${palette.bold(`Cluster ${cluster}`)}\n\n${renderPlan(plan, palette)}`,
  );
  return `${plans.join('\n')}\n${palette.bold(verdict(clusters))}\n`;
}

function verdict(clusters: readonly ComparedCluster[]): string {
  const touched = clusters.filter(isTouched).map(({ cluster }) => cluster);
  const others = clusters.filter((each) => !isTouched(each)).map(({ cluster }) => cluster);
  const rest = `${listed(others)} ${others.length === 1 ? 'is' : 'are'} as before.`;
  if (touched.length === 0) return `Touches no cluster: ${rest}`;
  return others.length === 0 ? `Touches ${listed(touched)}.` : `Touches ${listed(touched)}; ${rest}`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** `plan --against REF --format json`, version 1; `schemas/comparison.schema.json` is its description. */
export function comparisonDocument({ base, baseRevision, revision, clusters }: Comparison): object {
  return {
    version: 1,
    base,
    baseRevision,
    revision,
    touched: clusters.filter(isTouched).map(({ cluster }) => cluster),
    clusters: clusters.map(({ cluster, plan, warnings }) =>
      planDocument(plan, { cluster, revision, base, problems: [], warnings }),
    ),
  };
}
