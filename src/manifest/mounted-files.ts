import { createHash } from 'node:crypto';
import type { FileContent, FileEntry, Mount, MountedFile } from '../core/model.ts';
import { canonicalJson } from '../core/release.ts';
import { leadsOut, pathFrom, type Folder, type RepositoryFile } from './folder.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import { cleaned } from './values.ts';
import type { WorkloadDocument } from './workload.ts';

type FileFields = WorkloadDocument['files'][number];

interface Found {
  readonly mounted: MountedFile;
  readonly content: FileContent;
}

/** Octal digits, with or without what marks them. */
const MODE = /^(?:0o?)?([0-7]{3})$/;
const MAX_BYTES = 4 * 1024 * 1024;
const TEXTS = new WeakMap<Buffer, string>();
/** Where an engine keeps what is mounted from. */
const OWN = '/run/fairlead';

/** `files` as the container sees them, and what is in them. */
export function mountedFiles(
  reading: Reading,
  { files }: WorkloadDocument,
  around: { readonly mounts: readonly Mount[]; readonly folder: Folder },
): { readonly files: readonly MountedFile[]; readonly contents: readonly FileContent[] } {
  const taken = new Set(around.mounts.map(({ target }) => target));
  const closed = around.mounts.filter((mount) => mount.type !== 'tmpfs' && mount.readOnly).map(({ target }) => target);
  if (files.length > 0) complainOfMounts(reading, around.mounts);
  const found = files.flatMap((fields, index) => {
    const path = ['files', index];
    const target = cleaned(fields.target);
    complainOfTarget(reading, path, target, { taken, closed });
    taken.add(target);
    closed.push(target);
    return read(reading, path, fields, around.folder).map((content): Found => ({
      mounted: { target, digest: content.digest },
      content,
    }));
  });
  const bytes = found.flatMap(({ content }) => content.entries).reduce((sum, each) => sum + each.content.length, 0);
  if (bytes * 0.75 > MAX_BYTES)
    reading.complain(['files'], 'The files are larger than 4 MiB together.', { reason: 'too-large' });
  const sorted = found.sort((a, b) => (a.mounted.target < b.mounted.target ? -1 : 1));
  return { files: sorted.map(({ mounted }) => mounted), contents: sorted.map(({ content }) => content) };
}

/** Nothing can be mounted in what is kept there, nor there in what cannot be written to. */
function complainOfMounts(reading: Reading, mounts: readonly Mount[]): void {
  for (const mount of mounts) {
    const isAround = mount.type !== 'tmpfs' && mount.readOnly && isWithin(OWN, mount.target);
    if (!isAround && !isWithin(mount.target, OWN)) continue;
    const where = isAround
      ? `A read-only mount at ${mount.target} holds ${OWN}`
      : `A mount at ${mount.target} lies there`;
    reading.complain(['files'], `${OWN} is where the files are kept. ${where}; choose another target.`);
  }
}

/** `closed`: below these nothing can be mounted. */
function complainOfTarget(
  reading: Reading,
  path: Path,
  target: string,
  { taken, closed }: { readonly taken: ReadonlySet<string>; readonly closed: readonly string[] },
): void {
  const complain = (message: string): void => reading.complain([...path, 'target'], message);
  if (target === '/') {
    complain('A file cannot have the target /: it would hide the image.');
    return;
  }
  if (isWithin(target, OWN) || isWithin(OWN, target)) complain(`${OWN} is Fairlead's own; choose another target.`);
  const below = [...taken].filter((each) => isWithin(each, target));
  const other = [...closed.filter((each) => isWithin(target, each)), ...below].find((each) => each !== target);
  if (other !== undefined)
    complain(`${target} and ${other} lie one within the other, and nothing can be mounted in there.`);
  if (taken.has(target)) complain(`Two files or mounts have the target ${target}; keep one of them.`);
}

/** Whether a path is the other one, or below it; `.` is above all. */
function isWithin(path: string, above: string): boolean {
  const folder = above.replace(/\/$/, '');
  return folder === '.' || path === folder || path.startsWith(`${folder}/`);
}

/** None where something is wrong with it. */
function read(reading: Reading, path: Path, fields: FileFields, folder: Folder): FileContent[] {
  const mode = modeOf(reading, path, fields);
  const files = filesOf(reading, path, fields, folder);
  if (mode === 'wrong' || files === undefined) return [];
  const entries = files.map(({ path: below, content, isExecutable }): FileEntry => ({
    path: below,
    mode: mode ?? (isExecutable ? 0o755 : 0o644),
    uid: fields.uid,
    gid: fields.gid,
    content: base64(content),
  }));
  const digest = createHash('sha256').update(canonicalJson(entries)).digest('hex').slice(0, 16);
  return [{ digest, entries }];
}

/** The same text for the same file, so that it takes its space once. */
function base64(content: Buffer): string {
  const text = TEXTS.get(content) ?? content.toString('base64');
  TEXTS.set(content, text);
  return text;
}

function modeOf(reading: Reading, path: Path, { mode }: FileFields): number | undefined | 'wrong' {
  if (mode === undefined) return undefined;
  const written = typeof mode === 'string' ? mode : (reading.document.written([...path, 'mode']) ?? String(mode));
  const [, digits] = MODE.exec(written) ?? [];
  if (digits !== undefined) return Number.parseInt(digits, 8);
  reading.complain([...path, 'mode'], `\`${written}\` is no mode; write three octal digits such as 0644.`);
  return 'wrong';
}

function filesOf(
  reading: Reading,
  path: Path,
  { source, content }: FileFields,
  folder: Folder,
): readonly RepositoryFile[] | undefined {
  if ((source === undefined) === (content === undefined)) {
    reading.complain(path, 'A file has either a `source` in the repository or its `content`.');
    return undefined;
  }
  if (content !== undefined) return [{ path: '', content: Buffer.from(content), isExecutable: false }];
  const { file } = reading.document.locate([...path, 'source']);
  const place = pathFrom(file, source ?? '');
  if (place !== undefined && isWithin(file, place)) {
    reading.complain(
      [...path, 'source'],
      `\`${source ?? ''}\` holds the manifest itself; name a file or folder beside it.`,
    );
    return undefined;
  }
  const found = place === undefined ? leadsOut(source ?? '') : folder.readFiles(place);
  if ('files' in found) return found.files;
  reading.complain([...path, 'source'], found.message, { reason: found.reason });
  return undefined;
}
