import { withFileDiffs } from '../app/file-diffs.ts';
import { describeProblems } from '../app/problems.ts';
import type { ManifestSet } from '../app/source.ts';
import { desire, type DesiredState } from '../core/desire.ts';
import { renderWarning } from '../core/finding.ts';
import { groupBy } from '../core/group.ts';
import type { PruneBudget, Revision } from '../core/model.ts';
import { planAgainst } from '../core/plan/against.ts';
import { comparisonDocument, isTouched, renderComparison, type ComparedCluster } from '../core/plan/comparison.ts';
import { renderPlan } from '../core/plan/render.ts';
import type { Runtime } from '../core/ports.ts';
import type { Problem, Warning } from '../core/reason.ts';
import { canonicalJson } from '../core/release.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';
import { validate } from './validate.ts';

/** The manifests of a cluster on both sides. */
export interface Sides {
  readonly cluster: string;
  /** At the revision, whatever a host allows today; missing: the cluster is new. */
  readonly before?: ManifestSet;
  /** On disk; missing: the cluster is gone. */
  readonly after?: ManifestSet;
}

export interface AgainstOptions {
  /** The revision as it was given. */
  readonly base: string;
  readonly baseRevision: string;
  readonly revision: Revision;
  readonly sides: readonly Sides[];
  /** The clusters are all that the repository speaks of. */
  readonly isOfAll: boolean;
  readonly prune: PruneBudget;
  readonly now: number;
  readonly format: 'text' | 'json';
  readonly detailedExitCode: boolean;
  readonly terminal: Terminal;
}

const NONE: ManifestSet = { manifests: [], problems: [], warnings: [] };

/** The manifests on disk against those of a revision, where that runs as it says: nothing is asked of any engine. */
export async function against(options: AgainstOptions): Promise<ExitCode> {
  const { sides, format, terminal, base, baseRevision, revision } = options;
  const onDisk = together(sides);
  if (onDisk.problems.length > 0) return validate(onDisk, format, terminal);
  refuseInvalid(options);
  const clusters = await Promise.all(sides.map((each) => compared(each, options)));
  if (format === 'json') {
    const document = comparisonDocument({ base, baseRevision, revision: revision.id, clusters });
    terminal.out(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    for (const warning of onDisk.warnings) terminal.err(`${renderWarning(warning, terminal.palette)}\n`);
    terminal.out(rendered(clusters, options));
  }
  if (clusters.some(({ plan }) => plan.problems.length > 0)) return EXIT.error;
  return options.detailedExitCode && clusters.some(isTouched) ? EXIT.changes : EXIT.done;
}

function rendered(clusters: readonly ComparedCluster[], { isOfAll, terminal }: AgainstOptions): string {
  if (isOfAll) return renderComparison(clusters, terminal.palette);
  return clusters.map(({ plan }) => renderPlan(plan, terminal.palette)).join('');
}

/** What is on disk for all clusters. */
function together(sides: readonly Sides[]): ManifestSet {
  const there = sides.flatMap(({ cluster, after }) => (after === undefined ? [] : [{ cluster, ...after }]));
  const clusters = there.map(({ cluster }) => cluster);
  const of = <Finding extends Problem | Warning>(findings: readonly Finding[], cluster: string) =>
    findings.map((finding) => ({ cluster, finding }));
  return {
    manifests: there.flatMap(({ manifests }) => manifests),
    problems: saidOnce(
      there.flatMap(({ cluster, problems }) => of(problems, cluster)),
      clusters,
    ),
    warnings: saidOnce(
      there.flatMap(({ cluster, warnings }) => of(warnings, cluster)),
      clusters,
    ),
  };
}

/** What some of the clusters only have names them. */
function saidOnce<Finding extends Problem | Warning>(
  found: readonly { readonly cluster: string; readonly finding: Finding }[],
  clusters: readonly string[],
): Finding[] {
  const same = groupBy(found, ({ finding }) => canonicalJson(finding));
  return [...same.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    if (others.length + 1 === clusters.length) return [first.finding];
    const names = [first, ...others].map(({ cluster }) => cluster).join(', ');
    return [{ ...first.finding, message: `In ${names}: ${first.finding.message}` }];
  });
}

function refuseInvalid({ sides, base }: AgainstOptions): void {
  for (const { cluster, before = NONE } of sides) {
    if (before.problems.length === 0) continue;
    const what = describeProblems(before.problems);
    throw new Error(`What ${base} says of the cluster ${cluster} is not valid and cannot be compared with: ${what}`);
  }
}

async function compared({ cluster, before, after }: Sides, options: AgainstOptions): Promise<ComparedCluster> {
  const { revision, baseRevision, now, prune } = options;
  const old = desire((before ?? NONE).manifests, { cluster, revision: { ...revision, id: baseRevision } });
  const wanted = desire((after ?? NONE).manifests, { cluster, revision });
  // Nobody follows a cluster that is gone, and nobody would refuse to remove what it has.
  const plan = planAgainst(old, wanted, now, { budget: prune, all: after === undefined });
  return { cluster, plan: await withFileDiffs(plan, filesOf(old)), warnings: after?.warnings ?? [] };
}

/** The files of instances that run as the manifests say. */
function filesOf({ services }: DesiredState): Pick<Runtime, 'files'> {
  return {
    files: ({ service }, target) => {
      const found = services.find(({ name }) => name === service)?.service;
      const digest = found?.container.files?.find((each) => each.target === target)?.digest;
      return Promise.resolve(found?.contents?.find((each) => each.digest === digest)?.entries);
    },
  };
}
