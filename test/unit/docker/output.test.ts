import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesOf } from '../../../src/docker/frames.ts';
import { linesOf } from '../../../src/docker/logs.ts';
import { uptimeOf } from '../../../src/docker/list.ts';
import { cases } from '../../support/cases.ts';

type Piece = readonly ['stdout' | 'stderr', string];

/** As Docker sends it. */
function multiplexed(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map(([stream, text]) => {
      const payload = Buffer.from(text);
      const header = Buffer.alloc(8);
      header[0] = stream === 'stdout' ? 1 : 2;
      header.writeUInt32BE(payload.length, 4);
      return Buffer.concat([header, payload]);
    }),
  );
}

async function* cut(buffer: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < buffer.length; at += size) yield await Promise.resolve(buffer.subarray(at, at + size));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

describe('framesOf', () => {
  it('ends with what the engine says of its own where it cannot read on', async () => {
    const [line, failure] = [
      multiplexed([['stdout', 'a\n']]),
      multiplexed([['stdout', 'Error grabbing logs: invalid character\n']]),
    ];
    failure[0] = 3;
    const read: string[] = [];
    const reading = (async () => {
      for await (const { payload } of framesOf(cut(Buffer.concat([line, failure]), 7))) read.push(payload.toString());
    })();
    await expect(reading).rejects.toThrow(/^The engine cannot read on: Error grabbing logs: invalid character$/);
    expect(read).toEqual(['a\n']);
  });

  it('gives back what was sent, however it is cut on the way', async () => {
    const piece = fc.tuple(
      fc.constantFrom<Piece[0]>('stdout', 'stderr'),
      fc.string({ maxLength: 20, unit: fc.constantFrom('a', 'ä', '€', '😀', '\n', '\0') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), async (pieces, size) => {
        const frames = await all(framesOf(cut(multiplexed(pieces), size)));
        expect(frames.map(({ stream, payload }) => [stream, payload.toString()])).toEqual(pieces);
      }),
      cases(50),
    );
  });
});

describe('linesOf', () => {
  const lines = (...pieces: Piece[]) => all(linesOf(framesOf(cut(multiplexed(pieces), 7))));

  it('puts long lines together again, apart for each stream', async () => {
    const read = await lines(
      ['stdout', 'T1 a'],
      ['stderr', 'T2 error\n'],
      ['stdout', 'T3 b\r\n'],
      ['stdout', 'T4 last'],
    );
    expect(read).toEqual([
      { at: 'T2', stream: 'stderr', text: 'error' },
      { at: 'T1', stream: 'stdout', text: 'ab' },
      { at: 'T4', stream: 'stdout', text: 'last' },
    ]);
  });

  it('keeps empty lines and spaces', async () => {
    expect((await lines(['stdout', 'T1 \n'], ['stdout', 'T2   x \n'])).map(({ text }) => text)).toEqual(['', '  x ']);
  });
});

describe('uptimeOf', () => {
  it.each([
    ['Up Less than a second', 0],
    ['Up 1 second (health: starting)', 1],
    ['Up 45 seconds', 45],
    ['Up About a minute', 60],
    ['Up 5 minutes (unhealthy)', 300],
    ['Up About an hour', 3600],
    ['Up 3 days (Paused)', 259_200],
    ['Exited (137) 3 minutes ago', 0],
    ['Restarting (1) 5 seconds ago', 0],
    ['Created', 0],
  ])('%s: %i seconds', (status, seconds) => {
    expect(uptimeOf(status)).toBe(seconds);
  });
});
