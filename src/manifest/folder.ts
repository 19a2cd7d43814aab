import { posix } from 'node:path';
import type { Reason } from '../core/reason.ts';

/** The folder that manifests are read from, as far as they may look into it; paths are relative to it. */
export interface Folder {
  readonly readText: (path: string) => TextFile;
  readonly readFiles: (path: string) => FoundFiles;
}

interface Mistake {
  readonly reason: Reason;
  readonly message: string;
}

/** The text of a file, or why it cannot be had. */
export type TextFile = { readonly text: string } | Mistake;

/** A file, or all files below a folder, or why they cannot be had. */
export type FoundFiles = { readonly files: readonly RepositoryFile[] } | Mistake;

export interface RepositoryFile {
  /** Empty for the file itself, else relative to the folder, with slashes. */
  readonly path: string;
  readonly content: Buffer;
  readonly isExecutable: boolean;
}

/** The path in the folder that a file of it means by a relative path; undefined: it leads out. */
export function pathFrom(file: string, relative: string): string | undefined {
  const path = posix.join(posix.dirname(file), relative);
  return relative.startsWith('/') || path === '..' || path.startsWith('../') ? undefined : path;
}

export function leadsOut(path: string): Mistake {
  const message = `\`${path}\` is outside of the folder that holds the manifests; move it into that.`;
  return { reason: 'schema', message };
}

/** One in which there is nothing. */
export const NO_FOLDER: Folder = { readText: missing, readFiles: missing };

function missing(path: string): Mistake {
  return { reason: 'schema', message: `There is no file \`${path}\`.` };
}
