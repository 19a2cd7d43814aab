import type Docker from 'dockerode';
import type { FetchedImage } from '../core/housekeeping/images.ts';
import { settle } from './errors.ts';
import { inspectImage } from './image.ts';
import { listAll } from './list.ts';

const GONE = 404;
/** Somebody has made something of it meanwhile. */
const IN_USE = 409;

/** Removes the names of these images that still lead to them, and what has no name left; none that a container is made of. */
export async function pruneImages(
  docker: Docker,
  images: readonly FetchedImage[],
  signal?: AbortSignal,
): Promise<void> {
  const used = new Set((await listAll(docker, signal)).map(({ ImageID }) => ImageID));
  for (const image of images) {
    if (signal?.aborted === true) return;
    if (!used.has(image.id)) await removeImage(docker, image);
  }
}

async function removeImage(docker: Docker, { id, references }: FetchedImage): Promise<void> {
  for (const reference of references) {
    const named = await inspectImage(docker, reference);
    if (named?.Id === id) await remove(docker, reference);
  }
  const rest = await inspectImage(docker, id);
  if (rest !== undefined && (rest.RepoTags ?? []).length === 0) await remove(docker, id);
}

/** Never by force: what is in use stays. */
async function remove(docker: Docker, name: string): Promise<void> {
  await settle(`Removing image ${name}`, [GONE, IN_USE], docker.getImage(name).remove());
}
