import type { ManifestSet } from '../app/source.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';
import { validate } from './validate.ts';

export interface RenderOptions {
  readonly set: ManifestSet;
  readonly cluster: string;
  /** The manifests of a set without problems, each with the origins of its values. */
  readonly rendered: () => { readonly manifests: readonly object[]; readonly yaml: string };
  readonly format: 'text' | 'json';
  readonly terminal: Terminal;
}

/** The manifests as they are taken, with where each value comes from. */
export function render({ set, cluster, rendered, format, terminal }: RenderOptions): ExitCode {
  if (set.problems.length > 0) return validate(set, format, terminal);
  const { manifests, yaml } = rendered();
  if (format === 'text') terminal.out(yaml);
  else terminal.out(`${JSON.stringify({ version: 1, cluster, manifests }, null, 2)}\n`);
  return EXIT.done;
}
