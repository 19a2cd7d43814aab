import { existsSync, readFileSync, renameSync, rmSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endPrograms, messageOf, run, seconds } from './run.mjs';

export const ROOT = join(import.meta.dirname, '..');

/** @type {Record<string, number>} */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** @param {string} line */
export function log(line) {
  console.log(line);
}

/**
 * A script from end to end: whatever ends it (done, an error, Ctrl-C), what it has started is ended first and what it
 * handed to `onEnd` is done, last first.
 * @param {(onEnd: (cleanup: () => Promise<void>) => void) => Promise<void>} work
 */
export async function runScript(work) {
  /** @type {(() => Promise<void>)[]} */
  const cleanups = [];
  /** @type {Promise<void> | undefined} */
  let ending;
  const end = () => (ending ??= endPrograms().then(() => inTurn(cleanups.reverse())));
  const done = work((cleanup) => cleanups.push(cleanup)).catch((/** @type {unknown} */ error) => {
    // After a signal this is the echo of what was ended.
    if (ending === undefined) console.error(messageOf(error));
    process.exitCode ??= 1;
  });
  const quit = (/** @type {number} */ code) => {
    // What is in the middle of something gets a moment to tidy up.
    void Promise.all([end(), Promise.race([done, delay(5000)])]).finally(() => process.exit(code));
  };
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => quit(code));
  process.on('uncaughtException', (error) => {
    console.error(error);
    quit(1);
  });
  await done;
  await end();
}

/** @param {(() => Promise<void>)[]} works */
async function inTurn(works) {
  for (const work of works) await work();
}

/** Makes node_modules what package-lock.json says, by `npm ci` where it is not. */
export async function installDependencies() {
  const reason = whyInstall();
  if (reason === undefined) return;
  const since = performance.now();
  log(`npm ci, because ${reason}`);
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT });
  log(`dependencies installed in ${seconds(since)}`);
}

/** @returns {string | undefined} */
function whyInstall() {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return 'node_modules is missing';
  const present = packagesIn(installed);
  const stale = Object.entries(packagesIn(join(ROOT, 'package-lock.json'))).find(([path, { version, optional }]) => {
    return path !== '' && !optional && present[path]?.version !== version;
  });
  return stale === undefined ? undefined : `${stale[0]} is not as package-lock.json has it`;
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** Builds dist beside the old one and swaps it in at the end, so that a program that runs from it finds it whole. */
export async function build() {
  const since = performance.now();
  const fresh = join(ROOT, `dist-${String(process.pid)}`);
  const compile = [tool('typescript-native/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', fresh];
  try {
    await run(process.execPath, compile, { cwd: ROOT });
    await run(process.execPath, ['script/generate.mjs', '--validators', fresh], { cwd: ROOT });
    chmodSync(join(fresh, 'main.js'), 0o755);
    rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
    renameSync(fresh, join(ROOT, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  log(`dist built in ${seconds(since)}`);
}

/** The path of a development tool's program. @param {string} path */
export function tool(path) {
  return join(ROOT, 'node_modules', path);
}
