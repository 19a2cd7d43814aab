import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { tarOf } from '../../src/docker/tar.ts';

/** Brings a default for every field that an image can have one for. */
export const OPINIONATED = `FROM lab/busybox:1
ENV COLOUR=blue SIZE=large
LABEL maintainer=somebody
EXPOSE 4711/tcp
VOLUME /var/lib/thing
WORKDIR /srv
USER 1234:1234
STOPSIGNAL SIGINT
HEALTHCHECK --interval=3s --timeout=3s --start-period=11s --retries=9 CMD true
ENTRYPOINT ["/bin/busybox"]
CMD ["sleep", "3600"]
`;

/** Makes an image of a Dockerfile that needs no other files. */
export async function buildImage(docker: Docker, tag: string, dockerfile: string): Promise<void> {
  const context = Readable.from([await tarOf([{ path: 'Dockerfile', content: dockerfile, mode: 0o644 }])]);
  const progress = await docker.buildImage(context, { t: tag, rm: true });
  let output = '';
  for await (const chunk of progress) output += chunk.toString();
  if (output.includes('"error"')) throw new Error(`${tag} could not be built: ${output}`);
}
