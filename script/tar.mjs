const BLOCK = 512;

/**
 * A tar archive of a few small files, as a build's context.
 * @param {Readonly<Record<string, string>>} files content by name, up to 100 characters a name
 * @returns {Buffer}
 */
export function tar(files) {
  const entries = Object.entries(files).flatMap(([name, content]) => {
    const body = Buffer.from(content);
    return [header(name, body.length), body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
}

/** @param {string} name @param {number} size */
function header(name, size) {
  const block = Buffer.alloc(BLOCK);
  const write = (/** @type {string} */ text, /** @type {number} */ offset) => block.write(text, offset);
  write(name, 0);
  write('0000644\0', 100);
  write('0000000\0', 108);
  write('0000000\0', 116);
  write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  write('00000000000\0', 136);
  write('        0', 148);
  write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
