import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { fullness, roomOn, type Disk, type DiskLimits } from '../core/disk.ts';
import { ReasonError } from '../core/reason.ts';
import type { EngineIdentity } from './engine-info.ts';

const LASTS = 5_000;
const NONE: DiskLimits = { warnAbove: 1, refuseAbove: 1 };
/** It tells that this process is in a container, whose own root is then on the engine's disk. */
const CONTAINER_MARK = '/.dockerenv';

export interface EngineDiskOptions {
  readonly engine: EngineIdentity;
  /** As in `connectEngine`: the disk of an engine on another machine cannot be seen. */
  readonly host: string;
  /** Absent: it may get as full as it can. */
  readonly limits?: DiskLimits;
  readonly now: () => number;
}

/** The disk that the engine keeps its data on, looked at every five seconds at most. */
export class EngineDisk {
  private readonly options: EngineDiskOptions;
  private known: { readonly at: number; readonly disk: Disk | undefined } | undefined;

  constructor(options: EngineDiskOptions) {
    this.options = options;
  }

  /** undefined: it cannot be seen from here. */
  async look(signal?: AbortSignal): Promise<Disk | undefined> {
    const now = this.options.now();
    if (this.known === undefined || now - this.known.at >= LASTS)
      this.known = { at: now, disk: await this.lookNow(signal) };
    return this.known.disk;
  }

  /** Errors: disk-full, where so much of it is in use that no image is to be fetched. */
  async checkRoomFor(image: string, signal?: AbortSignal): Promise<void> {
    const disk = await this.look(signal);
    if (disk === undefined || roomOn(disk) !== 'none') return;
    const full = fullness(disk.limits.refuseAbove);
    throw new ReasonError('disk-full', `${full}: ${image} is not pulled. Free space, or raise disk.refuseAbove.`);
  }

  private async lookNow(signal: AbortSignal | undefined): Promise<Disk | undefined> {
    if (!this.options.host.startsWith('unix://')) return undefined;
    const { DockerRootDir } = await this.options.engine.info(signal);
    const folder = [DockerRootDir, ...(existsSync(CONTAINER_MARK) ? ['/'] : [])].find((each) => existsSync(each));
    if (folder === undefined) return undefined;
    const { blocks, bfree, bavail, bsize } = await statfs(folder);
    return { size: (blocks - bfree + bavail) * bsize, free: bavail * bsize, limits: this.options.limits ?? NONE };
  }
}
