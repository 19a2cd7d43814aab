import type { Mount } from '../core/model.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import { bytes, cleaned, list, present } from './values.ts';
import type { WorkloadDocument } from './workload.ts';

interface MountFields {
  readonly type: 'volume' | 'bind' | 'tmpfs';
  readonly source?: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly size?: string | number;
}

const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** Names that could be those of volumes that hold files from the repository, of this cluster or another one. */
const OWN_VOLUME = /(?:^|-)files-[0-9a-f]{12}$/;

/** `mounts` and `tmpfs` together, ordered by target; two at one target are a problem. */
export function mounts(reading: Reading, service: WorkloadDocument): Mount[] {
  const found: { readonly path: Path; readonly fields: string | MountFields }[] = [
    ...service.mounts.map((fields, index) => ({ path: ['mounts', index], fields })),
    ...list(service.tmpfs).map((text, index) => ({
      path: Array.isArray(service.tmpfs) ? ['tmpfs', index] : ['tmpfs'],
      fields: tmpfsFields(text),
    })),
  ];
  const byTarget = new Map<string, Mount>();
  for (const { path, fields } of found) {
    const mount = mountOf(reading, path, fields);
    if (mount === undefined) continue;
    if (byTarget.has(mount.target))
      reading.complain(path, `Two mounts have the target ${mount.target}; keep one of them.`);
    byTarget.set(mount.target, mount);
  }
  return [...byTarget.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
}

/** `/run` or `/run:size=64M`. */
function tmpfsFields(text: string): MountFields {
  const [target = '', size] = text.split(':size=');
  return { type: 'tmpfs', target, readOnly: false, ...(size !== undefined && { size }) };
}

function mountOf(reading: Reading, path: Path, item: string | MountFields): Mount | undefined {
  const fields = typeof item === 'string' ? shorthand(reading, path, item) : item;
  if (fields === undefined) return undefined;
  const target = cleaned(fields.target);
  if (target === '/') reading.complain(path, 'A mount cannot have the target /: it would hide the image.');
  if (fields.type === 'tmpfs') return tmpfsOf(reading, path, fields, target);
  if (fields.size !== undefined) reading.complain([...path, 'size'], 'Only a mount of type tmpfs has a `size`.');
  const source = sourceOf(reading, path, fields.type, fields.source);
  if (source === undefined) return undefined;
  return reading.written<Mount>({ type: fields.type, source, target, readOnly: fields.readOnly }, path);
}

function tmpfsOf(reading: Reading, path: Path, fields: MountFields, target: string): Mount {
  if (fields.source !== undefined) reading.complain([...path, 'source'], 'A mount of type tmpfs has no `source`.');
  if (fields.readOnly)
    reading.complain([...path, 'readOnly'], 'A read-only tmpfs would always be empty; leave `readOnly` out.');
  const size = fields.size === undefined ? undefined : bytes(fields.size);
  return present<Mount & { type: 'tmpfs' }>({ type: 'tmpfs', target, size });
}

function sourceOf(
  reading: Reading,
  path: Path,
  type: 'volume' | 'bind',
  source: string | undefined,
): string | undefined {
  const place =
    typeof source === 'string' && reading.document.written([...path, 'source']) !== undefined
      ? [...path, 'source']
      : path;
  const wrong = wrongSource(type, source);
  if (wrong !== undefined) reading.complain(place, wrong);
  if (wrong !== undefined || source === undefined) return undefined;
  return type === 'bind' ? cleaned(source) : source;
}

function wrongSource(type: 'volume' | 'bind', source: string | undefined): string | undefined {
  if (source === undefined)
    return `A mount of type ${type} needs a \`source\`: ${type === 'bind' ? 'an absolute path on the host' : 'the name of the volume'}.`;
  if (type === 'bind') return source.startsWith('/') ? undefined : `\`${source}\` is not an absolute path on the host.`;
  if (OWN_VOLUME.test(source))
    return `\`${source}\` is a name that Fairlead gives to volumes of files; choose another.`;
  if (VOLUME_NAME.test(source)) return undefined;
  const advice = source.startsWith('/') ? '; a folder of the host is `type: bind`' : '';
  return `\`${source}\` is not the name of a volume (letters, digits, dots, hyphens and underscores)${advice}.`;
}

/** `source:target[:ro|rw]`, as in Compose: a source that begins with `/` is a folder of the host. */
function shorthand(reading: Reading, path: Path, text: string): MountFields | undefined {
  const [source = '', target, mode = 'rw', ...more] = text.split(':');
  const wrong = wrongShorthand(text, source, target, mode, more.length > 0);
  if (wrong !== undefined || target === undefined) {
    reading.complain(path, wrong ?? text);
    return undefined;
  }
  return { type: source.startsWith('/') ? 'bind' : 'volume', source, target, readOnly: mode === 'ro' };
}

function wrongShorthand(
  text: string,
  source: string,
  target: string | undefined,
  mode: string,
  more: boolean,
): string | undefined {
  if (target === undefined) return `\`${text}\` names no volume; write name:${text.startsWith('/') ? text : '/path'}.`;
  if (/^[.~]/.test(source))
    return `\`${source}\` is relative; a mount is the name of a volume or an absolute path on the host. For what the repository has there is \`files\`.`;
  if (!target.startsWith('/')) return `\`${target}\` is not an absolute path in the container.`;
  if (more || (mode !== 'ro' && mode !== 'rw')) return `\`${text}\` must end with the target, with :ro or with :rw.`;
  return undefined;
}
