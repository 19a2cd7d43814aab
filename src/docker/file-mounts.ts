import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import type { ContainerSpec } from '../core/model.ts';
import { canonicalJson } from '../core/release.ts';

/** A container has the volume itself, too: an engine that clears up spares what it sees in use. */
const GUARD = '/run/fairlead';
/** As in `/var/lib/docker/volumes/demo-files-3f9c1a2b4d5e/_data/0`. */
const INSIDE = /\/([^/]+-files-[0-9a-f]{12})\/_data\/(\d+)$/;

/** The volume that holds a container's files, named for what is in it; undefined: there are none. */
export function fileVolumeOf({ files }: ContainerSpec, cluster: string): string | undefined {
  if (files === undefined) return undefined;
  const digest = createHash('sha256').update(canonicalJson(files)).digest('hex').slice(0, 12);
  return `${cluster}-files-${digest}`;
}

/** What mounts a container's files from where the engine keeps them: the first one from `0`, and so on. */
export function fileMounts(spec: ContainerSpec, cluster: string, kept?: string): Docker.MountSettings[] {
  const volume = fileVolumeOf(spec, cluster);
  if (volume === undefined) return [];
  const place = kept ?? `/${volume}/_data`;
  const mounted = (spec.files ?? []).map(({ target }, index) => bind(`${place}/${index}`, target));
  return [{ Type: 'volume', Source: volume, Target: GUARD, ReadOnly: true }, ...mounted];
}

function bind(Source: string, Target: string): Docker.MountSettings {
  return { Type: 'bind', Source, Target, ReadOnly: true };
}

/** `demo-files-3f9c1a2b4d5e/0` for a place in such a volume, wherever the engine keeps its volumes. */
export function fileOf(source: string): string | undefined {
  const [, volume, index] = INSIDE.exec(source) ?? [];
  return volume === undefined ? undefined : `${volume}/${index ?? ''}`;
}
