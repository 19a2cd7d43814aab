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
  /** By container id: restarts that we ordered for failing checks. */
  readonly healed: Readonly<Record<string, { readonly count: number; readonly at: number }>>;
  /** By container id: instances of a new release that we gave up and are stopping. */
  readonly condemned: Readonly<Record<string, { readonly reason: Reason; readonly description: string }>>;
  /** By `service@release`. */
  readonly images: Readonly<Record<string, PulledImage>>;
  /** By object (`web@3f9c1a2`, `web@3f9c1a2/1`, `balancer`): what failed last and when it is tried again. */
  readonly failures: Readonly<Record<string, Failure>>;
  /** Ids of containers that fell while the engine was away and are not up since. */
  readonly fellWithEngine: readonly string[];
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
  healed: {},
  condemned: {},
  images: {},
  failures: {},
  fellWithEngine: [],
};

/**
 * The memory after the engine was away: what fell meanwhile is nobody's fault, and no time has counted. `down`: ids of
 * what had fallen before.
 */
export function afterAbsence(memory: Memory, instances: readonly Instance[], down: ReadonlySet<string>): Memory {
  const fallen = instances.filter((each) => !isUp(each) && !down.has(each.id)).map((each) => each.id);
  return { ...memory, unreadySince: {}, fellWithEngine: [...memory.fellWithEngine, ...fallen] };
}

const FIRST_RETRY = 2_000;
const LAST_RETRY = 120_000;

/** The memory after something failed once more: it is tried again after 2, 4, 8 … seconds, at most two minutes. */
export function withFailure(memory: Memory, key: string, problem: Problem, now: number): Memory {
  const attempts = (memory.failures[key]?.attempts ?? 0) + 1;
  const retryAt = now + Math.min(FIRST_RETRY * 2 ** (attempts - 1), LAST_RETRY);
  return { ...memory, failures: { ...memory.failures, [key]: { problem, attempts, at: now, retryAt } } };
}

export function withoutFailure(memory: Memory, key: string): Memory {
  if (memory.failures[key] === undefined) return memory;
  const { [key]: _, ...failures } = memory.failures;
  return { ...memory, failures };
}

/** Objects that belong to no one service. */
const SHARED = ['networks', 'balancer'];

/** What failed last of what all services share. */
export function sharedFailures({ failures }: Memory): Failure[] {
  return SHARED.flatMap((object) => failures[object] ?? []);
}

export function withImages(memory: Memory, images: readonly (readonly [string, PulledImage])[]): Memory {
  return images.length === 0 ? memory : { ...memory, images: { ...memory.images, ...Object.fromEntries(images) } };
}

/** Somebody took the image away after it was pulled: it is pulled again. */
export function withoutImage(memory: Memory, { service, release }: { service: string; release: string }): Memory {
  const { [`${service}@${release}`]: _, ...images } = memory.images;
  return { ...memory, images };
}

/** Forgets failures of objects that need nothing any more. */
export function withFailuresOf(memory: Memory, needed: ReadonlySet<string>): Memory {
  return Object.keys(memory.failures)
    .filter((object) => !needed.has(object))
    .reduce(withoutFailure, memory);
}
