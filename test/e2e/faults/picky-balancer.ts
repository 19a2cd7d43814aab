import type Docker from 'dockerode';
import { tarOf } from '../../../src/docker/tar.ts';
import { OFFENCE } from './faults.ts';

const SCRIPT = `#!/bin/sh
if [ -f ${OFFENCE} ]; then
  for word in "$@"; do
    if [ "$word" = -c ]; then echo '[ALERT]    (1) : config : an offence is there'; exit 1; fi
  done
fi
exec /usr/sbin/haproxy "$@"
`;

/** An image of the lab's HAProxy that refuses every configuration while a file is there; gone with the scope. */
export async function pickyBalancer(docker: Docker): Promise<{ readonly image: string } & AsyncDisposable> {
  const container = await docker.createContainer({ Image: 'lab/haproxy:3.0' });
  const script = [{ path: 'haproxy', content: SCRIPT, mode: 0o755 }];
  await container.putArchive(await tarOf(script), { path: '/usr/local/bin' });
  const image = `lab/haproxy-picky:${container.id.slice(0, 12)}`;
  const [repo, tag] = image.split(':');
  await container.commit({ repo, tag });
  await container.remove();
  return {
    image,
    [Symbol.asyncDispose]: async () => {
      await docker.getImage(image).remove({ force: true });
    },
  };
}
