import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Starts the process that owns one engine (engine-guard.mjs). It keeps this process alive during a call only, and it
 * sees the end of this process, however that comes.
 */
export function startGuard() {
  const program = fileURLToPath(new URL('engine-guard.mjs', import.meta.url));
  const child = fork(program, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const call = callsTo(child);
  return {
    call,
    /** Stops the engine and ends the process; safe to call again. */
    close: async () => {
      if (child.connected) await call('stop').finally(() => child.disconnect());
      child.ref();
      await ended;
    },
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {(method: string, argument?: unknown) => Promise<any>}
 */
function callsTo(child) {
  /** @type {Map<number, { resolve: (result: unknown) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  let last = 0;
  child.on('message', (/** @type {{ id: number, result?: unknown, error?: string }} */ { id, result, error }) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) keepAlive(child, false);
    if (error === undefined) caller?.resolve(result);
    else caller?.reject(new Error(error));
  });
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('The process that owns the private engine has ended.'));
  });
  return (method, argument) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      keepAlive(child, true);
      child.send({ id: last, method, argument });
    });
}

/** @param {import('node:child_process').ChildProcess} child @param {boolean} wanted */
function keepAlive(child, wanted) {
  if (wanted) child.ref();
  else child.unref();
  if (wanted) child.channel?.ref();
  else child.channel?.unref();
}
