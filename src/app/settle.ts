import type { DesiredState } from '../core/desire.ts';
import type { Decision } from '../core/rollout/decide.ts';
import { sharedFailures } from '../core/rollout/memory.ts';
import { objectOfInstance } from '../core/rollout/steps.ts';
import type { JobStatus, ServiceStatus, StatusReport } from '../core/status/status.ts';
import type { Pass, Reconciler } from './reconcile.ts';
import type { Reporter } from './reporter.ts';
import type { Wake } from './wake.ts';

export interface SettleOptions {
  readonly desired: DesiredState;
  readonly reconciler: Pick<Reconciler, 'pass' | 'close'>;
  readonly reporter: Pick<Reporter, 'status'>;
  readonly wake: Pick<Wake, 'sleep'>;
  readonly onStatus: (status: StatusReport) => void;
}

const NEXT = 20;
const POLL = 250;
/** Tries of what all services share, before nothing is expected of it any more. */
const PATIENCE = 3;

/** Passes until everything is steady, or what is not has failed; the last status says which. */
export async function settle(options: SettleOptions, signal: AbortSignal): Promise<StatusReport> {
  const { desired, reconciler, reporter, wake, onStatus } = options;
  try {
    for (;;) {
      const pass = await reconciler.pass(desired, signal);
      const status = await reporter.status(desired, pass, { tried: desired.revision.id, problems: [] });
      onStatus(status);
      if (pass.steady || isStuck(pass, status)) return status;
      await wake.sleep(pass.moved ? NEXT : POLL, signal, pass.rest);
      signal.throwIfAborted();
    }
  } finally {
    await reconciler.close();
  }
}

/** Nothing is on its way any more: what is not steady has a problem that waiting does not solve. */
function isStuck({ moved, busy, plan }: Pass, { services, jobs }: StatusReport): boolean {
  if (moved || busy) return false;
  const failing = Object.entries(sharedFailures(plan.memory));
  if (failing.some(([, { attempts }]) => attempts < PATIENCE)) return false;
  if (failing.some(([object]) => object === 'balancer')) return true;
  const heldUp = withDependents(plan.decisions, plan.decisions.filter(lacksNetworks));
  const isOnItsWay = ({ state, rollout, problem }: ServiceStatus) =>
    state === 'rolling-out' || state === 'unknown' || (rollout !== undefined && problem === undefined);
  if (jobs.some(isUnderWay)) return false;
  const others = services.filter(({ name }) => !heldUp.has(name));
  if (others.some(isOnItsWay) || plan.decisions.some(isStarting)) return false;
  return plan.decisions.every((each) => !isLeaving(each) || each.view.neededBy.length > 0 || hasFailed(each));
}

/** It comes to an end, or to its beginning, by itself. */
function isUnderWay({ state, schedule, problem }: JobStatus): boolean {
  return schedule === undefined && (state === 'running' || (state === 'pending' && problem === undefined));
}

/** Names of these, and of all that wait for them. */
function withDependents(decisions: readonly Decision[], first: readonly Decision[]): ReadonlySet<string> {
  const names = new Set(first.map(({ view }) => view.name));
  for (let before = -1; before !== names.size;) {
    before = names.size;
    for (const { view } of decisions) if (view.awaits.some((name) => names.has(name))) names.add(view.name);
  }
  return names;
}

/** Networks that it needs cannot be made. */
function lacksNetworks({ view, progress }: Decision): boolean {
  return progress?.target.container.networks.some((name) => view.missingNetworks.includes(name)) ?? false;
}

/** Some of it fit on the node, and have just been started. */
function isStarting({ view, progress }: Decision): boolean {
  return progress?.current.some(({ id }) => view.conditions.get(id)?.state === 'starting') ?? false;
}

/** Nothing of it is wanted, and something is still there. */
function isLeaving({ progress, steady }: Decision): boolean {
  return progress === undefined && !steady;
}

function hasFailed({ view: { instances, memory } }: Decision): boolean {
  return instances.some((each) => memory.failures[objectOfInstance(each)] !== undefined);
}
