import { Transform } from 'node:stream';

/** What an archive ends with. */
const END = Buffer.alloc(1024);

/**
 * Passes an archive on, and fails where its end is missing: an engine that cannot go on, as where a file shrinks while it is
 * read, ends its answer as if that were all. `path`: what it is of, for people.
 */
export function whole(path: string): Transform {
  let last: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      last = Buffer.concat([last, chunk.subarray(-END.length)]).subarray(-END.length);
      done(null, chunk);
    },
    flush(done) {
      done(
        last.equals(END)
          ? null
          : new Error(
              `The archive of ${path} ends too early: copy it again. A file has changed while it was read, or the engine has failed.`,
            ),
      );
    },
  });
}
