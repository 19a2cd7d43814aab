import { mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';

/** Whether a process works with the state directory. */
export async function isLocked(stateDir: string): Promise<boolean> {
  return await isAnswered(join(stateDir, 'lock'));
}

/**
 * Holds the state directory for this process: a second one refuses to start. The lock is a socket that only a living
 * process answers, so that a killed one leaves nothing to clean up. It says `ok` or `stuck`, for health checks.
 */
export async function lockStateDir(stateDir: string, isWell: () => boolean = () => true): Promise<AsyncDisposable> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const socket = join(stateDir, 'lock');
  if (await isAnswered(socket)) {
    throw new Error(
      `Another fairlead works with the state directory ${stateDir}; stop it first, or give this one its own with --state-dir.`,
    );
  }
  await rm(socket, { force: true });
  return await listen(socket, isWell);
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

function listen(socket: string, isWell: () => boolean): Promise<AsyncDisposable> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) =>
      connection.on('error', () => undefined).end(isWell() ? 'ok\n' : 'stuck\n'),
    );
    server.once('error', (cause) =>
      reject(new Error(`The state directory cannot be locked with ${socket}.`, { cause })),
    );
    server.listen(socket, () => {
      server.unref();
      resolve({ [Symbol.asyncDispose]: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
