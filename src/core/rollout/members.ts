import { isServing } from './drain.ts';
import type { Instance } from '../observed.ts';
import { hasSwitched, isSwitched, leavingOwn, neededOld, standingSet } from './pace.ts';
import { isFound, type Progress } from './progress.ts';
import { bestRelease, isReady, isStopping } from './view.ts';

/** Instances that a route may lead to, under the name by which its pool knows them. */
export interface MemberSet {
  /** `web`, or `web@3f9c1a2` where releases are switched as a whole. */
  readonly id: string;
  readonly members: readonly Instance[];
}

export interface MemberSets {
  /** Those that are to be found by the service's name. */
  readonly named: readonly Instance[];
  readonly serving: MemberSet;
  /** The other colour of a green-blue service: the set to come, or the one that is kept. */
  readonly standby?: MemberSet;
}

/** Who gets traffic, and who would after a switch. */
export function memberSets(progress: Progress): MemberSets {
  const { view, current, surplus } = progress;
  const leaving = leavingOwn(progress);
  const needed = progress.isAtomic && !hasSwitched(progress) ? standingSet(progress) : neededOld(progress);
  const old = needed.filter((each) => isMember(progress, each));
  const own = [...current, ...surplus].filter((each) => !leaving.includes(each));
  const fresh = own.filter((each) => isMember(progress, each));
  const found = fresh.filter((each) => isFound(progress, each));
  if (!progress.isAtomic) return { named: [...fresh, ...old], serving: { id: view.name, members: [...found, ...old] } };
  const next = (members: readonly Instance[]) => ({ id: `${view.name}@${progress.target.release}`, members });
  const release = bestRelease(view, old)?.[0]?.release;
  if (release === undefined) return { named: fresh, serving: next(found) };
  const previous = { id: `${view.name}@${release}`, members: old.filter((each) => each.release === release) };
  const named = isSwitched(progress) ? fresh : previous.members;
  if (hasSwitched(progress)) return { named, serving: next(found), standby: previous };
  return { named, serving: previous, standby: next(fresh) };
}

/** Once ready it stays a member while it is up: the balancer itself sees when it falls and when it is back. */
function isMember({ view }: Progress, instance: Instance): boolean {
  if (isReady(view, instance)) return true;
  if (isStopping(view, instance)) return false;
  return instance.health !== 'unhealthy' && instance.state !== 'paused' && isServing(view, instance);
}
