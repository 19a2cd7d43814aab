import { groupBy } from '../group.ts';
import { isUp, type Instance } from '../observed.ts';
import type { PulledImage } from '../ports.ts';
import type { Problem, Reason } from '../reason.ts';

/**
 * What one process remembers between passes. Losing it costs time, never correctness: monitor windows begin anew,
 * back-offs start over.
 */
export interface Memory {
  /** By container id: since when it has been ready without a break. */
  readonly readySince: Readonly<Record<string, { readonly at: number; readonly startedAt: number }>>;
  /** By container id: since when it has been running and not ready. */
  readonly unreadySince: Readonly<Record<string, number>>;
  /** By container id: how often Docker had restarted it, and when we saw it, oldest first. */
  readonly restarts: Readonly<Record<string, readonly { readonly at: number; readonly count: number }[]>>;
  /** By container id: its last start by the engine's clock, and when we saw it started anew after it fell, oldest first. */
  readonly starts: Readonly<Record<string, { readonly startedAt: number; readonly seen: readonly number[] }>>;
  /** By container id: restarts that we ordered for failing checks. */
  readonly healed: Readonly<Record<string, { readonly count: number; readonly at: number }>>;
  /** By container id: instances of a new release that we gave up and are stopping. */
  readonly condemned: Readonly<Record<string, { readonly reason: Reason; readonly description: string }>>;
  /** By container id: since when this process has been stopping it, or did so. */
  readonly stops: Readonly<Record<string, number>>;
  /** By `service@release`. */
  readonly images: Readonly<Record<string, PulledImage>>;
  /** By object (`web@3f9c1a2`, `web@3f9c1a2/1`, `balancer`): what failed last and when it is tried again. */
  readonly failures: Readonly<Record<string, Failure>>;
  /** By container id of runs of jobs that are up: their first start, by the engine's clock. */
  readonly began: Readonly<Record<string, number>>;
  /** By container id: when those ended that fell while the engine was away, by its clock. */
  readonly fellWithEngine: Readonly<Record<string, number>>;
}

export interface Failure {
  readonly problem: Problem;
  readonly attempts: number;
  readonly at: number;
  readonly retryAt: number;
}

export const NO_MEMORY: Memory = {
  readySince: {},
  unreadySince: {},
  restarts: {},
  starts: {},
  healed: {},
  condemned: {},
  stops: {},
  images: {},
  failures: {},
  began: {},
  fellWithEngine: {},
};

/**
 * The memory after the engine was away: what fell meanwhile is nobody's fault, and no time has counted. `down`: ids of
 * what had fallen before. Where it has restarted, what was being stopped is judged anew.
 */
export function afterAbsence(
  memory: Memory,
  instances: readonly Instance[],
  down: ReadonlySet<string>,
  hasRestarted: boolean,
): Memory {
  const fallen = instances.filter((each) => !isUp(each) && !down.has(each.id));
  const isJudgedAnew = (id: string) => hasRestarted && fallen.some((each) => each.id === id);
  const condemned = Object.entries(memory.condemned).filter(([id]) => !isJudgedAnew(id));
  const ends = fallen.map(({ id, finishedAt }) => [id, finishedAt ?? 0] as const);
  const fellWithEngine = { ...memory.fellWithEngine, ...Object.fromEntries(ends) };
  return { ...memory, unreadySince: {}, condemned: Object.fromEntries(condemned), fellWithEngine };
}

const FIRST_RETRY = 2_000;
const LAST_RETRY = 120_000;

/** How work on an object ended; no problem: it was done. */
export interface Outcome {
  readonly object: string;
  readonly problem?: Problem;
}

/** The memory after these: what failed once more is tried again after 2, 4, 8 … seconds, at most two minutes. */
export function withOutcomes(memory: Memory, outcomes: readonly Outcome[], now: number): Memory {
  if (outcomes.length === 0) return memory;
  const failures = new Map(Object.entries(memory.failures));
  for (const { object, problem } of outcomes) {
    if (problem === undefined) failures.delete(object);
    else failures.set(object, failureAfter(failures.get(object), problem, now));
  }
  return { ...memory, failures: Object.fromEntries(failures) };
}

function failureAfter(last: Failure | undefined, problem: Problem, now: number): Failure {
  const attempts = (last?.attempts ?? 0) + 1;
  return { problem, attempts, at: now, retryAt: now + Math.min(FIRST_RETRY * 2 ** (attempts - 1), LAST_RETRY) };
}

/** Objects that belong to no one service. */
const SHARED = ['networks', 'balancer'];

/** What failed last of what all services share, by object. */
export function sharedFailures({ failures }: Memory): Readonly<Record<string, Failure>> {
  return Object.fromEntries(
    SHARED.flatMap((object) => {
      const failure = failures[object];
      return failure === undefined ? [] : [[object, failure] as const];
    }),
  );
}

/** What failed last of a release or its instances, by `service@release`. */
export function failuresByRelease({ failures }: Memory): ReadonlyMap<string, readonly Failure[]> {
  const groups = groupBy(Object.entries(failures), ([object]) => object.split('/')[0] ?? '');
  return new Map([...groups].map(([release, entries]) => [release, entries.map(([, failure]) => failure)]));
}

export function withImages(memory: Memory, images: readonly (readonly [string, PulledImage])[]): Memory {
  return images.length === 0 ? memory : { ...memory, images: { ...memory.images, ...Object.fromEntries(images) } };
}

/** Somebody took these images away after they were pulled: they are pulled again. Keys as in `images`. */
export function withoutImages(memory: Memory, lost: ReadonlySet<string>): Memory {
  return lost.size === 0 ? memory : { ...memory, images: without(memory.images, (each) => lost.has(each)) };
}

/** Docker tells the start of the last retry only; who was not there takes that for the first. */
export function withBeginnings(memory: Memory, running: readonly Instance[]): Memory {
  if (running.length === 0 && Object.keys(memory.began).length === 0) return memory;
  const began = running.map(({ id, startedAt = 0 }) => [id, memory.began[id] ?? startedAt] as const);
  return { ...memory, began: Object.fromEntries(began) };
}

/** These containers were stopped on purpose: however often they had fallen, they may start at once. */
export function withoutStarts(memory: Memory, ids: readonly string[]): Memory {
  return ids.length === 0 ? memory : { ...memory, starts: without(memory.starts, (id) => ids.includes(id)) };
}

/** These containers are being stopped; each from its first time on. */
export function withStops(memory: Memory, ids: readonly string[], now: number): Memory {
  if (ids.length === 0) return memory;
  return { ...memory, stops: { ...Object.fromEntries(ids.map((id) => [id, now])), ...memory.stops } };
}

/** These containers were restarted for failing checks. */
export function withHealed(memory: Memory, ids: readonly string[], now: number): Memory {
  const healed = ids.map((id) => [id, { count: (memory.healed[id]?.count ?? 0) + 1, at: now }] as const);
  return { ...memory, healed: { ...memory.healed, ...Object.fromEntries(healed) } };
}

/** Forgets failures of objects that need nothing any more; what a release needs its instances need. */
export function withFailuresOf(memory: Memory, needed: ReadonlySet<string>): Memory {
  const isOver = (object: string) => !needed.has(object) && !needed.has(object.split('/')[0] ?? '');
  if (!Object.keys(memory.failures).some(isOver)) return memory;
  return { ...memory, failures: without(memory.failures, isOver) };
}

function without<Value>(record: Readonly<Record<string, Value>>, isOver: (key: string) => boolean) {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !isOver(key)));
}
