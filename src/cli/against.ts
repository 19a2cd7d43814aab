import { resolve } from 'node:path';
import { against, type Sides } from '../commands/against.ts';
import type { ExitCode } from '../commands/exit.ts';
import type { Config } from '../config/config.ts';
import { atRevision } from '../git/at-revision.ts';
import { clustersIn, readDirectory } from '../manifest/files.ts';
import { settings } from '../manifest/settings.ts';
import type { Invocation } from './program.ts';
import { manifestsForReview, requireFolder, withConfig, type Flags } from './review.ts';

/** What needs git and no engine: the manifests of a folder and those of a revision. */

/** Settings that say something about manifests; all others are about engines and remotes. */
const OF_MANIFESTS = /^(?:cluster|policy|prune|balancer (?:enabled|http|tcp|network))\b/;

export async function runPlanAgainst(
  invocation: Invocation,
  dir: string,
  flags: Flags & { against: string; format: 'text' | 'json'; detailedExitcode?: true },
): Promise<ExitCode> {
  requireFolder(dir);
  refuseOtherSettings(flags);
  const { terminal, signal } = invocation;
  return await withConfig(invocation, flags, async (config) => {
    const [directory, environment] = [resolve(dir), process.env];
    const past = { directory, ref: flags.against, environment, signal };
    const both = await atRevision(past, ({ commit, head, folder }) => ({
      baseRevision: commit,
      revision: head,
      ...sidesOf(dir, folder, config),
    }));
    return await against({
      ...both,
      base: flags.against,
      prune: config.prune,
      now: Date.now(),
      format: flags.format,
      detailedExitCode: flags.detailedExitcode === true,
      terminal,
    });
  });
}

function refuseOtherSettings(flags: Flags): void {
  const idle = settings().find(({ option, path }) => flags[option] !== undefined && !OF_MANIFESTS.test(path.join(' ')));
  if (idle === undefined) return;
  throw new Error(
    `${idle.flag} says nothing to \`plan --against\`, which compares files and asks no engine; leave it out.`,
  );
}

/**
 * The cluster that somebody has named, or else each that has a folder of its own on either side. A cluster whose folder is
 * on one side only is new, or gone.
 */
function sidesOf(
  dir: string,
  past: string | undefined,
  config: Config,
): { readonly sides: readonly Sides[]; readonly isOfAll: boolean } {
  const [now, then] = [clustersIn(dir), past === undefined ? [] : clustersIn(past)];
  const known = [...new Set([...now, ...then])].sort();
  const isOfAll = !config.isClusterNamed && known.length > 0;
  const sides = (isOfAll ? known : [config.cluster]).map((cluster): Sides => {
    const isIn = (names: readonly string[]) => names.includes(cluster) || !known.includes(cluster);
    return {
      cluster,
      ...(past !== undefined && isIn(then) && { before: readDirectory(past, { cluster }) }),
      ...(isIn(now) && { after: manifestsForReview(dir, { ...config, cluster }) }),
    };
  });
  return { sides, isOfAll };
}
