import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { tarOf, untar } from '../../../src/docker/tar.ts';

it.each([
  [0, 0],
  [0o777777, 33],
  [262_144, 0],
  [33, 4_294_967_294],
])('keeps the owner %i:%i of a file', async (uid, gid) => {
  const file = { path: 'a/b', mode: 0o600, uid, gid, content: Buffer.from('x') };
  const entries = await untar(Readable.from([await tarOf([file])]));
  expect(entries).toEqual([{ ...file, path: 'b', content: Buffer.from('x').toString('base64') }]);
});
