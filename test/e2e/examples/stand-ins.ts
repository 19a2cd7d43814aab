import type Docker from 'dockerode';
import { tarOf } from '../../../src/docker/tar.ts';

/** An image of the lab under the name that an example uses. */
export interface StandIn {
  readonly name: string;
  readonly image: string;
  /** Where its application listens. */
  readonly port?: number;
  /** What it has beside the lab's, by absolute path; anybody may run it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Instructions as of a Dockerfile. */
  readonly changes?: readonly string[];
}

/** Makes the images and gives back what removes them again. */
export async function standIn(docker: Docker, images: readonly StandIn[]): Promise<AsyncDisposable> {
  for (const each of images) await (isTheLabs(each) ? tag(docker, each) : commit(docker, each));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { name } of images) await docker.getImage(name).remove();
    },
  };
}

function isTheLabs({ port, files, changes }: StandIn): boolean {
  return port === undefined && files === undefined && changes === undefined;
}

async function tag(docker: Docker, { name, image }: StandIn): Promise<void> {
  await docker.getImage(image).tag(splitName(name));
}

async function commit(docker: Docker, { name, image, port, files = {}, changes = [] }: StandIn): Promise<void> {
  const container = await docker.createContainer({ Image: image });
  const entries = Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text), mode: 0o755 }));
  await container.putArchive(await tarOf(entries), { path: '/' });
  const all = port === undefined ? changes : [...changes, `ENV PORT=${port}`];
  await container.commit({ ...splitName(name), ...(all.length > 0 && { changes: all.join('\n') }) });
  await container.remove();
}

function splitName(name: string): { repo: string; tag: string } {
  const colon = name.lastIndexOf(':');
  return { repo: name.slice(0, colon), tag: name.slice(colon + 1) };
}
