import { ReasonError, type Reason } from '../core/reason.ts';
import type { GitFailure } from './command.ts';

interface Cause {
  readonly said: RegExp;
  readonly reason: Reason;
  /** Goes on after `The repository URL`. */
  readonly sentence: string;
}

const CAUSES: readonly Cause[] = [
  {
    said: /^(?!remote:).*(No space left on device|Disk quota exceeded)/m,
    reason: 'disk-full',
    sentence: 'could not be stored: the disk of the state directory is full; free some space.',
  },
  {
    said: /could not read (Username|Password)/,
    reason: 'auth-failed',
    sentence: 'asks for a password and none is configured; set repository.credentials.passwordFile.',
  },
  {
    said: /Authentication failed|returned error: 401/,
    reason: 'auth-failed',
    sentence: 'refused the user name or password; check repository.credentials and whether the token has expired.',
  },
  {
    said: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    reason: 'auth-failed',
    sentence:
      "showed a host key that is not known; compare it with the one that the repository's host publishes and put that into repository.credentials.knownHostsFile.",
  },
  {
    said: /Permission denied \(|Load key |UNPROTECTED PRIVATE KEY|no such identity/,
    reason: 'auth-failed',
    sentence:
      'refused the SSH key; check repository.credentials.sshKeyFile, its mode (0600) and that its public half is registered.',
  },
  {
    said: /returned error: 403|hook declined|protected branch|read.?only|not allowed to push|deny(ing)? updat/i,
    reason: 'auth-failed',
    sentence: 'refused the access; the account must be able to read it and to push to the status branch.',
  },
  {
    said: /certificate/i,
    reason: 'unreachable',
    sentence:
      'has a certificate that is not trusted; name the file of its CA in the environment variable GIT_SSL_CAINFO.',
  },
  {
    said: /Could not resolve|Connection refused|timed out|Failed to connect|Couldn't connect|No route to host|Network is unreachable|Connection reset|Connection closed/,
    reason: 'unreachable',
    sentence: 'cannot be reached; check repository.url, the network and the proxy.',
  },
  {
    said: /not found|does not appear to be a git repository|returned error: 404|Repository not exported/,
    reason: 'unreachable',
    sentence: 'does not exist, or the account may not see it; check repository.url and repository.credentials.',
  },
  {
    said: /exists; cannot create/,
    reason: 'push-conflict',
    sentence:
      "has a branch whose name stands in the status branch's way; rename it, or set status.branch to another name.",
  },
  {
    said: /dubious ownership/,
    reason: 'unreachable',
    sentence:
      "belongs to another user, whose hooks would run with Fairlead's rights; give it to the user that Fairlead runs as, or serve it over SSH.",
  },
  {
    said: /transport '[^']*' not allowed/,
    reason: 'unreachable',
    sentence: 'leads on to another kind of address, which is not followed; set repository.url to the final one.',
  },
];

/** What git's words mean for the remote, where they are known. */
export function knownReason(failure: GitFailure, url: string, timeout: number): ReasonError | undefined {
  if (failure.timedOut) {
    return new ReasonError(
      'unreachable',
      `The repository ${url} did not answer within ${timeout / 1000} s; it is tried again.`,
      {
        cause: failure,
      },
    );
  }
  const cause = CAUSES.find(({ said }) => said.test(failure.output));
  if (cause === undefined) return undefined;
  return new ReasonError(cause.reason, `The repository ${url} ${cause.sentence}${quote(failure)}`, { cause: failure });
}

export function reasonOf(failure: GitFailure, url: string, timeout: number): ReasonError {
  return (
    knownReason(failure, url, timeout) ??
    new ReasonError('unreachable', `The repository ${url} could not be read; it is tried again.${quote(failure)}`, {
      cause: failure,
    })
  );
}

/** git's own last words, without its boilerplate. */
function quote({ output }: GitFailure): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        /^(fatal|error|ssh|remote|!|\S+@\S+:|Load key|No )/.test(line) && !line.includes('Could not read from remote'),
    );
  const last = lines.at(-1) ?? output.trim().split('\n').at(-1) ?? '';
  return last === '' ? '' : ` (git: ${last.slice(0, 300)})`;
}
