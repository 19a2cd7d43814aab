import { ReasonError } from '../core/reason.ts';
import type { RoutingTable } from '../core/routing.ts';
import type { Cli } from './cli.ts';
import { renderConfig, skeletonOf } from './config.ts';
import { FILES, listFile, mapFile, type ConfigSettings } from './settings.ts';
import type { Lack } from './admission.ts';
import { clearCertificates } from './certificate-trial.ts';
import { certificateCommands, certificateLines, readCertificateList, type LiveEntry } from './certificates.ts';
import { configFile, type BalancerIdentity } from './container.ts';
import { CANDIDATE, placeConfig, reload, type Installation } from './install.ts';
import { readServers, readSkeleton, type LiveServers } from './live.ts';
import { checkBackend } from './names.ts';
import { recordOf, withComing, type Recorded } from './record.ts';
import { mapLines, routeMap } from './routes.ts';
import { runtimeChange, type Command } from './runtime.ts';
import type { Session } from './session.ts';
import { assignSlots, keepHolders, slotOf, type Slots } from './slots.ts';
import { switchRoutes } from './switch.ts';

/** A table on its way into a balancer. */
export interface Change {
  readonly table: RoutingTable;
  readonly slots: Slots;
  readonly identity: BalancerIdentity;
  readonly settings: ConfigSettings;
  /** What it goes without. */
  readonly refusals: readonly Lack[];
  readonly session: Session;
  /** Chain and key of a certificate. */
  readonly pem: (id: string) => string | undefined;
}

/** A HAProxy that cannot start is no reason to wait before it is replaced. */
const ANSWER_LIMIT = 1000;

/** HAProxy would not do at run time what a reload can. */
export class CommandRefused extends ReasonError {
  constructor(command: string, answer: string) {
    // What follows the first line may be a key.
    super('reload-failed', `HAProxy refused "${command.split('\n', 1).join('')}": ${answer}`);
    this.name = 'CommandRefused';
  }
}

export function changeTo(table: RoutingTable, { session, ...others }: Omit<Change, 'table' | 'slots'>): Change {
  return { table, slots: assignSlots(session.recorded?.slots ?? {}, table), session, ...others };
}

/** Starts HAProxy in a container that has no config yet; what a process left half written goes. */
export async function firstStart(change: Change): Promise<void> {
  const { session, identity } = change;
  const { code } = await session.shell.run(`rm -f ${CANDIDATE} ./*.new; [ -f ${configFile(identity)} ]`);
  if (code === 0) return;
  await placeConfig(session, installation(change, new Map()));
}

/** Leaves in the volume what the next container starts with, so that it comes up with members that are checked. */
export async function prepareStart(change: Change): Promise<void> {
  const { session } = change;
  const cli = await session.cli(ANSWER_LIMIT).catch(() => undefined);
  if (cli !== undefined) await saveStates(session, cli);
  await placeConfig(session, installation(change, cli === undefined ? new Map() : await liveServers(cli)));
}

/** Whether what runs differs from the table in more than servers and routes, or may do so since its files were touched. */
export async function needsReload({ table, slots, settings, session }: Change): Promise<boolean> {
  if (session.recorded !== undefined && (await session.seal.broken(session.recorded)) !== undefined) return true;
  const cli = await session.cli();
  const [newest] = await cli.workers();
  const running = readSkeleton(await cli.worker(newest.pid, 'show info'));
  return running !== skeletonOf(table, settings, slots);
}

export async function reloadTo(change: Change): Promise<void> {
  const { session } = change;
  const next = installation(change, await liveServers(await session.cli()));
  if (session.recorded !== undefined) {
    const coming = { [next.config]: next.text, [FILES.map]: next.map, [FILES.list]: next.list };
    await writeRecord(session, withComing(session.recorded, coming), {});
  }
  await reload(session, next);
}

