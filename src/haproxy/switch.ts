import { ReasonError } from '../core/reason.ts';
import type { RoutingTable } from '../core/routing.ts';
import type { Cli } from './cli.ts';
import { readMap, readServers, type LiveServer, type Worker } from './live.ts';
import { mapLines, routeMap, sameMap, type RouteMap } from './routes.ts';
import { wantedMembers } from './runtime.ts';
import type { Slots } from './slots.ts';

/** HAProxy takes a command with its payload only as long as its buffer of 16 KB. */
const PAYLOAD = 8000;

/**
 * Sends all routes of every worker that has others to their backends, in one step per worker; gives whether any had.
 * Workers of earlier reloads still serve connections and keep the routes to backends whose servers they do not know.
 */
export async function switchRoutes(cli: Cli, file: string, table: RoutingTable, slots: Slots): Promise<boolean> {
  let changed = false;
  for (const worker of await cli.workers()) {
    const now = readMap(await cli.worker(worker.pid, `show map ${file}`));
    const wanted = worker.old ? await forOldWorker(cli, worker, now, table, slots) : routeMap(table, slots);
    if (sameMap(now, wanted)) continue;
    await replaceMap(cli, worker, file, wanted);
    changed = true;
  }
  return changed;
}

async function forOldWorker(
  cli: Cli,
  worker: Worker,
  now: RouteMap,
  table: RoutingTable,
  slots: Slots,
): Promise<RouteMap> {
  const known = readServers(await cli.worker(worker.pid, 'show servers state'));
  const members = [...wantedMembers(table, slots)].filter(([, { member }]) => member.state === 'active');
  const knows = (backend: string) => {
    const servers = members.filter(([, wanted]) => wanted.backend === backend);
    return servers.length > 0 && servers.every(([server]) => takesRequests(known.get(server)));
  };
  const entries = [...routeMap(table, slots)].flatMap(([key, backend]) => {
    const target = knows(backend) ? backend : now.get(key);
    return target === undefined ? [] : [[key, target] as const];
  });
  return new Map(entries);
}

/** It was as it was when the worker became old. */
function takesRequests(server: LiveServer | undefined): boolean {
  return server !== undefined && !server.maintenance && !server.draining && server.weight > 0;
}

async function replaceMap(cli: Cli, worker: Worker, file: string, wanted: RouteMap): Promise<void> {
  const answer = await cli.worker(worker.pid, `prepare map ${file}`);
  const version = /New version created: (\d+)/.exec(answer)?.[1];
  if (version === undefined) throw new ReasonError('reload-failed', `HAProxy did not prepare new routes: ${answer}`);
  for (const lines of chunks(mapLines(wanted)))
    await cli.worker(worker.pid, `add map @${version} ${file} <<\n${lines}\n`);
  await cli.worker(worker.pid, `commit map @${version} ${file}`);
  const now = readMap(await cli.worker(worker.pid, `show map ${file}`));
  if (!sameMap(now, wanted))
    throw new ReasonError('reload-failed', `HAProxy's worker ${worker.pid} did not take the new routes.`);
}

function chunks(lines: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last === undefined || last.length + line.length >= PAYLOAD) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts;
}
