import { addAbortSignal, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { HostedLogOptions } from '../core/container-host.ts';
import type { LogLine } from '../core/ports.ts';
import { LIMIT } from './dial.ts';
import { request } from './errors.ts';
import { framesOf, type Frame } from './frames.ts';
import { tooLate } from './limit.ts';

const ATTEMPT = 'Reading the log';

/** The container's last lines and, with `follow`, those to come until it stops or the signal is aborted. */
export async function* readLogs(docker: Docker, id: string, options: HostedLogOptions): AsyncGenerator<LogLine> {
  let output: Readable | undefined;
  try {
    // A log without lines is not even answered to until there is one.
    output = await openLogs(docker, id, options);
    yield* linesOf(framesOf(options.follow ? output : chunksInTime(output)));
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
  } finally {
    output?.destroy();
  }
}

/** A log may be larger than memory, so dockerode, which gathers what is not followed, is always told to follow it. */
async function openLogs(
  docker: Docker,
  id: string,
  { tail, since, follow, signal, stream: only }: HostedLogOptions,
): Promise<Readable> {
  const range = { ...(tail !== undefined && { tail }), ...(since !== undefined && { since }) };
  const streams = { stdout: only !== 'stderr', stderr: only !== 'stdout' };
  const asked = { follow: true, _query: { ...streams, ...range, follow, timestamps: true } } as const;
  const abort = signal === undefined ? {} : { abortSignal: signal };
  const answer = docker.getContainer(id).logs({ ...asked, ...abort });
  const output = await request(follow ? 'Following the log' : ATTEMPT, 'start-failed', answer);
  return signal === undefined ? (output as Readable) : addAbortSignal(signal, output as Readable);
}

/** What is there already: an engine that stops in the midst of it hangs. */
async function* chunksInTime(output: Readable): AsyncGenerator<Buffer> {
  const chunks = output[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  for (;;) {
    const timer = setTimeout(() => output.destroy(tooLate(LIMIT)), LIMIT);
    const { value } = await request(ATTEMPT, 'start-failed', chunks.next()).finally(() => clearTimeout(timer));
    if (value === undefined) return;
    yield value;
  }
}

/** Docker splits long lines over several frames, each with a time of its own; the first one's counts. */
export async function* linesOf(frames: AsyncIterable<Frame>): AsyncGenerator<LogLine> {
  const unfinished: Record<Frame['stream'], { at: string; parts: Buffer[] }> = {
    stdout: { at: '', parts: [] },
    stderr: { at: '', parts: [] },
  };
  for await (const { stream, payload } of frames) {
    const space = payload.indexOf(0x20);
    const line = unfinished[stream];
    if (line.parts.length === 0) line.at = payload.subarray(0, space).toString();
    line.parts.push(payload.subarray(space + 1));
    if (payload.at(-1) !== 0x0a) continue;
    yield { at: line.at, stream, text: textOf(line.parts) };
    line.parts = [];
  }
  for (const stream of ['stdout', 'stderr'] as const)
    if (unfinished[stream].parts.length > 0)
      yield { at: unfinished[stream].at, stream, text: textOf(unfinished[stream].parts) };
}

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts)
    .toString()
    .replace(/\r?\n$/, '');
}
