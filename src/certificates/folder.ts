import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { readPem, type KeyedCertificate } from './pem.ts';

/** Nobody's chain is longer, and HAProxy is not given more. */
const MOST_BYTES = 256 * 1024;

type Read = { readonly keyed: KeyedCertificate } | { readonly problem: string };

/** The host's folder of certificates; a file is read anew only where it has changed. */
export class CertificateFolder {
  private readonly folder: string | undefined;
  private readonly known = new Map<string, { readonly stamp: string; readonly read: Read }>();

  constructor(folder: string | undefined) {
    this.folder = folder;
  }

  async read(file: string): Promise<Read> {
    if (this.folder === undefined)
      return { problem: 'This host has no folder of certificates (`balancer.certificates`).' };
    try {
      const found = await this.find(this.folder, file);
      const { mtimeMs, ctimeMs, ino, size } = await stat(found);
      const stamp = [found, mtimeMs, ctimeMs, ino, size].join(' ');
      const before = this.known.get(file);
      if (before?.stamp === stamp) return before.read;
      const read = size > MOST_BYTES ? { problem: `${file} is larger than 256 KiB.` } : await this.readNow(found, file);
      this.known.set(file, { stamp, read });
      return read;
    } catch (error) {
      return { problem: `${file} cannot be read: ${wordsOf(error)}` };
    }
  }

  private async find(folder: string, file: string): Promise<string> {
    const [root, found] = await Promise.all([realpath(folder), realpath(path.join(folder, file))]);
    if (found.startsWith(`${root}${path.sep}`)) return found;
    throw new Error(`it leads out of ${folder}.`);
  }

  private async readNow(found: string, file: string): Promise<Read> {
    const text = await readFile(found, 'utf8');
    try {
      return { keyed: readPem(text) };
    } catch (error) {
      return { problem: `${file}: ${(error as Error).message}` };
    }
  }
}

function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is not there.';
  if (code === 'EACCES') return 'that is not allowed.';
  return message;
}
