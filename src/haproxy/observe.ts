import type { Cli } from './cli.ts';
import type { ObservedBalancer } from '../core/observed.ts';
import { FILES } from './settings.ts';
import { liveCertificates } from './apply.ts';
import { servedIds } from './certificates.ts';
import { directoryOf, type BalancerIdentity } from './container.ts';
import { readMap, readStat, type Stats } from './live.ts';
import { learnt, withProbes } from './probes.ts';
import { observedChecks, observedMembers, observedQueues, observedTable } from './observation.ts';
import type { Route, RoutingTable } from '../core/routing.ts';
import { routedTable } from './routes.ts';
import type { Session } from './session.ts';

/** A pass does not wait for a HAProxy that is starting. */
const ANSWER_LIMIT = 1000;

/** What runs: two commands over the open command line, and more after a start or a change, and while probes learn. */
export async function observeSession(
  session: Session,
  identity: BalancerIdentity,
  admittedAt: number,
): Promise<ObservedBalancer> {
  const cli = await session.cli(ANSWER_LIMIT);
  const workers = await cli.workers();
  const [{ pid: newest, uptime }, ...others] = workers;
  const stats = await read(session, cli, newest);
  const old = { oldWorkers: others.length, ...(others.length > 0 && { reloadedAgo: uptime }) };
  if (session.recorded === undefined) return { state: 'running', checks: {}, members: {}, ...old };
  const { table, slots, refusals } = session.recorded;
  const foreign = await session.seal.broken(session.recorded);
  if (table.routes.some(({ certificate }) => certificate !== undefined))
    session.certificates ??= await liveCertificates(cli, { directory: directoryOf(identity) });
  session.routes ??= readMap(await cli.worker(newest, `show map ${directoryOf(identity)}/${FILES.map}`));
  return {
    state: 'running',
    table: observedTable(certifiedTable(routedTable(table, session.routes), session), slots, stats),
    checks: observedChecks(table, slots, stats),
    members: observedMembers(table, slots, stats),
    queues: observedQueues(table, stats),
    ...old,
    ...(refusals.length > 0 && { refusals: refusals.map((each) => ({ ...each, at: admittedAt })) }),
    ...(foreign !== undefined && { deviation: `its file ${foreign} is not as Fairlead left it` }),
  };
}

/** The table without certificates that the worker should have, and does not. */
function certifiedTable(table: RoutingTable, { recorded, certificates = [] }: Session): RoutingTable {
  const served = servedIds(certificates);
  const routes = table.routes.map(({ certificate, ...route }): Route => {
    const id = recorded?.certificates[route.loadBalancer];
    // Of one that is refused there is nothing to be missed.
    const isThere = certificate !== undefined && (id === undefined || served.has(id));
    return { ...route, ...(isThere && { certificate }) };
  });
  return { ...table, routes };
}

/** What probes have found out counts at once. */
async function read(session: Session, cli: Cli, worker: number): Promise<Stats> {
  const ask = async () => (session.stats = readStat(await cli.worker(worker, 'show stat -1 6 -1'), session.stats));
  let stats = await ask();
  const news = learnt(stats).map(({ text }) => text);
  if (news.length > 0) {
    await cli.workerEach(worker, news);
    stats = await ask();
  }
  return withProbes(stats);
}
