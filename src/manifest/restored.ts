import type { Manifest, Policy } from '../core/model.ts';
import type { Problem } from '../core/reason.ts';
import { checkPolicy } from './policy.ts';
import { Reading } from './reading.ts';

/** Names of services and jobs that are held back for it; a load balancer goes on as it is until a newer revision is taken. */
export function withheldBy(problems: readonly Problem[]): string[] {
  return problems.filter(({ reason }) => reason !== 'address-not-allowed').flatMap(({ object }) => object ?? []);
}

/** What the policy does not allow of manifests that were read and taken earlier, perhaps under another policy. */
export function refusedNow(manifests: readonly Manifest[], policy: Policy): Problem[] {
  return manifests.flatMap((manifest) => {
    const { name, source } = manifest;
    const reading = new Reading({ file: source.file, value: { name }, locate: () => source, written: () => undefined });
    checkPolicy({ reading, manifest }, policy);
    const fate = `What runs of ${name} goes on as it is, and nothing of it is started.`;
    return reading.problems.map((problem) => ({ ...problem, message: `${problem.message} ${fate}` }));
  });
}
