import { isUp, type Instance, type ObservedRuntime } from '../observed.ts';
import { afterAbsence, type Memory } from './memory.ts';

/** Docker kills what has not ended this long after it was told to, unless the container has its own grace. */
const GRACE = 10_000;
/** An engine that goes down does not tell all containers in the same moment. */
const SLACK = 5_000;

/** What a process has to remember of a look to know later that the engine was away. */
export interface LastLook {
  readonly engineStartedAt: number | undefined;
  /** Ids of what was not up. */
  readonly down: ReadonlySet<string>;
}

export function lookAt({ engineStartedAt, instances }: ObservedRuntime): LastLook {
  return { engineStartedAt, down: new Set(instances.filter((each) => !isUp(each)).map((each) => each.id)) };
}

/**
 * The memory with what fell together with the engine, where it was away since the last look. It may have been away unseen:
 * then the time of its start tells.
 */
export function withAbsence(
  memory: Memory,
  runtime: ObservedRuntime,
  last: LastLook | undefined,
  wasAway: boolean,
): Memory {
  const hasRestarted = runtime.engineStartedAt !== last?.engineStartedAt;
  if (!hasRestarted && (!wasAway || last === undefined)) return memory;
  return afterAbsence(memory, runtime.instances, last?.down ?? downBefore(runtime));
}

/** Ids of what was down before the engine went down, for a process that did not live then. */
function downBefore({ instances, engineStartedAt = -Infinity }: ObservedRuntime): Set<string> {
  const wentDownAt = engineWentDownAt(instances, engineStartedAt);
  const fellWithIt = ({ finishedAt = Infinity }: Instance) => finishedAt >= wentDownAt && finishedAt < engineStartedAt;
  return new Set(instances.filter((each) => !isUp(each) && !fellWithIt(each)).map((each) => each.id));
}

/** At the earliest: whoever ended last before the engine's start had been told to end, and got its grace. */
function engineWentDownAt(instances: readonly Instance[], engineStartedAt: number): number {
  const told = instances.flatMap(({ finishedAt = Infinity, spec }) =>
    finishedAt < engineStartedAt ? finishedAt - (spec?.stopGracePeriod ?? GRACE) : [],
  );
  return Math.max(...told) - SLACK;
}
