import { withFileDiffs } from '../app/file-diffs.ts';
import type { ManifestSet } from '../app/source.ts';
import { desire } from '../core/desire.ts';
import { NO_MEMORY } from '../core/rollout/memory.ts';
import type { Revision } from '../core/model.ts';
import { plan as planOf, type PrunePermission } from '../core/plan/plan.ts';
import { renderWarning } from '../core/finding.ts';
import { planDocument, renderPlan } from '../core/plan/render.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { look, type Seeing } from './look.ts';
import type { Terminal } from './terminal.ts';
import { validate } from './validate.ts';

export interface PlanOptions extends Seeing {
  readonly set: ManifestSet;
  readonly revision: Revision;
  readonly cluster: string;
  readonly prune: PrunePermission;
  readonly format: 'text' | 'json';
  readonly detailedExitCode: boolean;
  readonly terminal: Terminal;
}

/** Desired against live Docker; changes nothing. */
export async function plan(options: PlanOptions): Promise<ExitCode> {
  const { set, revision, cluster, runtime, now, terminal } = options;
  if (set.problems.length > 0) return validate(set, options.format, terminal);
  const desired = desire(set.manifests, { cluster, revision });
  const state = await look(options, desired);
  const made = await withFileDiffs(planOf(desired, state, NO_MEMORY, now, options.prune), runtime);
  if (options.format === 'json') {
    const looked = { base: 'live', observedAt: new Date(now) };
    const context = { cluster, revision: revision.id, ...looked, problems: [], warnings: set.warnings };
    terminal.out(`${JSON.stringify(planDocument(made, context), null, 2)}\n`);
  } else {
    for (const warning of set.warnings) terminal.err(`${renderWarning(warning, terminal.palette)}\n`);
    terminal.out(renderPlan(made, terminal.palette));
  }
  if (made.problems.length > 0) return EXIT.error;
  return options.detailedExitCode && made.changes.length > 0 ? EXIT.changes : EXIT.done;
}
