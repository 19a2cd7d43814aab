import { ReasonError } from '../core/reason.ts';

/** One piece of a container's output, as Docker multiplexes stdout and stderr over one connection. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly payload: Buffer;
}

const HEADER = 8;

const [STDERR, FAILURE] = [2, 3];

/** Takes multiplexed output apart; a frame is given once it is whole. Errors: what the engine itself says of it. */
export async function* framesOf(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Frame> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, Buffer.from(chunk)]);
    for (;;) {
      if (pending.length < HEADER) break;
      const end = HEADER + pending.readUInt32BE(4);
      if (pending.length < end) break;
      const payload = pending.subarray(HEADER, end);
      if (pending[0] === FAILURE)
        throw new ReasonError('start-failed', `The engine cannot read on: ${payload.toString().trim()}`);
      yield { stream: pending[0] === STDERR ? 'stderr' : 'stdout', payload };
      pending = pending.subarray(end);
    }
  }
}
