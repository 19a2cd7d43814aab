import type { Resources } from './model.ts';
import { canonicalJson } from './release.ts';

/**
 * The same resources as Docker can hold them, so that what was asked for and what is observed compare equal: cpu
 * reservations become shares of 1/1024 core (at least 2), which is finer than the thousandths that they are read back
 * as; cpu limits are billionths of a core.
 */
export function canonicalResources(resources: Resources): Resources {
  const { cpu, memory } = resources.limits;
  return {
    cpu: coresOf(sharesOf(resources.cpu)),
    memory: Math.round(resources.memory),
    limits: {
      ...(cpu === undefined ? {} : { cpu: coresOfNano(nanoOf(cpu)) }),
      ...(memory === undefined ? {} : { memory: Math.round(memory) }),
    },
  };
}

/** The same as text, which containers of runs carry: what the engine has made of it may be something else. */
export function resourcesText(resources: Resources): string {
  return canonicalJson(canonicalResources(resources));
}

/** What is reserved or limited though nothing is wanted there: Docker changes such values, but takes none away. */
export function excessOf(actual: Resources, wanted: Resources): string[] {
  const values: readonly (readonly [field: string, actual: number | undefined, wanted: number | undefined])[] = [
    ['cpu', actual.cpu, wanted.cpu],
    ['memory', actual.memory, wanted.memory],
    ['limits.cpu', actual.limits.cpu, wanted.limits.cpu],
    ['limits.memory', actual.limits.memory, wanted.limits.memory],
  ];
  return values.filter(([, is, should]) => Boolean(is) && !should).map(([field]) => field);
}

/** Docker's CpuShares for a reservation in cores; 0: none. */
export function sharesOf(cores: number): number {
  return cores <= 0 ? 0 : Math.max(2, Math.round(cores * 1024));
}

/** Cores, in thousandths, that CpuShares stand for. */
export function coresOf(shares: number): number {
  return Math.round((shares / 1024) * 1000) / 1000;
}

/** Docker's NanoCpus for a limit in cores. */
export function nanoOf(cores: number): number {
  return Math.round(cores * 1e9);
}

/** Cores that NanoCpus stand for. */
export function coresOfNano(nano: number): number {
  return nano / 1e9;
}
