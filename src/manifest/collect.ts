import type { Problem } from '../core/reason.ts';
import { parseDocuments, type Document, type SourceFile } from './document.ts';
import { clusterOf, overlaid } from './overlay.ts';
import { definesVariables, readVariables } from './variables-file.ts';

interface Collected {
  /** Those of all clusters, as this one has them. */
  readonly documents: readonly Document[];
  readonly problems: readonly Problem[];
}

/** The documents of a cluster: with the values of its variables, and changed by what `clusters/<cluster>/` says of them. */
export function collect(files: readonly SourceFile[], cluster: string): Collected {
  const own = files.filter(({ path }) => clusterOf(path) === cluster);
  const common = files.filter(({ path }) => clusterOf(path) === undefined);
  const { variables, problems } = readVariables([...common, ...own].filter(isOfVariables), cluster);
  const parse = (some: readonly SourceFile[]) =>
    some.filter((file) => !isOfVariables(file)).map((file) => parseDocuments(file, variables));
  const [base, overlay] = [parse(common), parse(own)];
  return {
    documents: overlaid(
      base.flatMap(({ documents }) => documents),
      overlay.flatMap(({ documents }) => documents),
    ),
    problems: [...problems, ...[...base, ...overlay].flatMap((each) => each.problems)],
  };
}

function isOfVariables({ path }: SourceFile): boolean {
  return definesVariables(path);
}
