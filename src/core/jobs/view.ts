import type { DesiredJob, DesiredState } from '../desire.ts';
import { groupBy } from '../group.ts';
import type { ObservedState, RecordedRun, Run } from '../observed.ts';
import type { Demand } from '../placement.ts';
import type { Memory } from '../rollout/memory.ts';
import { runState } from './run.ts';

/** All that the decision about one job needs, gathered once. */
export interface JobView {
  readonly name: string;
  /** Missing: no manifest any more. */
  readonly desired?: DesiredJob;
  /** By their numbers. */
  readonly runs: readonly Run[];
  /** How the wanted release ended, where that was seen and its container may be gone. */
  readonly recorded?: RecordedRun;
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
    const record = job && recorded.get(`${name}@${job.release}`);
    return {
      name,
      ...(job && { desired: job }),
      runs: (runs.get(name) ?? []).sort((a, b) => a.slot - b.slot),
      ...(record && { recorded: record }),
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

/** How the wanted release has come out, so far. */
export function outcomeOf(view: JobView): 'none' | 'running' | 'succeeded' | 'failed' {
  const latest = latestRun(view);
  if (latest === undefined) return recordedOutcome(view);
  const state = runState(latest);
  return state === 'made' ? 'none' : state;
}

function recordedOutcome({ recorded }: JobView): 'none' | 'succeeded' | 'failed' {
  if (recorded === undefined) return 'none';
  return recorded.exitCode === 0 ? 'succeeded' : 'failed';
}

/** What depends on it may begin. */
export function isDone(view: JobView): boolean {
  return view.desired !== undefined && outcomeOf(view) === 'succeeded';
}
