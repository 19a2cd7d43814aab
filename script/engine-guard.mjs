// A process of its own that owns one private engine. It outlives the caller just long enough to clean up: however the
// caller ends (done, Ctrl-C, crash, SIGKILL), the channel to it closes, and that stops the engine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { answers, api } from './docker-api.mjs';
import { endProcessesOf, gone, removeTree } from './engine-leftovers.mjs';
import { claimBridge, forwardPolicy, releaseBridge } from './engine-network.mjs';
import { messageOf, until } from './run.mjs';

/** @typedef {{ dir: string, dockerd: string, env: Record<string, string>, extraArgs: string[] }} EngineOptions */
/** @typedef {{ id: number, method: string, argument: any }} Request */

/** @type {EngineOptions} */
let options;
let bridge = '';
let policyBefore = '';
/** @type {import('node:child_process').ChildProcess | undefined} */
let dockerd;
let socket = '';

/** @type {Record<string, (argument: any) => Promise<unknown>>} */
const METHODS = { start, restart, kill, stop };
let queue = Promise.resolve();

process.on('message', (/** @type {Request} */ request) => {
  queue = queue.then(() => serve(request));
});
process.once('disconnect', () => void queue.then(() => stop()).finally(() => process.exit()));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.disconnect());

/** @param {Request} request */
async function serve({ id, method, argument }) {
  try {
    const result = await METHODS[method]?.(argument);
    process.send?.({ id, result });
  } catch (error) {
    process.send?.({ id, error: messageOf(error) });
  }
}

/** @param {EngineOptions} given */
async function start(given) {
  options = given;
  socket = `unix://${join(options.dir, 'docker.sock')}`;
  policyBefore = await forwardPolicy();
  bridge = await claimBridge();
  return launch();
}

/** Starts dockerd and waits until it answers; gives its pid. */
async function launch() {
  const { dir } = options;
  for (const stale of ['docker.pid', 'docker.sock']) rmSync(join(dir, stale), { force: true });
  const log = openSync(join(dir, 'dockerd.log'), 'a');
  // containerd leaves traces in the temporary folder when it is slow to start.
  const env = { ...process.env, ...options.env, TMPDIR: dir };
  const child = spawn(options.dockerd, flags(), { stdio: ['ignore', log, log], env });
  closeSync(log);
  dockerd = child;
  let failure = '';
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure ||= `it ended with ${String(code ?? signal)}`));
  try {
    await until('An answer of the engine', () => failure !== '' || answers(socket), { limitMs: 60_000 });
  } catch (error) {
    failure = messageOf(error);
  }
  if (failure !== '')
    throw new Error(`The private engine ${options.dockerd} did not start: ${failure}. Its log ends:\n${logEnd()}`);
  return child.pid;
}

function flags() {
  const { dir, extraArgs } = options;
  const name = dir.split('/').at(-1) ?? 'fairlead';
  const own = [`--data-root=${dir}/data`, `--exec-root=${dir}/exec`, `--pidfile=${dir}/docker.pid`, `--host=${socket}`];
  const namespaces = [`--containerd-namespace=${name}`, `--containerd-plugins-namespace=${name}-plugins`];
  return [...own, ...namespaces, `--bridge=${bridge}`, ...extraArgs];
}

function logEnd() {
  return readFileSync(join(options.dir, 'dockerd.log'), 'utf8').trim().split('\n').slice(-8).join('\n');
}

async function restart() {
  await kill('SIGTERM');
  return launch();
}

/** Sends a signal to dockerd alone, and waits for its end (and its containerd's) when the signal means one. @param {NodeJS.Signals} signal */
async function kill(signal) {
  if (!running(dockerd)) return;
  dockerd.kill(signal);
  if (!['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT'].includes(signal)) return;
  await exited(dockerd);
  await containerdEnded();
}

/**
 * The kernel ends containerd with its dockerd, a moment later. A dockerd that finds its pid still there (a zombie counts)
 * would take it for a working one and wait for it.
 */
async function containerdEnded() {
  const file = join(options.dir, 'exec/containerd/containerd.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  await until('The end of containerd', () => gone(pid), { limitMs: 5000 });
  rmSync(file, { force: true });
}

/** @param {import('node:child_process').ChildProcess | undefined} child @returns {child is import('node:child_process').ChildProcess} */
function running(child) {
  return child !== undefined && child.exitCode === null && child.signalCode === null && child.pid !== undefined;
}

/** @param {import('node:child_process').ChildProcess} child */
async function exited(child) {
  if (running(child)) await once(child, 'exit');
}

/** Ends everything of this engine; safe to call in any state, and again. */
async function stop() {
  if (bridge === '') return;
  dockerd?.kill('SIGCONT');
  if (!running(dockerd)) await launch().catch(() => undefined);
  await emptyEngine().catch(() => undefined);
  const hard = setTimeout(() => dockerd?.kill('SIGKILL'), 30_000);
  await kill('SIGTERM');
  clearTimeout(hard);
  await endProcessesOf(options.dir);
  await releaseBridge(bridge, policyBefore);
  bridge = '';
  await removeTree(options.dir);
}

/** Running containers and networks have traces outside the data folder; all else goes with the folder. */
async function emptyEngine() {
  await api(socket, '/swarm/leave?force=1', { method: 'POST' }).catch(() => undefined);
  const containers = await api(socket, '/containers/json', { timeoutMs: 10_000 });
  await removeEach(containers, (id) => `/containers/${id}?force=1`);
  const networks = await api(socket, '/networks', { timeoutMs: 10_000 });
  await removeEach(networks, (id) => `/networks/${id}`);
}

/** @param {{ Id: string }[]} things @param {(id: string) => string} path */
function removeEach(things, path) {
  return Promise.allSettled(things.map(({ Id }) => api(socket, path(Id), { method: 'DELETE', timeoutMs: 20_000 })));
}
