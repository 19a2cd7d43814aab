import type { Problem } from '../core/reason.ts';
import { parseDocuments, type Document, type SourceFile } from './document.ts';
import { pathFrom } from './folder.ts';
import { clusterOf, overlaid } from './overlay.ts';
import { textField } from './reading.ts';
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
  const mounted = new Set([...base, ...overlay].flatMap((each) => each.documents.flatMap(sourcesOf)));
  const isManifest = ({ file = '' }: { readonly file?: string }) => !isAmong(mounted, file);
  const documentsOf = (parsed: typeof base) => parsed.flatMap(({ documents }) => documents.filter(isManifest));
  const mistakes = [...base, ...overlay].flatMap((each) => each.problems.filter(isManifest));
  return { documents: overlaid(documentsOf(base), documentsOf(overlay)), problems: [...problems, ...mistakes] };
}

/** What a service or job takes from the repository into its container is none of Fairlead's, also where it is YAML. */
function sourcesOf({ value, file }: Document): string[] {
  const { kind, files } = (value ?? {}) as { kind?: unknown; files?: unknown };
  if ((kind !== 'Service' && kind !== 'Job') || !Array.isArray(files)) return [];
  return files.flatMap((each: unknown) => {
    const source = textField(each, 'source');
    const path = source === undefined ? undefined : pathFrom(file, source);
    const sources = path === undefined ? [] : [path.replace(/\/$/, '')];
    // Where it would take itself away, it is said with its own place that this cannot be.
    return sources.filter((each) => !isAmong(new Set([each]), file));
  });
}

/** Whether a file or a folder above it is one of them. */
function isAmong(paths: ReadonlySet<string>, file: string): boolean {
  if (paths.size === 0) return false;
  const steps = file.split('/');
  return steps.some((_, index) => paths.has(steps.slice(0, index + 1).join('/')));
}

function isOfVariables({ path }: SourceFile): boolean {
  return definesVariables(path);
}
