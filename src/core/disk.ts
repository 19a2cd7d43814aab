import type { Warning } from './reason.ts';

/** Shares in use, from 0 to 1. */
export interface DiskLimits {
  readonly warnAbove: number;
  /** Above it no image is fetched. */
  readonly refuseAbove: number;
}

/** Bytes. */
export interface DiskUse {
  /** What everybody together may use. */
  readonly size: number;
  readonly free: number;
}

/** The disk that an engine keeps its data on. */
export interface Disk extends DiskUse {
  readonly limits: DiskLimits;
  readonly room: Room;
}

export type Room = 'ample' | 'scarce' | 'none';

/** So much less has to be in use that a limit counts as kept again: a disk at its limit would cross it all the time. */
const MARGIN = 0.02;

export function roomOn({ size, free }: DiskUse, limits: DiskLimits, before: Room): Room {
  const share = size === 0 ? 0 : 1 - free / size;
  if (share > limits.refuseAbove - (before === 'none' ? MARGIN : 0)) return 'none';
  return share > limits.warnAbove - (before === 'ample' ? 0 : MARGIN) ? 'scarce' : 'ample';
}

/** The warning of a disk that is filling up; its words do not change with every byte. */
export function diskWarning({ room, limits }: Disk): Pick<Warning, 'code' | 'message'> | undefined {
  if (room === 'ample') return undefined;
  const { warnAbove, refuseAbove } = limits;
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
