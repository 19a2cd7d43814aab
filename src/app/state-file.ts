import { appendFile, chown, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** For the owner's eyes only. */
const MODES = { folder: 0o700, file: 0o600 };

/** Writes a file of the state directory, or of a folder in it, anew, as a whole; with `flush` it is on the disk then. Errors: those of the file system. */
export async function replaceStateFile(
  stateDir: string,
  name: string,
  text: string,
  { flush = false }: { readonly flush?: boolean } = {},
): Promise<void> {
  const file = join(stateDir, name);
  await makeFolder(stateDir, dirname(file));
  await writeFile(`${file}.new`, text, { mode: MODES.file, flush });
  await giveToOwner(`${file}.new`, stateDir);
  await rename(`${file}.new`, file);
}

/** `folder` may be below the state directory, and is its owner's then. */
async function makeFolder(stateDir: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: MODES.folder });
  if (folder !== stateDir) await giveToOwner(folder, stateDir);
}

export async function appendToStateFile(stateDir: string, name: string, text: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: MODES.folder });
  const file = join(stateDir, name);
  await appendFile(file, text, { mode: MODES.file });
  await giveToOwner(file, stateDir);
}

/** What root does by hand must not keep the reconciler of another user from its own files. */
async function giveToOwner(file: string, stateDir: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(stateDir);
  if (uid !== 0) await chown(file, uid, gid);
}
