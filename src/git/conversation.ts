import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ReasonError } from '../core/reason.ts';
import type { Address } from './address.ts';
import { inClone, type Clone } from './clone.ts';
import { GitFailure, gitWith, type Git } from './command.ts';
import { knownReason, reasonOf } from './failure.ts';
import { transport, type Credentials } from './transport.ts';

/** One remote, and the folder in which its clones are kept. */
export interface Remote {
  readonly address: Address;
  readonly credentials: Credentials;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly timeout: number;
  readonly log: (message: string) => void;
}

/** Talks to the remote with the credentials as they are now. What git says is turned into a ReasonError. */
export async function talk<T>(
  remote: Remote,
  signal: AbortSignal | undefined,
  work: (git: Git) => Promise<T>,
): Promise<T> {
  const { address, credentials, home, timeout } = remote;
  const { environment, config, secrets } = await transport(address, credentials, remote.environment);
  const git = gitWith({
    directory: home,
    // A state directory inside a checkout is no part of it.
    environment: { ...environment, GIT_CEILING_DIRECTORIES: join(home, '..') },
    config,
    secrets,
    timeout,
    ...(signal && { signal }),
  });
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    return await work(git);
  } catch (error) {
    if (error instanceof GitFailure) throw reasonOf(error, address.url, timeout);
    throw isDiskFull(error)
      ? new ReasonError('disk-full', `The disk of ${home} is full; free some space.`, { cause: error })
      : error;
  }
}

/** Works in the named clone, whose format is that of `objectId`; what the remote refuses is no reason to make it anew. */
export function useClone<T>(
  { address, home, timeout, log }: Remote,
  git: Git,
  name: string,
  objectId: string,
  work: (clone: Clone) => Promise<T>,
): Promise<T> {
  const unlessRefused = async (clone: Clone): Promise<T> => {
    try {
      return await work(clone);
    } catch (error) {
      const reason = error instanceof GitFailure ? knownReason(error, address.url, timeout) : undefined;
      throw reason?.reason === 'auth-failed' || reason?.reason === 'push-conflict' ? reason : error;
    }
  };
  return inClone(git, join(home, name), objectId, unlessRefused, log);
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
