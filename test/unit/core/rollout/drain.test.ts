import { describe, expect, it } from 'vitest';
import type { ObservedBalancer } from '../../../../src/core/observed.ts';
import { canStop } from '../../../../src/core/rollout/drain.ts';
import { PLAIN_TRAFFIC } from '../../../../src/core/routing.ts';
import { checked, NOW, planOf, viewOf } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const DRAIN = 30_000;
const web = service({ update: { drain: DRAIN } });
const instance = instanceOf(web);
const routed = [web, loadBalancer()];

/** What the balancer works by once the instance is a member, and drains or serves since then. */
function member(state: 'active' | 'draining', since: number, sessions = 0, wanted = routed): Partial<ObservedBalancer> {
  const first = planOf({ wanted, instances: [instance] }).table;
  const { table } = planOf({ wanted, instances: [instance], balancer: checked(first) });
  const routes = table.routes.map((route) => {
    const members = route.pools.a.members.map((each) => ({ ...each, state, since }));
    return { ...route, pools: { ...route.pools, a: { set: 'web', members } } };
  });
  const id = routes[0]?.pools.a.members[0]?.id ?? '';
  const health = { check: 'up', description: '', sessions, errors: 0, requests: 0, queue: 0 } as const;
  return { table: { ...table, routes }, members: { [`web/a/${id}`]: health } };
}

function mayStop(balancer: Partial<ObservedBalancer>, wanted = routed): boolean {
  return canStop(viewOf({ wanted, instances: [instance], balancer }), instance);
}

describe('an instance', () => {
  it('is not stopped while a route leads to it', () => {
    expect(mayStop(member('active', NOW - 2 * DRAIN))).toBe(false);
  });

  it('is stopped when its sessions are over, or had their time', () => {
    expect(mayStop(member('draining', NOW - 1))).toBe(true);
    expect(mayStop(member('draining', NOW - DRAIN + 1, 1))).toBe(false);
    expect(mayStop(member('draining', NOW - DRAIN, 1))).toBe(true);
  });

  it('has all of its time while an earlier worker may know it, and no more than that', () => {
    const old = { oldWorkers: 1, reloadedAgo: 10 * DRAIN };
    expect(mayStop({ ...member('draining', NOW - DRAIN + 1), ...old })).toBe(false);
    expect(mayStop({ ...member('draining', NOW - DRAIN, 1), ...old })).toBe(true);
  });

  it('has the time that its load balancer gives it, whatever its service says', () => {
    const patient = [web, loadBalancer({ traffic: { ...PLAIN_TRAFFIC, drain: 2 * DRAIN } })];
    expect(mayStop(member('draining', NOW - 2 * DRAIN + 1, 1, patient), patient)).toBe(false);
    expect(mayStop(member('draining', NOW - 2 * DRAIN, 1, patient), patient)).toBe(true);
  });

  it('has its time from the reload on where no route leads to it any more', () => {
    expect(mayStop({ oldWorkers: 1, reloadedAgo: DRAIN - 1 }, [web])).toBe(false);
    expect(mayStop({ oldWorkers: 1, reloadedAgo: DRAIN }, [web])).toBe(true);
    expect(mayStop({ oldWorkers: 0 }, [web])).toBe(true);
  });
});
