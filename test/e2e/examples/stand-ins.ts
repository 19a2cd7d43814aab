import type Docker from 'dockerode';

/** An image of the lab under the name that an example uses; with a port, its application listens there. */
export interface StandIn {
  readonly name: string;
  readonly image: string;
  readonly port?: number;
}

/** Makes the images and gives back what removes them again. */
export async function standIn(docker: Docker, images: readonly StandIn[]): Promise<AsyncDisposable> {
  for (const each of images) await (each.port === undefined ? tag(docker, each) : commit(docker, each));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { name } of images) await docker.getImage(name).remove();
    },
  };
}

async function tag(docker: Docker, { name, image }: StandIn): Promise<void> {
  await docker.getImage(image).tag(splitName(name));
}

async function commit(docker: Docker, { name, image, port }: StandIn): Promise<void> {
  const container = await docker.createContainer({ Image: image });
  await container.commit({ ...splitName(name), changes: `ENV PORT=${port ?? 0}` });
  await container.remove();
}

function splitName(name: string): { repo: string; tag: string } {
  const colon = name.lastIndexOf(':');
  return { repo: name.slice(0, colon), tag: name.slice(colon + 1) };
}
