import type { Problem } from '../reason.ts';
import type { Decision } from '../rollout/decide.ts';

/** Releases that have failed here already: nothing is planned for them, and that needs an explanation. */
export function quarantineProblems(decisions: readonly Decision[]): Problem[] {
  return decisions.flatMap(({ view: { name }, progress }) => {
    if (progress?.verdict.quarantined !== true) return [];
    const { desired, target } = progress;
    const message =
      `${name}@${desired.release} has failed here, and ${name}@${target.release} serves on. ` +
      `It is tried again when the manifest changes, or by fairlead retry ${name}.`;
    return [{ layer: 'update' as const, reason: 'rolled-back' as const, object: name, message }];
  });
}
