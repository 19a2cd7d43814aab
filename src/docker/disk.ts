import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fullness, roomOn, type Disk, type DiskLimits, type DiskUse } from '../core/disk.ts';
import { ReasonError } from '../core/reason.ts';
import type { EngineIdentity } from './engine-info.ts';

const LASTS = 5_000;
/** A disk that does not answer holds up nobody for longer. */
const PATIENCE = 250;
/** It tells that this process is in a container, whose own root is then on the engine's disk. */
const CONTAINER_MARK = '/.dockerenv';
const ENDLESS: DiskLimits = { warnAbove: 1, refuseAbove: 1 };

export interface EngineDiskOptions {
  readonly engine: EngineIdentity;
  /** As in `connectEngine`: the disk of an engine on another machine cannot be seen. */
  readonly host: string;
  /** A folder on that disk; absent: the engine's data folder, where the engine is on this machine. */
  readonly path?: string;
  /** Absent: it may get as full as it can. */
  readonly limits?: DiskLimits;
  readonly now: () => number;
}

/** The disk that the engine keeps its data on, looked at every five seconds at most. Nothing depends on its answer. */
export class EngineDisk {
  private readonly options: EngineDiskOptions;
  private seen: Disk | undefined;
  private lookedAt = -Infinity;
  private looking: Promise<void> | undefined;

  constructor(options: EngineDiskOptions) {
    this.options = options;
  }

  /** What was seen last; undefined: it cannot be seen from here. */
  async look(): Promise<Disk | undefined> {
    const now = this.options.now();
    if (this.looking === undefined && now - this.lookedAt >= LASTS) {
      this.lookedAt = now;
      this.looking = this.lookNow();
    }
    await Promise.race([this.looking, delay(PATIENCE, undefined, { ref: false })]);
    return this.seen;
  }

  /** Errors: disk-full, where so much of it is in use that no image is to be fetched. */
  async checkRoomFor(image: string): Promise<void> {
    const disk = await this.look();
    if (disk?.room !== 'none') return;
    const full = fullness(disk.limits.refuseAbove);
    throw new ReasonError('disk-full', `${full}: ${image} is not pulled. Free space, or raise disk.refuseAbove.`);
  }

  private async lookNow(): Promise<void> {
    const { limits = ENDLESS } = this.options;
    const use = await this.use().catch(() => undefined);
    this.seen = use && { ...use, limits, room: roomOn(use, limits, this.seen?.room ?? 'ample') };
    this.looking = undefined;
  }

  private async use(): Promise<DiskUse | undefined> {
    const { path, host, engine } = this.options;
    if (path !== undefined) return await useOf(path);
    if (!host.startsWith('unix://')) return undefined;
    const { DockerRootDir } = await engine.info();
    const own = useOf(DockerRootDir);
    return existsSync(CONTAINER_MARK) ? await own.catch(() => useOf('/')) : await own;
  }
}

async function useOf(folder: string): Promise<DiskUse> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  return { size: (blocks - bfree + bavail) * bsize, free: bavail * bsize };
}
