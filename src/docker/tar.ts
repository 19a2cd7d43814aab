import type { UploadFile } from '../core/ports.ts';

const BLOCK = 512;

/** A tar archive (ustar) of small text files; paths are relative and at most 100 bytes long. */
export function tarOf(files: readonly UploadFile[]): Buffer {
  const parts = files.flatMap((file) => {
    const content = Buffer.from(file.content);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(file, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, mode, uid = 0 }: UploadFile, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`The path ${path} is too long to upload: at most 100 bytes.`);
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(uid, 8), 108);
  block.write(octal(uid, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(path.endsWith('/') ? '5' : '0', 156);
  block.write('ustar\u000000', 257);
  // The checksum is taken with its own field full of spaces.
  block.write(' '.repeat(8), 148);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return block;
}

/** Ends with a zero byte. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\u0000`;
}
