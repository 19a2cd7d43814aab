import type Docker from 'dockerode';
import { ReasonError } from '../core/reason.ts';
import type { PullPolicy } from '../core/model.ts';
import type { PulledImage } from '../core/ports.ts';
import type { EngineDisk } from './disk.ts';
import { found, isAbort, reasonError, request, wordsOf } from './errors.ts';
import type { InspectedImage } from './inspected.ts';
import { digestOf } from './observe.ts';
import type { RegistryCredentials } from './registry-auth.ts';

export interface ImageSource {
  readonly docker: Docker;
  readonly disk: Pick<EngineDisk, 'checkRoomFor'>;
  readonly credentials: (image: string) => Promise<RegistryCredentials | undefined>;
}

/** The image by policy: `never` and `missing` take what the engine has. */
export async function pullImage(
  source: ImageSource,
  image: string,
  policy: PullPolicy,
  signal?: AbortSignal,
): Promise<PulledImage> {
  const present = await inspectImage(source.docker, image);
  if (present !== undefined && policy !== 'always') return toPulled(present, image, present);
  if (policy === 'never')
    throw new ReasonError(
      'image-not-found',
      `The engine has no image ${image}, and its pullPolicy is never: load it, or change the policy.`,
    );
  await source.disk.checkRoomFor(image);
  const before = new Set((await listImages(source.docker)).map(({ Id }) => Id));
  await download(source, image, signal);
  const pulled = await inspectImage(source.docker, image);
  if (pulled === undefined) throw new ReasonError('pull-failed', `The engine pulled ${image} and does not have it.`);
  return { ...toPulled(pulled, image, present), ...(before.has(pulled.Id) && { wasThere: true }) };
}

async function listImages(docker: Docker): Promise<readonly { readonly Id: string }[]> {
  return await request('Listing images', 'pull-failed', docker.listImages());
}

export async function inspectImage(docker: Docker, image: string): Promise<InspectedImage | undefined> {
  const answer = docker.getImage(image).inspect() as Promise<InspectedImage>;
  return found(`Looking for image ${image}`, answer);
}

function toPulled(image: InspectedImage, reference: string, before: InspectedImage | undefined): PulledImage {
  const digest = digestOf(image, reference);
  return { id: image.Id, ...(image.Id !== before?.Id && { isNew: true }), ...(digest === undefined ? {} : { digest }) };
}

async function download({ docker, credentials }: ImageSource, image: string, signal?: AbortSignal): Promise<void> {
  const authconfig = await credentials(image);
  try {
    const progress = await docker.createImage({
      ...(authconfig === undefined ? {} : { authconfig }),
      ...splitReference(image),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    });
    await follow(progress);
  } catch (error) {
    if (isAbort(error) || signal?.aborted === true) throw signal?.reason ?? error;
    throw pullError(image, error);
  }
}

/** Without a tag the engine would fetch all of them. */
export function splitReference(image: string): { fromImage: string; tag: string } {
  const [, name = image, digest] = /^(.*?)@(.*)$/.exec(image) ?? [];
  if (digest !== undefined) return { fromImage: name, tag: digest };
  const [, repository = image, tag = 'latest'] = /^(.*):([^:/]+)$/.exec(image) ?? [];
  return { fromImage: repository, tag };
}

/** Reads the progress to its end; the engine reports a failure as its last line, after it has answered with 200. */
async function follow(progress: AsyncIterable<Buffer | string>): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of progress) chunks.push(Buffer.from(chunk));
  const lines = Buffer.concat(chunks).toString().split('\n');
  const failure = lines.map(errorOf).find((error) => error !== undefined);
  if (failure !== undefined) throw new Error(failure);
}

function errorOf(line: string): string | undefined {
  if (!line.includes('"error"')) return undefined;
  return (JSON.parse(line) as { error?: string }).error;
}

const NOT_ALLOWED =
  /unauthorized|no basic auth credentials|authentication required|denied: requested access|403 forbidden/i;
const NOT_FOUND =
  /not found|manifest unknown|name unknown|repository does not exist|no such image|invalid reference format/i;
const NOT_FOR_THIS_PLATFORM = /no matching manifest|does not match the (specified|detected) (host )?platform/i;

function pullError(image: string, error: unknown): Error {
  const words = wordsOf(error);
  const attempt = `Pulling ${image}`;
  if (NOT_FOR_THIS_PLATFORM.test(words))
    return new ReasonError('platform-unsupported', `${attempt}: ${words}`, { cause: error });
  if (NOT_FOUND.test(words) && !/dial tcp/.test(words))
    return new ReasonError('image-not-found', `${attempt}: ${words}. Check its name and tag.`, { cause: error });
  if (NOT_ALLOWED.test(words))
    return new ReasonError('registry-unauthorized', `${attempt}: ${words}. Log in with: docker login.`, {
      cause: error,
    });
  return reasonError(attempt, 'pull-failed', error);
}