/** A new worker takes servers for up that it knows nothing of, so only those start with it that are checked already. */
function installation({ table, slots, identity, settings }: Change, live: LiveServers): Installation {
  const checked = keepHolders(slots, (pool, id) => {
    const server = live.get(`${checkBackend(pool)}/${slotOf(slots, pool, id) ?? ''}`);
    const address = table.checks.find((each) => each.name === pool)?.servers.find((each) => each.id === id)?.address;
    return server !== undefined && !server.maintenance && server.address === address;
  });
  return {
    config: configFile(identity),
    text: renderConfig(table, settings, checked),
    map: fileOf(mapLines(routeMap(table, slots))),
    list: fileOf(certificateLines(table, settings)),
    skeleton: skeletonOf(table, settings, slots),
  };
}

/** Brings servers and routes to the table: new servers first, then the record, then the routes, then who has to leave. */
export async function converge(change: Change, reloaded: boolean): Promise<void> {
  const { table, slots, settings, session } = change;
  session.routes = undefined;
  session.certificates = undefined;
  const cli = await session.cli();
  const { join, leave } = runtimeChange(table, slots, await liveServers(cli));
  await send(cli, join);
  const files = filesOf(change);
  const certificates = Object.fromEntries(settings.admission.certificates);
  const record = recordOf({ table, slots, certificates, refusals: change.refusals }, files);
  const unrecorded = JSON.stringify(record) !== JSON.stringify(session.recorded);
  if (reloaded || unrecorded || join.length > 0) await writeRecord(session, record, files);
  await switchCertificates(cli, change);
  const switched = await switchRoutes(cli, mapFile(settings), table, slots);
  await send(cli, leave);
  if (reloaded || unrecorded || switched || join.length + leave.length > 0) await saveStates(session, cli);
  if (reloaded || unrecorded) await clearCertificates(session, settings.admission);
}

/** From here on a restart of HAProxy, or of this process, comes back with the new table. */
async function writeRecord(session: Session, record: Recorded, files: Readonly<Record<string, string>>): Promise<void> {
  await session.shell.write({ ...files, [FILES.record]: JSON.stringify(record) });
  session.recorded = record;
}

/** What HAProxy starts with next time. */
function filesOf({ table, slots, identity, settings }: Change): Readonly<Record<string, string>> {
  return {
    [configFile(identity)]: renderConfig(table, settings, slots),
    [FILES.map]: fileOf(mapLines(routeMap(table, slots))),
    [FILES.list]: fileOf(certificateLines(table, settings)),
  };
}

/** Shows other certificates from now on, to who comes anew; what is open goes on. */
async function switchCertificates(cli: Cli, { table, settings, pem }: Change): Promise<void> {
  const commands = certificateCommands(table, settings, await liveCertificates(cli, settings), pem);
  if (commands === undefined) throw new CommandRefused('add ssl crt-list', 'it is too long for a command');
  await send(cli, commands);
}

export async function liveCertificates(
  cli: Cli,
  settings: Pick<ConfigSettings, 'directory'>,
): Promise<readonly LiveEntry[]> {
  const [newest] = await cli.workers();
  return readCertificateList(await cli.worker(newest.pid, `show ssl crt-list -n ${listFile(settings)}`));
}

async function saveStates({ shell }: Session, cli: Cli): Promise<void> {
  const [newest] = await cli.workers();
  await shell.write({ [FILES.state]: await cli.worker(newest.pid, 'show servers state') });
}

async function liveServers(cli: Cli): Promise<LiveServers> {
  const [newest] = await cli.workers();
  return readServers(await cli.worker(newest.pid, 'show servers state'));
}

const ACCEPTED =
  /^\s*(?:|IP changed from .*|no need to change .*|New server registered\.|Server deleted\.|(?:.*\n)*Success!|Transaction (?:created|updated) for certificate .*|Entry .* deleted in crtlist .*)\s*$/;

async function send(cli: Cli, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  const [newest] = await cli.workers();
  const answers = await cli.workerEach(
    newest.pid,
    commands.map(({ text }) => text),
  );
  const refused = commands.findIndex(({ optional }, at) => optional !== true && !ACCEPTED.test(answers[at] ?? ''));
  if (refused >= 0) throw new CommandRefused(commands[refused]?.text ?? '', answers[refused]?.trim() ?? '');
}

function fileOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
