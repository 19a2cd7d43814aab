import type { CheckDefinition } from '../desire.ts';
import type { Memory } from './memory.ts';
import { isUp, type Instance, type CheckResult, type ObservedBalancer, type ObservedState } from '../observed.ts';
import type { RoutingIndex } from './routing-index.ts';

/** A container with no check at all counts as ready once it has run this long. */
const STABLE_AFTER = 500;
/** Starts longer ago than this count no more. */
const STARTS_WINDOW = 300_000;
const HEALED_AFTER = 300_000;
const CRASH_LOOP_WINDOW = 120_000;
const CRASH_LOOP_RESTARTS = 3;

export interface Condition {
  /** `unknown`: it runs, and the balancer, which asks it, has not said anything about it yet or any more. */
  readonly state: 'ready' | 'starting' | 'unhealthy' | 'stopped' | 'unknown';
  /** In a user's words, with the checker's own where there are any: `L7STS/503`. */
  readonly description: string;
  /** Only a load balancer's own check says that it is not well: it gets no requests, and is not restarted for it. */
  readonly byRoute?: true;
}

/** A plan asks many times for the same one. */
const SERVER_IDS = new WeakMap<Instance, string>();

/** What the balancer's server of an instance is called; a new address has a new name. */
export function serverId(instance: Instance): string {
  const known = SERVER_IDS.get(instance);
  if (known !== undefined) return known;
  const { service, release, slot, address } = instance;
  const id = `${service}-${release}-${slot}-${(address ?? 'none').replaceAll('.', '-')}`;
  SERVER_IDS.set(instance, id);
  return id;
}

/** Whether an instance may get traffic: it runs, Docker's check passes, and so do the balancer's; with none, it stands. */
export function conditionOf(
  instance: Instance,
  checks: readonly CheckDefinition[],
  balancer: ObservedBalancer,
  stands: boolean,
): Condition {
  if (instance.state === 'paused') return { state: 'unhealthy', description: 'paused' };
  if (instance.state === 'restarting')
    return { state: 'unhealthy', description: `restarting, ${stoppedWords(instance)}` };
  if (instance.state !== 'running') return { state: 'stopped', description: stoppedWords(instance) };
  if (instance.health === 'unhealthy') return { state: 'unhealthy', description: 'its health check command fails' };
  if (instance.health === 'starting') return { state: 'starting', description: 'its health check has not passed yet' };
  if (checks.length > 0) return conditionByChecks(instance, checks, balancer);
  if (instance.health === 'healthy' || stands) return READY;
  return { state: 'starting', description: 'just started' };
}

const READY: Condition = { state: 'ready', description: 'running' };

/** It has run for a moment since its last start, by the engine's clock or by ours: nobody knows how far they are apart. */
export function hasStood(memory: Memory, { id, startedAt }: Instance, now: number): boolean {
  const starts = memory.starts[id];
  const firstSeen = starts?.startedAt === (startedAt ?? 0) ? (starts.seen.at(-1) ?? now) : now;
  const wasReady = memory.readySince[id]?.startedAt === (startedAt ?? 0);
  return wasReady || now - Math.min(firstSeen, startedAt ?? now) >= STABLE_AFTER;
}

/** Docker is stopping it: what it answers until then does not count. */
export const STOPPING: Condition = { state: 'stopped', description: 'being stopped' };

function conditionByChecks(
  instance: Instance,
  checks: readonly CheckDefinition[],
  balancer: ObservedBalancer,
): Condition {
  const resultOf = (check: CheckDefinition) => balancer.checks[`${check.name}/${serverId(instance)}`];
  const results = checks.map(resultOf);
  // That of the service counts before those of routes.
  const failing = checks.filter((check) => resultOf(check)?.check === 'down');
  const worst = failing.find(({ pace }) => pace === undefined) ?? failing[0];
  if (worst !== undefined) {
    const description = resultOf(worst)?.description ?? '';
    return { state: 'unhealthy', description, ...(worst.pace !== undefined && { byRoute: true as const }) };
  }
  if (results.every((result): result is CheckResult => result?.check === 'up')) return READY;
  return { state: 'unknown', description: 'the balancer has not checked it yet' };
}

export function stoppedWords(instance: Instance): string {
  if (instance.oomKilled) return 'killed: out of memory';
  if (instance.error !== undefined) return instance.error;
  if (instance.state === 'created') return 'created, not started';
  return `exited with code ${instance.exitCode ?? 'unknown'}`;
}

/**
 * The checks that decide for an instance: those of the wanted release are the manifest's; an older release keeps the
 * ones that it is already asked by, so that a commit that changes check and image together does not fail the old one.
 */
export function checksFor(
  instance: Instance,
  desired: { readonly release: string; readonly checks: readonly CheckDefinition[] } | undefined,
  routing: RoutingIndex,
): readonly CheckDefinition[] {
  if (desired?.release === instance.release) return desired.checks;
  return routing.checksByServer.get(serverId(instance)) ?? desired?.checks ?? [];
}

