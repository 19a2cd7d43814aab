import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { Session } from '../core/ports.ts';
import { reasonError, request } from './errors.ts';
import { framesOf } from './frames.ts';

/** A process in a container with somebody at it; its exit code. Errors: start-failed, where it cannot be begun. */
export async function runSession(docker: Docker, container: string, session: Session): Promise<number> {
  const { command, terminal, input, signal } = session;
  const attempt = `Running ${command.join(' ')}`;
  const exec = await request(
    attempt,
    'start-failed',
    docker.getContainer(container).exec({
      Cmd: [...command],
      AttachStdin: input !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      Tty: terminal !== undefined,
      abortSignal: signal,
    }),
  );
  const start = exec.start({ hijack: true, stdin: true, Tty: terminal !== undefined, abortSignal: signal });
  const stream = await request(attempt, 'start-failed', start);
  const hangUp = () => void stream.destroy();
  if (signal.aborted) hangUp();
  signal.throwIfAborted();
  signal.addEventListener('abort', hangUp);
  const leaveSize = terminal?.follow(({ columns, rows }) => void resize(exec, columns, rows));
  let failure: unknown;
  try {
    input?.pipe(stream);
    await show(stream, session);
  } catch (error) {
    // A process that ends without reading all of its input closes the connection under our hands.
    failure = error;
  } finally {
    input?.unpipe(stream);
    leaveSize?.();
    signal.removeEventListener('abort', hangUp);
    stream.destroy();
  }
  signal.throwIfAborted();
  const { ExitCode } = await request(attempt, 'start-failed', exec.inspect());
  if (ExitCode === null && failure !== undefined) throw reasonError(attempt, 'start-failed', failure);
  return ExitCode ?? 1;
}

async function show(stream: Duplex, { terminal, out, err }: Session): Promise<void> {
  if (terminal === undefined)
    for await (const frame of framesOf(stream)) (frame.stream === 'stdout' ? out : err)(frame.payload);
  else for await (const chunk of stream) out(chunk as Buffer);
}

/** A process that has just ended has no terminal any more. */
async function resize(exec: Docker.Exec, columns: number, rows: number): Promise<void> {
  await exec.resize({ w: columns, h: rows }).catch(() => undefined);
}
