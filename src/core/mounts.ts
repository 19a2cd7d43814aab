import type { Mount } from './model.ts';

/** What a container writes there is not gone with it. */
export function isWritable(mount: Mount): mount is Exclude<Mount, { type: 'tmpfs' }> {
  return mount.type !== 'tmpfs' && !mount.readOnly;
}

/** What Docker calls a cluster's volume. */
export function volumeName(cluster: string, source: string): string {
  return `${cluster}-${source}`;
}