/** Brings the clocks of the memory up to what is observed; containers that are gone are forgotten. */
export function remember(
  memory: Memory,
  state: ObservedState,
  conditions: ReadonlyMap<string, Condition>,
  now: number,
): Memory {
  const readySince: Record<string, Memory['readySince'][string]> = {};
  const unreadySince: Record<string, number> = {};
  const restarts: Record<string, Memory['restarts'][string]> = {};
  const starts: Record<string, Memory['starts'][string]> = {};
  const healed: Record<string, Memory['healed'][string]> = {};
  const condemned: Record<string, Memory['condemned'][string]> = {};
  const stops: Record<string, number> = {};
  const fellWithEngine: Record<string, number> = {};
  for (const instance of state.runtime.instances) {
    const { id } = instance;
    const condition = conditions.get(id)?.state;
    if (condition === 'ready') readySince[id] = readyStart(memory, instance, now);
    else if (condition === 'starting' || (condition === 'unhealthy' && !isTolerable(instance, conditions.get(id))))
      unreadySince[id] = memory.unreadySince[id] ?? now;
    const counted = memory.restarts[id] ?? firstCount(instance, now);
    restarts[id] = restartHistory(counted, instance, now);
    starts[id] = startHistory(memory.starts[id], instance, {
      now,
      byDocker: instance.restarts > (counted.at(-1)?.count ?? 0),
    });
    const heal = memory.healed[id];
    if (heal !== undefined && !isHealed(readySince[id]?.at, now)) healed[id] = heal;
    const verdict = memory.condemned[id];
    if (verdict !== undefined) condemned[id] = verdict;
    const stop = memory.stops[id];
    if (stop !== undefined && condition === 'stopped') stops[id] = stop;
    const end = memory.fellWithEngine[id];
    if (end !== undefined && !isUp(instance) && end === (instance.finishedAt ?? 0)) fellWithEngine[id] = end;
  }
  return { ...memory, readySince, unreadySince, restarts, starts, healed, condemned, stops, fellWithEngine };
}

/** What only a load balancer finds fault with is none that would be restarted for it. */
function isTolerable({ restartPolicy }: Instance, condition: Condition | undefined): boolean {
  return condition?.byRoute === true && restartPolicy !== 'no';
}

/** So long ready that an earlier failure counts no more. */
function isHealed(readySince: number | undefined, now: number): boolean {
  return readySince !== undefined && now - readySince >= HEALED_AFTER;
}

/** A container that was restarted begins anew; times of the engine's clock are only compared with each other. */
function readyStart(memory: Memory, instance: Instance, now: number): Memory['readySince'][string] {
  const startedAt = instance.startedAt ?? 0;
  const known = memory.readySince[instance.id];
  return { at: known?.startedAt === startedAt ? known.at : now, startedAt };
}

function startHistory(
  history: Memory['starts'][string] | undefined,
  { startedAt = 0 }: Instance,
  { now, byDocker }: { now: number; byDocker: boolean },
): Memory['starts'][string] {
  if (history === undefined) return { startedAt, seen: [now] };
  const before = byDocker ? history.seen.slice(0, -1) : history.seen;
  const seen = history.startedAt === startedAt ? history.seen : [...before, now];
  return { startedAt, seen: seen.filter((at, index) => index === seen.length - 1 || at > now - STARTS_WINDOW) };
}

/** What happened to an older container before we saw it is no news. */
function firstCount({ createdAt, restarts }: Instance, now: number): Memory['restarts'][string] {
  return now - createdAt < CRASH_LOOP_WINDOW
    ? [{ at: Math.min(createdAt, now), count: 0 }]
    : [{ at: now, count: restarts }];
}

function restartHistory(
  history: Memory['restarts'][string],
  instance: Instance,
  now: number,
): Memory['restarts'][string] {
  const last = history.at(-1);
  const grown = last?.count === instance.restarts ? history : [...history, { at: now, count: instance.restarts }];
  const firstInside = grown.findIndex((entry) => entry.at >= now - CRASH_LOOP_WINDOW);
  return firstInside > 0 ? grown.slice(firstInside - 1) : grown.slice(firstInside < 0 ? -1 : 0);
}

/** Three restarts within two minutes, by Docker or, where its restart policy leaves them to us, by ourselves. */
export function isCrashLooping(memory: Memory, instance: Instance, now: number): boolean {
  const starts = memory.starts[instance.id]?.seen.filter((at) => at >= now - CRASH_LOOP_WINDOW) ?? [];
  if (starts.length > CRASH_LOOP_RESTARTS) return true;
  const history = memory.restarts[instance.id] ?? [];
  const recent = history.filter((entry) => entry.at >= now - CRASH_LOOP_WINDOW);
  const before = history.find((entry) => entry.at < now - CRASH_LOOP_WINDOW) ?? history[0];
  const latest = recent.at(-1);
  return latest !== undefined && before !== undefined && latest.count - before.count >= CRASH_LOOP_RESTARTS;
}
