import type { Warning } from './reason.ts';

/** Shares in use, from 0 to 1. */
export interface DiskLimits {
  readonly warnAbove: number;
  /** Above it no image is fetched. */
  readonly refuseAbove: number;
}

/** The disk that an engine keeps its data on; sizes in bytes. */
export interface Disk {
  /** What everybody together may use. */
  readonly size: number;
  readonly free: number;
  readonly limits: DiskLimits;
}

export type Room = 'ample' | 'scarce' | 'none';

export function roomOn(disk: Disk): Room {
  const share = shareInUse(disk);
  if (share > disk.limits.refuseAbove) return 'none';
  return share > disk.limits.warnAbove ? 'scarce' : 'ample';
}

/** The warning of a disk that is filling up; its words do not change with every byte. */
export function diskWarning(disk: Disk): Pick<Warning, 'code' | 'message'> | undefined {
  const room = roomOn(disk);
  if (room === 'ample') return undefined;
  const { warnAbove, refuseAbove } = disk.limits;
  const message =
    room === 'scarce'
      ? `${fullness(warnAbove)}: images that nothing needs are removed at once. Free space before it is full.`
      : `${fullness(refuseAbove)}: no image is fetched. Free space.`;
  return { code: 'disk-space', message };
}

/** `The disk of the engine is more than 85 % full` */
export function fullness(share: number): string {
  return `The disk of the engine is more than ${Math.round(share * 100)} % full`;
}

function shareInUse({ size, free }: Disk): number {
  return size === 0 ? 0 : 1 - free / size;
}
