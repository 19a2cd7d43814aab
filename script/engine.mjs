import { mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aptInstall, canInstall } from './apt.mjs';
import { answers, api } from './docker-api.mjs';
import { startGuard } from './engine-guard-client.mjs';
import { seconds, which } from './run.mjs';

/** @typedef {import('./run.mjs').Log} Log */
/** @typedef {{ host: string, started: boolean, version: string, stop(): Promise<void> }} Engine */
/**
 * A dockerd of our own. `restart` and `kill` leave its containers and data as a real restart or crash would; `stop` ends
 * its containers and removes every trace of it.
 * @typedef {{
 *   readonly host: string, readonly dir: string, readonly pid: number,
 *   restart(): Promise<void>, kill(signal: NodeJS.Signals): Promise<void>, stop(): Promise<void>,
 *   [Symbol.asyncDispose](): Promise<void>,
 * }} PrivateEngine
 */
/**
 * @typedef {object} PrivateOptions
 * @property {Log} [log]
 * @property {string} [dir] an existing folder to make the engine's own folder in, by default on disk; keep it short: a
 *   socket's path ends at 108 characters
 * @property {string} [dockerd] another dockerd; the programs beside it come first on its PATH
 * @property {Record<string, string>} [env]
 * @property {readonly string[]} [extraArgs]
 */

/** What a private engine needs, and Debian's packages for it. */
const PROGRAMS = { dockerd: 'docker.io', iptables: 'iptables', ip: 'iproute2', umount: 'mount' };
const DEFAULT_SOCKET = '/var/run/docker.sock';
const HOW_TO = `Start Docker, or set DOCKER_HOST to an engine that answers, or run this as root on Debian, where it installs and starts a private engine by itself.`;

/**
 * The engine to work with: DOCKER_HOST, else the one that runs, else a private one that `stop` removes again.
 * @param {{ log: Log }} options
 * @returns {Promise<Engine>}
 */
export async function findOrStartEngine({ log }) {
  const running = await runningEngine();
  const engine =
    running === undefined ? await startPrivateEngine({ log }) : { host: running, stop: () => Promise.resolve() };
  const { Version: version } = await api(engine.host, '/version');
  log(`${running === undefined ? 'private engine' : 'engine'} ${String(version)} at ${engine.host}`);
  return { host: engine.host, started: running === undefined, version, stop: () => engine.stop() };
}

/** @returns {Promise<string | undefined>} */
async function runningEngine() {
  const asked = process.env['DOCKER_HOST'];
  if (asked !== undefined && asked !== '') {
    if (await answers(asked)) return asked;
    throw new Error(`DOCKER_HOST is ${asked}, and no engine answers there. Start that engine, or unset DOCKER_HOST.`);
  }
  return (await answers(`unix://${DEFAULT_SOCKET}`)) ? `unix://${DEFAULT_SOCKET}` : undefined;
}

/**
 * Starts a dockerd with folders, socket, bridge and addresses of its own. It ends with this process, however that ends.
 * Any number run side by side; the start of one makes published ports of the others go through Docker's port proxy.
 * @param {PrivateOptions} [options]
 * @returns {Promise<PrivateEngine>}
 */
export async function startPrivateEngine({
  log = () => undefined,
  dir: parent = '/var/tmp',
  dockerd,
  env = {},
  extraArgs = [],
} = {}) {
  const program = dockerd ?? (await installedDockerd(log));
  const since = performance.now();
  const dir = mkdtempSync(join(parent, 'fl-engine-'));
  const guard = startGuard();
  const started = { dir, dockerd: program, env: { ...env, PATH: pathFor(program, env) }, extraArgs };
  let pid = await guard.call('start', started).catch(async (/** @type {unknown} */ error) => {
    await guard.close();
    throw error;
  });
  log(`private engine started in ${seconds(since)} (pid ${String(pid)})`);
  return {
    host: `unix://${join(dir, 'docker.sock')}`,
    dir,
    get pid() {
      return pid;
    },
    restart: async () => {
      pid = await guard.call('restart');
    },
    kill: (signal) => guard.call('kill', signal),
    stop: () => guard.close(),
    [Symbol.asyncDispose]: () => guard.close(),
  };
}

/** @param {Log} log @returns {Promise<string>} */
async function installedDockerd(log) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error(`No Docker engine answers. ${HOW_TO}`);
  const missing = Object.entries(PROGRAMS).filter(([name]) => which(name) === undefined);
  if (missing.length > 0 && !canInstall())
    throw new Error(
      `No Docker engine answers, and ${missing.map(([name]) => name).join(', ')} is not installed. ${HOW_TO}`,
    );
  if (missing.length > 0)
    await aptInstall(
      missing.map(([, name]) => name),
      { log, why: 'A private Docker engine' },
    );
  return which('dockerd') ?? 'dockerd';
}

/** @param {string} program @param {Record<string, string>} env */
function pathFor(program, env) {
  const beside = [dirname(program), join(dirname(program), '../bin'), join(dirname(program), '../sbin')];
  return [...beside, env['PATH'] ?? process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(':');
}
