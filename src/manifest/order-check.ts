import type { Job, Service } from '../core/model.ts';
import type { Entry, Surroundings } from './cross-check.ts';
import { nearest } from './names.ts';
import type { Path } from './path.ts';

type Ordered = Service | Job;

/** Checks that what services and jobs depend on is there, and that none depends on itself by way of others. */
export function checkOrder(services: readonly Entry<Ordered>[], around: Surroundings): void {
  const byName = new Map(services.map((each) => [each.manifest.name, each]));
  const inCycles = new Set<string>();
  const tangled = tangledOf(byName);
  for (const entry of services) {
    for (const name of entry.manifest.dependsOn ?? []) {
      const isThere = byName.has(name) || around.broken.has(name) || !around.isComplete;
      if (!isThere) complainOfMissing(entry, name, [...byName.keys(), ...around.broken]);
      const other = byName.get(name)?.manifest;
      if (other?.kind === 'Job' && other.schedule !== undefined) complainOfSchedule(entry, name);
    }
    const { name: own } = entry.manifest;
    const cycle = tangled.has(own) && !inCycles.has(own) ? cycleThrough(entry, byName) : undefined;
    if (cycle === undefined) continue;
    for (const name of cycle) inCycles.add(name);
    const message = `\`dependsOn\` leads back to its beginning: ${[...cycle, cycle[0]].join(' → ')}. Leave one of them out.`;
    entry.reading.complain(placeOf(entry, cycle[1] ?? own), message, { reason: 'dependency-cycle' });
  }
}

/** Names of those that are in a cycle, or depend on one that is. */
function tangledOf(byName: ReadonlyMap<string, Entry<Ordered>>): ReadonlySet<string> {
  const open = new Map(
    [...byName].map(([name, { manifest }]) => [
      name,
      (manifest.dependsOn ?? []).filter((each) => byName.has(each)).length,
    ]),
  );
  const dependents = new Map<string, string[]>();
  for (const [name, { manifest }] of byName)
    for (const each of manifest.dependsOn ?? []) dependents.set(each, [...(dependents.get(each) ?? []), name]);
  const free = [...open].filter(([, count]) => count === 0).map(([name]) => name);
  for (const name of free) {
    open.delete(name);
    for (const each of dependents.get(name) ?? []) {
      const left = (open.get(each) ?? 0) - 1;
      open.set(each, left);
      if (left === 0) free.push(each);
    }
  }
  return new Set(open.keys());
}

function complainOfMissing(entry: Entry<Ordered>, name: string, known: readonly string[]): void {
  const meant = nearest(name, known);
  const advice = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
  const message = `There is no service or job \`${name}\` to depend on.${advice}`;
  entry.reading.complain(placeOf(entry, name), message, { reason: 'dependency-not-ready' });
}

/** It runs again and again, so that there is nothing to wait for. */
function complainOfSchedule(entry: Entry<Ordered>, name: string): void {
  const message = `\`${name}\` is a job that runs by a schedule, so that nothing can wait for it; leave it out.`;
  entry.reading.complain(placeOf(entry, name), message);
}

/** The shortest way from a service back to itself, as names; undefined: there is none. */
function cycleThrough(start: Entry<Ordered>, byName: ReadonlyMap<string, Entry<Ordered>>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start.manifest.name];
  for (const name of queue) {
    for (const next of byName.get(name)?.manifest.dependsOn ?? []) {
      if (next === start.manifest.name) return wayTo(name, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(name: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [name];
  for (let at = cameFrom.get(name); at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way;
}

function placeOf({ reading }: Entry<Ordered>, name: string): Path {
  const written = (reading.document.value as { dependsOn?: unknown }).dependsOn;
  return Array.isArray(written) ? ['dependsOn', written.indexOf(name)] : ['dependsOn'];
}
