import type Docker from 'dockerode';
import type { FetchedImage } from '../core/housekeeping/images.ts';
import { settle } from './errors.ts';
import { inspectImage } from './image.ts';
import { listAll } from './list.ts';

const GONE = 404;
/** Somebody has made something of it meanwhile. */
const IN_USE = 409;

/** See `Runtime.pruneImages`. */
export async function pruneImages(
  docker: Docker,
  images: readonly FetchedImage[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const used = new Set((await listAll(docker, signal)).map(({ ImageID }) => ImageID));
  const [gone, failures]: [string[], unknown[]] = [[], []];
  for (const image of images.filter(({ id }) => !used.has(id))) {
    signal?.throwIfAborted();
    await removeImage(docker, image).then(
      (isGone) => isGone && gone.push(image.id),
      (error: unknown) => failures.push(error),
    );
  }
  if (gone.length === 0 && failures.length > 0) throw failures[0];
  return gone;
}

/** Whether nothing of it is left that is ours. */
async function removeImage(docker: Docker, { id, references }: FetchedImage): Promise<boolean> {
  for (const reference of references) {
    const named = await inspectImage(docker, reference);
    if (named?.Id === id) await remove(docker, reference);
  }
  const rest = await inspectImage(docker, id);
  if (rest === undefined) return true;
  const names = rest.RepoTags ?? [];
  if (names.length > 0) return !references.some((each) => names.includes(each));
  await remove(docker, id);
  return (await inspectImage(docker, id)) === undefined;
}

/** Never by force: what is in use stays. */
async function remove(docker: Docker, name: string): Promise<void> {
  await settle(`Removing image ${name}`, [GONE, IN_USE], docker.getImage(name).remove());
}
