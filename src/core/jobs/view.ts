import type { DesiredJob, DesiredState } from '../desire.ts';
import { groupBy } from '../group.ts';
import type { ObservedState, RecordedRun, Run } from '../observed.ts';
import type { Demand } from '../placement.ts';
import type { Memory } from '../rollout/memory.ts';
import { runState, type RunState } from './run.ts';

/** All that the decision about one job needs, gathered once. */
export interface JobView {
  readonly name: string;
  /** Missing: no manifest any more. */
  readonly desired?: DesiredJob;
  /** By their numbers. */
  readonly runs: readonly Run[];
  /** How releases ended, by `migrate@3f9c1a2`: their containers may be gone. */
  readonly recorded: ReadonlyMap<string, RecordedRun>;
  /** When runs that are up first began, by container id. */
  readonly began: Memory['began'];
  /** A run of it is being made. */
  readonly isMaking: boolean;
  /** Services and jobs that it depends on and that are not ready. */
  readonly awaits: readonly string[];
  /** Room on the node beside all that runs. */
  readonly free: Demand;
  readonly capabilities: readonly string[];
  readonly missingNetworks: readonly string[];
  readonly memory: Memory;
  readonly revision: string;
  /** By the machine's clock. */
  readonly now: number;
}

/** One view for each job that is wanted or of which something is there. */
export function jobViewsOf(
  desired: DesiredState,
  state: ObservedState,
  { free, missingNetworks, memory }: Pick<JobView, 'free' | 'missingNetworks' | 'memory'>,
): JobView[] {
  const wanted = new Map(desired.jobs.map((each) => [each.name, each]));
  const runs = groupBy(state.runtime.runs, (each) => each.service);
  const recorded = new Map((state.recorded ?? []).map((each) => [each.release, each]));
  const names = [...new Set([...wanted.keys(), ...runs.keys()])].sort();
  return names.map((name) => {
    const job = wanted.get(name);
    return {
      name,
      ...(job && { desired: job }),
      runs: (runs.get(name) ?? []).sort((a, b) => a.slot - b.slot),
      recorded,
      began: memory.began,
      isMaking: state.underWay?.starting.some((each) => each.service === name) ?? false,
      awaits: [],
      capabilities: state.runtime.node.capabilities,
      revision: desired.revision.id,
      now: state.date,
      free,
      missingNetworks,
      memory,
    };
  });
}

/** The run that counts for the wanted release: the last that has begun. */
export function latestRun({ desired, runs }: JobView): Run | undefined {
  return runs.findLast((each) => each.release === desired?.release && runState(each) !== 'made');
}

/** How the wanted release has come out so far; `made`: it has not had a run. */
export function outcomeOf(view: JobView): RunState {
  const latest = latestRun(view);
  if (latest !== undefined) return runState(latest);
  const record = recordOf(view);
  if (record === undefined) return 'made';
  return record.succeeded ? 'succeeded' : 'failed';
}

/** How the wanted release ended, where that was seen. */
export function recordOf({ name, desired, recorded }: JobView): RecordedRun | undefined {
  return recorded.get(`${name}@${desired?.release ?? ''}`);
}

/** What depends on it may begin. */
export function isDone(view: JobView): boolean {
  return view.desired !== undefined && outcomeOf(view) === 'succeeded';
}
