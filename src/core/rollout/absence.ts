import { isUp, type Instance, type ObservedRuntime } from '../observed.ts';
import { afterAbsence, type Memory } from './memory.ts';

/** Docker kills what has not ended this long after it was told to, unless the container has its own grace. */
const GRACE = 10_000;
/** An engine that goes down does not tell all containers in the same moment. */
const SLACK = 5_000;

/** What a process has to remember of its looks to know later that the engine was away. */
export interface LastLook {
  readonly engineStartedAt: number | undefined;
  /** When the engine still answered. */
  readonly observedAt: number;
  /** By id of what was not up: when that was first seen. */
  readonly downSince: ReadonlyMap<string, number>;
}

export function lookAt({ engineStartedAt, instances, observedAt }: ObservedRuntime, before?: LastLook): LastLook {
  const down = instances.filter((each) => !isUp(each));
  return {
    engineStartedAt,
    observedAt,
    downSince: new Map(down.map(({ id }) => [id, before?.downSince.get(id) ?? observedAt])),
  };
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
  return afterAbsence(memory, runtime.instances, downBefore(runtime, last, hasRestarted), hasRestarted);
}

/** Ids of what was down before the engine went down. */
function downBefore(runtime: ObservedRuntime, last: LastLook | undefined, hasRestarted: boolean): Set<string> {
  if (last === undefined) return unwitnessed(runtime);
  const down = [...last.downSince];
  const wentDownAt = hasRestarted ? last.observedAt - longestGrace(runtime.instances) - SLACK : Infinity;
  return new Set(down.filter(([, since]) => since < wentDownAt).map(([id]) => id));
}

/** An engine that goes down still answers while it ends its containers: the first of them are seen to fall. */
function longestGrace(instances: readonly Instance[]): number {
  return Math.max(GRACE, ...instances.map(({ spec }) => spec?.stopGracePeriod ?? GRACE));
}

/** Ids of what was down before the engine went down, for a process that did not live then. */
function unwitnessed({ instances, engineStartedAt = -Infinity }: ObservedRuntime): Set<string> {
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
