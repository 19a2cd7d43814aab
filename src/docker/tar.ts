import { pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack, type Header } from 'tar-stream';
import type { FileEntry } from '../core/model.ts';
import type { UploadFile } from '../core/container-host.ts';

const MAX_ID = 0o777777;

/** A tar archive of these files; a path that ends with a slash is a folder. */
export async function tarOf(files: readonly UploadFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, content, mode, uid = 0, gid = uid } of files) {
    const type = path.endsWith('/') ? 'directory' : 'file';
    archive.entry({ name: path, mode, uid, gid, type, ...paxOf(uid, gid) }, content);
  }
  archive.finalize();
  return await buffer(archive);
}

/** Owners that the six digits of a header have no room for. */
function paxOf(uid: number, gid: number): { readonly pax?: Record<string, string> } {
  return Math.max(uid, gid) > MAX_ID ? { pax: { uid: String(uid), gid: String(gid) } } : {};
}

/** The files of an archive of one file or folder, by their paths below it, in order. */
export async function untar(archive: NodeJS.ReadableStream): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = [];
  const files = extract();
  // A connection that is cut ends the loop with its error.
  pipeline(archive, files, () => undefined);
  for await (const entry of files) {
    const { name, type, mode } = entry.header;
    const [uid, gid] = ownerOf(entry.header);
    const content = await buffer(entry);
    const path = name.split('/').slice(1).join('/');
    if (type === 'file') entries.push({ path, mode: mode & 0o777, uid, gid, content: content.toString('base64') });
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function ownerOf({ uid, gid, pax }: Header): readonly [uid: number, gid: number] {
  const written: { readonly uid?: string; readonly gid?: string } = pax ?? {};
  return [Number(written.uid ?? uid), Number(written.gid ?? gid)];
}
