import { readdirSync, readFileSync } from 'node:fs';
import { read, until } from './run.mjs';

/**
 * Ends what an engine that was killed has left running: its containerd, its shims (their arguments name the engine's
 * folder) and the containers below them.
 * @param {string} dir
 */
export async function endProcessesOf(dir) {
  const processes = runningProcesses();
  const roots = processes.filter(({ argv }) => /^[^\0]*\b(dockerd|containerd)/.test(argv) && isOf(dir, argv));
  const all = roots.flatMap(({ pid }) => [pid, ...below(pid, processes)]);
  for (const pid of all) end(pid);
  await until('The end of the engine’s processes', () => all.every(gone), { limitMs: 10_000 });
}

/** @param {string} dir @param {string} argv with a NUL after each argument */
function isOf(dir, argv) {
  return argv.includes(`${dir}/`) || argv.includes(`-namespace\0${dir.split('/').at(-1) ?? dir}\0`);
}

/** @typedef {{ pid: number, parent: number, argv: string }} Running */

/** @returns {Running[]} */
function runningProcesses() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(pid), parent, argv: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }];
    } catch {
      return [];
    }
  });
}

/** @param {number} pid @param {Running[]} processes @returns {number[]} */
function below(pid, processes) {
  const children = processes.filter(({ parent }) => parent === pid).map((child) => child.pid);
  return children.flatMap((child) => [child, ...below(child, processes)]);
}

/** @param {number} pid */
function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Whether a process has ended; a zombie has, too. @param {number} pid */
export function gone(pid) {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

/**
 * Removes a folder after unmounting what is mounted below it; refuses while a mount remains, because to go on would be to
 * delete what is mounted there (a bind mount of the host, /sys).
 * @param {string} dir
 */
export async function removeTree(dir) {
  for (const mount of mountsBelow(dir).reverse()) await read('umount', ['--lazy', mount]).catch(() => undefined);
  const left = mountsBelow(dir);
  if (left.length > 0)
    throw new Error(
      `${dir} was not removed, because ${left.join(', ')} is still mounted: unmount it, then remove the folder.`,
    );
  await read('rm', ['-rf', '--one-file-system', '--', dir]);
}

/** @param {string} dir */
function mountsBelow(dir) {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const paths = lines.map((line) => unescaped(line.split(' ')[4] ?? ''));
  return paths.filter((path) => path.startsWith(`${dir}/`));
}

/** The kernel writes a space in a path as \040. @param {string} path */
function unescaped(path) {
  return path.replaceAll(/\\(\d{3})/g, (_match, octal) => String.fromCharCode(parseInt(octal, 8)));
}
