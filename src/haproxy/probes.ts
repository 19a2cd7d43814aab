import { endpoint } from './settings.ts';
import type { ServerStat, Stats } from './live.ts';
import type { Command } from './runtime.ts';

/**
 * A server that leaves maintenance is asked when its turn comes, up to a second later; one that is made at run time is
 * asked after its `downinter`. So a probe stands beside each slot that gets an address, and the slot learns from it. Where
 * there is none, as after a reload, the slot is asked a little later.
 */
const SETTINGS = 'check inter 1s downinter 100ms fall 1 rise 1';
const SUFFIX = '-probe';

/** Of a slot, as `backend/server`. */
export function probeOf(slot: string): string {
  return `${slot}${SUFFIX}`;
}

export function addProbe(slot: string, address: string, port: number): readonly Command[] {
  const probe = probeOf(slot);
  return commands([`add server ${probe} ${endpoint(address, port)} ${SETTINGS}`, `enable health ${probe}`]);
}

export function removeProbe(slot: string): readonly Command[] {
  return commands([`del server ${probeOf(slot)}`]);
}

/** Slots learn that their probes have passed, and probes of slots that have been asked themselves go. */
export function learnt(stats: Stats): readonly Command[] {
  return probed(stats).flatMap(([name, slot, probe]) => {
    const isOfUse = slot?.address === probe.address && !slot.status.startsWith('MAINT');
    if (!isOfUse || (isUp(slot) && hasPassed(slot))) return removeProbe(name);
    return !isUp(slot) && hasPassed(probe) ? commands([`set server ${name} health up`]) : [];
  });
}

/** With what the probes were told in place of what their slots have not been told yet. */
export function withProbes(stats: Stats): Stats {
  const told = probed(stats).flatMap(([name, slot, probe]) => {
    if (slot?.address !== probe.address || !isUp(slot) || !hasPassed(probe)) return [];
    return [[name, { ...slot, check: probe.check, code: probe.code }] as const];
  });
  return told.length === 0 ? stats : new Map([...stats, ...told]);
}

/** Name and state of a slot, and its probe. */
function probed(stats: Stats): [string, ServerStat | undefined, ServerStat][] {
  return [...stats].flatMap(([name, probe]) => {
    if (!name.endsWith(SUFFIX)) return [];
    const slot = name.slice(0, -SUFFIX.length);
    return [[slot, stats.get(slot), probe]];
  });
}

function isUp({ status }: ServerStat): boolean {
  return status.startsWith('UP');
}

/** A probe itself takes no traffic: it is asked, but stays in maintenance. */
function hasPassed({ check }: ServerStat): boolean {
  return /^L\dOK/.test(check);
}

/** Whatever HAProxy will not do: it is only sooner so. */
function commands(texts: readonly string[]): readonly Command[] {
  return texts.map((text) => ({ text, optional: true }));
}
