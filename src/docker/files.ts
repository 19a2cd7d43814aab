import type Docker from 'dockerode';
import { ReasonError } from '../core/reason.ts';
import type { FileEntry } from '../core/model.ts';
import type { Instance } from '../core/observed.ts';
import type { UploadFile } from '../core/container-host.ts';
import type { SlotSpec } from '../core/ports.ts';
import { lookAt } from './archive.ts';
import { creationError, found, request, settle, wordsOf } from './errors.ts';
import { fileVolumeOf } from './file-mounts.ts';
import { LABEL, ownLabels } from './labels.ts';
import { tarOf, untar } from './tar.ts';

/** Where the volume is while files are put into it. */
const UPLOAD = '/.fairlead';
/** The last one of an upload, after which nothing is missing. */
const COMPLETE = 'complete';
const LOST = /bind source path does not exist/;

/**
 * Files from the repository, in volumes that are named for what is in them: containers with the same files share one, and
 * each file is mounted from it. An engine needs no folder of the host for that, wherever it runs.
 */
export class Files {
  private readonly docker: Docker;
  private readonly cluster: string;
  /** Volumes that this process has filled, or is filling. */
  private readonly filled = new Map<string, Promise<void>>();
  /** Volumes whose containers are being made, once for each. */
  private readonly held: string[] = [];
  /** Volumes that are being removed. */
  private readonly pruning = new Map<string, Promise<void>>();
  /** Names of all that there are, as far as is known; undefined: another process may have left something behind. */
  private known: Set<string> | undefined;

  constructor(docker: Docker, cluster: string) {
    this.docker = docker;
    this.cluster = cluster;
  }

  /** Makes the slot's container, told where the engine keeps its files once they are there; undefined: it has none. */
  async around(slot: SlotSpec, make: (kept: string | undefined) => Promise<string>): Promise<string> {
    const volume = fileVolumeOf(slot.container, this.cluster);
    if (volume === undefined) return await make(undefined);
    this.held.push(volume);
    try {
      await this.pruning.get(volume);
      return await make(await this.ensure(volume, slot));
    } catch (error) {
      if (!LOST.test(wordsOf(error))) throw error;
      this.filled.delete(volume);
      if (slot.contents !== undefined) throw error;
      throw new ReasonError('start-failed', lostMessage(slot), { cause: error });
    } finally {
      this.held.splice(this.held.indexOf(volume), 1);
    }
  }

  private async ensure(volume: string, slot: SlotSpec): Promise<string> {
    const options = { Name: volume, Labels: ownLabels(this.cluster, 'files') };
    await request(`Making volume ${volume}`, 'start-failed', this.docker.createVolume(options));
    this.known?.add(volume);
    const filling = slot.contents === undefined ? undefined : (this.filled.get(volume) ?? this.fill(volume, slot));
    if (filling !== undefined) await this.remember(volume, filling);
    const { Mountpoint } = await request(
      `Looking for ${volume}`,
      'start-failed',
      this.docker.getVolume(volume).inspect(),
    );
    return Mountpoint;
  }

  /** One that failed is tried again. */
  private async remember(volume: string, filling: Promise<void>): Promise<void> {
    this.filled.set(volume, filling);
    try {
      await filling;
    } catch (error) {
      if (this.filled.get(volume) === filling) this.filled.delete(volume);
      throw error;
    }
  }

  /**
   * By way of a container that is never started. What was put there once in full stays as it is: containers that serve from
   * a folder would see its files come and go.
   */
  private async fill(volume: string, { container, contents = [], imageId }: SlotSpec): Promise<void> {
    const uploads = container.files?.flatMap(({ digest }, index) => {
      const entries = contents.find((each) => each.digest === digest)?.entries;
      return entries === undefined ? [] : uploadsOf(index, entries);
    });
    const archive = await tarOf([...(uploads ?? []), { path: COMPLETE, content: '', mode: 0o444 }]);
    await this.clearUp(volume);
    const helper = this.docker.createContainer({
      name: volume,
      Image: imageId ?? container.image,
      Entrypoint: [''],
      Cmd: ['-'],
      Labels: ownLabels(this.cluster, 'files'),
      NetworkDisabled: true,
      HostConfig: { Mounts: [{ Type: 'volume', Source: volume, Target: UPLOAD }] },
    });
    const { id } = await helper.catch((error: unknown) => {
      throw creationError(`Uploading files to ${volume}`, error);
    });
    try {
      if ((await lookAt(this.docker, id, `${UPLOAD}/${COMPLETE}`)) !== undefined) return;
      const upload = this.docker.getContainer(id).putArchive(archive, { path: UPLOAD });
      await request(`Uploading files to ${volume}`, 'start-failed', upload);
    } finally {
      await this.clearUp(id);
    }
  }

  /** See `Runtime.files`. */
  async read(container: string, target: string): Promise<readonly FileEntry[] | undefined> {
    const archive = this.docker.getContainer(container).getArchive({ path: target });
    const stream = await found(`Reading ${target}`, archive);
    return stream === undefined ? undefined : await untar(stream);
  }

  /** Names of what there is, and of which none of these containers has its files. */
  async spare(instances: readonly Instance[], deep = false): Promise<string[]> {
    if (deep) this.known = undefined;
    this.known ??= await this.list();
    if (this.known.size === 0 || instances.some(({ spec }) => spec === undefined)) return [];
    const used = new Set(instances.map(({ spec }) => spec && fileVolumeOf(spec, this.cluster)));
    return [...this.known].filter((name) => !used.has(name) && !this.held.includes(name));
  }

  /** Removes them, but for those that somebody has, or is about to have. */
  async prune(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.held.includes(name)) continue;
      const removed = this.remove(name).finally(() => this.pruning.delete(name));
      // Whoever waits for it only wants to know that it is over.
      this.pruning.set(
        name,
        removed.catch(() => undefined),
      );
      await removed;
    }
  }

  private async remove(name: string): Promise<void> {
    this.filled.delete(name);
    this.known?.delete(name);
    await this.clearUp(name);
    // 409: a container has it.
    await settle(`Removing volume ${name}`, [404, 409], this.docker.getVolume(name).remove());
  }

  /** Volumes, and what is left of uploads, which have their names. */
  private async list(): Promise<Set<string>> {
    const filters = { label: [`${LABEL.cluster}=${this.cluster}`, `${LABEL.role}=files`] };
    const helpers = await request(
      'Listing uploads',
      'start-failed',
      this.docker.listContainers({ all: true, filters }),
    );
    const { Volumes } = await request('Listing volumes', 'start-failed', this.docker.listVolumes({ filters }));
    return new Set([...Volumes.map(({ Name }) => Name), ...helpers.map(({ Names }) => (Names[0] ?? '').slice(1))]);
  }

  private async clearUp(helper: string): Promise<void> {
    await settle('Clearing up', [404, 409], this.docker.getContainer(helper).remove({ force: true, v: true }));
  }
}

function lostMessage({ service, release }: SlotSpec): string {
  return `The files of ${service}@${release} are gone, with their volume; a new revision brings its own.`;
}

function uploadsOf(index: number, entries: readonly FileEntry[]): UploadFile[] {
  const isFile = entries.some(({ path }) => path === '');
  const folder = isFile ? [] : [{ path: `${index}/`, content: '', mode: 0o755 }];
  const files = entries.map(({ path, content, ...entry }) => ({
    ...entry,
    path: isFile ? String(index) : `${index}/${path}`,
    content: Buffer.from(content, 'base64'),
  }));
  return [...folder, ...files];
}
