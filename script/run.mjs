import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {(line: string) => void} Log */
/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, stdio?: 'inherit' | 'ignore' }} RunOptions */

/** A command that ended with something other than 0; `output` is the end of what it printed, where that was read. */
export class CommandFailed extends Error {
  /** @param {string[]} argv @param {number | null} code @param {string | null} signal @param {string} output */
  constructor(argv, code, signal, output) {
    const ending = signal === null ? `with code ${String(code)}` : `by ${signal}`;
    super(`${argv.join(' ')} ended ${ending}${output === '' ? '' : `:\n${output}`}`);
    this.name = 'CommandFailed';
    this.code = code;
    this.signal = signal;
  }
}

/**
 * Runs a program to its end with this terminal's output; throws CommandFailed when it fails, and starts none after
 * endPrograms.
 * @param {string} command @param {readonly string[]} args @param {RunOptions} [options]
 * @returns {Promise<void>}
 */
export async function run(command, args, { cwd, env, stdio = 'inherit' } = {}) {
  if (isEnding) throw new CommandFailed([command, ...args], null, 'the end of this script', '');
  const child = spawn(command, args, { cwd, env, stdio });
  const { code, signal } = await ended(child);
  if (code !== 0) throw new CommandFailed([command, ...args], code, signal, '');
}

/**
 * Runs a program quietly and gives what it printed on stdout; the error of a failure holds the end of both outputs.
 * @param {string} command @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, keep?: number }} [options] `keep`: how much output an error shows
 * @returns {Promise<string>}
 */
export async function read(command, args, { cwd, env, input = '', keep = 2000 } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => (stderr += chunk));
  child.stdin.on('error', () => undefined).end(input);
  const { code, signal } = await ended(child);
  if (code !== 0) throw new CommandFailed([command, ...args], code, signal, `${stdout}${stderr}`.trim().slice(-keep));
  return stdout;
}

/** Programs that run now. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
let isEnding = false;

/** Ends every program that `run` and `read` have started, and waits for that. */
export async function endPrograms() {
  isEnding = true;
  const ends = [...running].map(async (child) => {
    const end = ended(child).catch(() => undefined);
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await end;
    clearTimeout(hard);
  });
  await Promise.all(ends);
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<{ code: number | null, signal: string | null }>} */
function ended(child) {
  running.add(child);
  child.once('close', () => running.delete(child));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

/**
 * The full path of a program on the PATH (system folders included), or undefined.
 * @param {string} name
 */
export function which(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(executable);
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks again until the answer is truthy; throws when `limitMs` has passed, with the words of `what`.
 * @template T
 * @param {string} what @param {() => T | Promise<T>} ask @param {{ limitMs: number, everyMs?: number }} limits
 * @returns {Promise<T>}
 */
export async function until(what, ask, { limitMs, everyMs = 50 }) {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${String(limitMs / 1000)} s.`);
    await delay(everyMs);
  }
}

/** @param {number} since a performance.now() */
export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** The message of anything thrown. @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
