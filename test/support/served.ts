import type { MemberHealth } from '../../src/core/observed.ts';
import type { StatusReport } from '../../src/core/status/status.ts';
import { checked, planOf, reportOf, type Situation } from './decisions.ts';
import { loadBalancer, service } from './manifests.ts';
import { instanceOf } from './observed.ts';

/** A cluster where all is well: two instances of `web`, and a load balancer that leads to them. */

export const web = service({ instances: 2 });
export const instances = [1, 2].map((slot) => instanceOf(web, slot));
export const wanted = [web, loadBalancer()];
export const { table } = planOf({ wanted, instances });
export const served: Situation = { wanted, instances, balancer: checked(table) };
export const problem = { layer: 'git', reason: 'unreachable', message: 'no' } as const;

/** Its report where the checks of the balancer all say this. */
export function said(check: MemberHealth['check']): StatusReport {
  return reportOf({ ...served, balancer: checked(table, check) });
}
