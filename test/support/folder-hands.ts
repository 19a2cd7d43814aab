import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Hands } from '../../src/core/ports.ts';

/** Hands for one container whose root is a folder of this machine, with the machine's own tar in place of the engine's. */
export class FolderHands implements Hands {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  exec(): never {
    throw new Error('There are no processes in a folder.');
  }

  async look(_: string, path: string): ReturnType<Hands['look']> {
    const there = join(this.root, path);
    const stats = await lstat(there).catch(() => undefined);
    if (stats === undefined) return undefined;
    if (stats.isDirectory()) return { type: 'folder' };
    if (!stats.isSymbolicLink()) return { type: stats.isFile() ? 'file' : 'special' };
    return { type: 'link', to: resolve(dirname(path), await readlink(there)) };
  }

  read(_: string, path: string): Promise<NodeJS.ReadableStream> {
    const isContents = path.endsWith('/.');
    const folder = join(this.root, isContents ? path : dirname(path));
    const tar = spawn('tar', ['--create', '--directory', folder, isContents ? '.' : basename(path)]);
    return Promise.resolve(tar.stdout);
  }

  async write(_: string, folder: string, archive: NodeJS.ReadableStream): Promise<void> {
    const options = ['--no-same-owner', '--preserve-permissions', '--directory', join(this.root, folder)];
    const tar = spawn('tar', ['--extract', ...options]);
    const ended = once(tar, 'close');
    await pipeline(archive, tar.stdin);
    const [code] = (await ended) as [number];
    if (code !== 0) throw new Error(`tar ended with ${code}`);
  }
}
