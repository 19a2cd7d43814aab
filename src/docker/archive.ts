import type { IncomingMessage } from 'node:http';
import { addAbortSignal, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { PathFound } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import { found, reasonError, statusOf, wordsOf } from './errors.ts';
import { tarOf } from './tar.ts';

/** Go's own bits of a mode. */
const FOLDER = 0x8000_0000;
const LINK = 0x0800_0000;
/** Devices, pipes, sockets and what else is no file. */
const SPECIAL = 0x0728_0000;

/** See `Hands.look`. */
export async function lookAt(
  docker: Docker,
  container: string,
  path: string,
  abortSignal?: AbortSignal,
): Promise<PathFound | undefined> {
  const options = { path, ...(abortSignal !== undefined && { abortSignal }) };
  const look = docker.getContainer(container).infoArchive(options) as Promise<IncomingMessage>;
  const answer = await found(
    `Looking for ${path}`,
    look.catch((error: unknown) => {
      throw lookError(path, error);
    }),
  );
  if (answer === undefined) return undefined;
  // Else the connection is kept, and the command with it.
  const { mode, linkTarget } = statOf(answer.resume());
  if ((mode & LINK) !== 0) return { type: 'link', to: linkTarget };
  if ((mode & FOLDER) !== 0) return { type: 'folder' };
  return { type: (mode & SPECIAL) === 0 ? 'file' : 'special' };
}

/** What it answers to HEAD has no words. */
function lookError(path: string, error: unknown): unknown {
  if (![400, 500].includes(statusOf(error) ?? 0)) return error;
  const message = `${path} leads through something that is no folder in this container, or through links in a circle, or the engine cannot open this container's files.`;
  return new ReasonError('start-failed', message, { cause: error });
}

function statOf({ headers }: IncomingMessage): { readonly mode: number; readonly linkTarget: string } {
  const text = Buffer.from(String(headers['x-docker-container-path-stat']), 'base64').toString();
  return JSON.parse(text) as ReturnType<typeof statOf>;
}

/** See `Hands.read`. */
export async function readArchive(
  docker: Docker,
  container: string,
  path: string,
  abortSignal: AbortSignal,
): Promise<Readable> {
  const archive = docker.getContainer(container).getArchive({ path, abortSignal });
  const stream = await found(`Copying ${path}`, archive);
  if (stream === undefined) throw new ReasonError('start-failed', `${path} is gone: somebody has removed it.`);
  return addAbortSignal(abortSignal, stream as Readable);
}

/** See `Hands.write`. */
export async function writeArchive(
  docker: Docker,
  container: string,
  folder: string,
  archive: NodeJS.ReadableStream,
  abortSignal: AbortSignal,
): Promise<void> {
  let failure: Error | undefined;
  archive.on('error', (error: Error) => {
    failure = error;
  });
  const put = async (content: Buffer | NodeJS.ReadableStream): Promise<void> => {
    await docker
      .getContainer(container)
      .putArchive(content, { path: folder, noOverwriteDirNonDir: 'true', abortSignal });
  };
  try {
    // An engine that refuses closes the connection without reading on, so that nobody would learn why.
    await put(await tarOf([]));
    if (failure !== undefined) throw failure;
    await put(archive).catch((error: unknown) => {
      throw isCutOff(error) ? cutOff(folder, error) : error;
    });
  } catch (error) {
    throw failure ?? writeError(folder, error);
  }
}

function writeError(folder: string, error: unknown): Error {
  const message = refusal(folder, error);
  return message === undefined
    ? reasonError(`Copying to ${folder}`, 'start-failed', error)
    : new ReasonError('start-failed', message, { cause: error });
}

/** An engine that has just answered, and hangs up while it takes the archive, has refused something in it. */
function isCutOff(error: unknown): boolean {
  const { code = '', message } = error as { code?: string; message: string };
  return ['EPIPE', 'ECONNRESET'].includes(code) || message === 'socket hang up';
}

function cutOff(folder: string, cause: unknown): ReasonError {
  const message = `The engine broke off while it unpacked into ${folder}: a file stands where a folder is to be or the other way round, something there is mounted or read-only, or the disk is full.`;
  return new ReasonError('start-failed', message, { cause });
}

function refusal(folder: string, error: unknown): string | undefined {
  const words = wordsOf(error);
  if (/marked read-only/.test(words))
    return `${folder} is read-only in this container, which takes files only in volumes that it may write to.`;
  if (/not a directory/.test(words)) return `${folder} is no folder in this container; name one that is.`;
  return statusOf(error) === 404 ? `There is no folder ${folder} in this container; make it first.` : undefined;
}
