import { describe, expect, test } from 'vitest';
import { GitFailure, redact } from '../../../src/git/command.ts';
import { reasonOf } from '../../../src/git/failure.ts';

/** What git 2.39 and hosting sites print, and what it means. */
const SAID = [
  ["fatal: Authentication failed for 'https://h/x/'", 'auth-failed', 'user name or password'],
  ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'auth-failed', 'none is configured'],
  [
    "fatal: unable to access 'https://h/x/': The requested URL returned error: 403",
    'auth-failed',
    'must be able to read it',
  ],
  [
    'ERROR: The key you are authenticating with has been marked as read only.',
    'auth-failed',
    'push to the status branch',
  ],
  ['Host key verification failed.\nfatal: Could not read from remote repository.', 'auth-failed', 'knownHostsFile'],
  ['git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.', 'auth-failed', 'sshKeyFile'],
  [' ! [remote rejected] a -> b (protected branch hook declined)', 'auth-failed', 'push to the status branch'],
  ["fatal: unable to access 'https://h/x/': Could not resolve host: h", 'unreachable', 'check repository.url'],
  [
    "fatal: unable to access 'https://h/x/': server certificate verification failed. CAfile: none CRLfile: none",
    'unreachable',
    'GIT_SSL_CAINFO',
  ],
  ['ssh: connect to host h port 22: Connection refused', 'unreachable', 'cannot be reached'],
  ["remote: Repository not found.\nfatal: repository 'https://h/x/' not found", 'unreachable', 'may not see it'],
  ['fatal: write error: No space left on device', 'disk-full', 'free some space'],
  [
    'remote: fatal: No space left on device\nfatal: the remote end hung up unexpectedly',
    'unreachable',
    'could not be read',
  ],
  ['fatal: something nobody has seen', 'unreachable', '(git: fatal: something nobody has seen)'],
] as const;

describe('what git says becomes a reason and a sentence', () => {
  test.each(SAID)('%s', (output, reason, part) => {
    const error = reasonOf(new GitFailure('fetch', output, false), 'https://h/x', 60_000);
    expect(error.reason).toBe(reason);
    expect(error.message).toContain('The repository https://h/x ');
    expect(error.message).toContain(part);
  });

  test('a limit that was passed is said in seconds', () => {
    const error = reasonOf(new GitFailure('fetch', '', true), 'https://h/x', 60_000);
    expect(error.message).toBe('The repository https://h/x did not answer within 60 s; it is tried again.');
  });
});

test('secrets are taken out however they are spelled', () => {
  expect(redact('a p@ss b p%40ss https://u:p@ss@h/', ['p@ss'])).toBe('a *** b *** https://h/');
});
