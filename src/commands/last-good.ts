import { desire, type DesiredState } from '../core/desire.ts';
import type { Manifest, Revision } from '../core/model.ts';

/** What the cluster is kept equal to, out of the state directory; missing: nothing has been taken there. */
export type LastGood = { readonly manifests: readonly Manifest[]; readonly revision: Revision } | undefined;

const NO_REVISION: Revision = { id: '', message: '', author: '', at: 0 };

export function desiredOf(lastGood: LastGood, cluster: string): DesiredState {
  return desire(lastGood?.manifests ?? [], { cluster, revision: lastGood?.revision ?? NO_REVISION });
}
