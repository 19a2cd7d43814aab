import { access, constants } from 'node:fs/promises';
import { ReasonError } from '../core/reason.ts';
import type { Address } from './address.ts';
import type { GitSetting } from './command.ts';

/** How to log in; `password` is asked for anew each time, so that a changed file is seen. */
export interface Credentials {
  readonly username?: string;
  readonly password?: () => Promise<string>;
  readonly sshKeyFile?: string;
  readonly knownHostsFile?: string;
}

/** Of the surrounding environment git sees these alone: where programs, proxies and certificates are. */
const INHERITED = [
  'PATH',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
];

const CONFIG = [
  'core.hooksPath=/dev/null',
  'fetch.unpackLimit=1',
  'fetch.recurseSubmodules=false',
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=30',
  // Housekeeping runs inside the fetch, so that no process stays behind.
  'gc.autoDetach=false',
  'maintenance.autoDetach=false',
  'gc.pruneExpire=now',
  'gc.auto=500',
];

/** Prints what git asks a credential helper for; the words come from the environment, so that no argv has them. */
const CREDENTIAL_HELPER =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$FAIRLEAD_GIT_USERNAME" "$FAIRLEAD_GIT_PASSWORD"; }; f';

/** Environment and configuration for git to reach the address and nothing else, as remote `origin`. */
export async function transport(
  address: Address,
  credentials: Credentials,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pick<GitSetting, 'environment' | 'config' | 'secrets'>> {
  const base = { ...isolated(environment), GIT_ALLOW_PROTOCOL: address.scheme };
  const config = [...CONFIG, `remote.origin.url=${address.url}`];
  if (address.scheme === 'ssh') {
    return { environment: { ...base, GIT_SSH_COMMAND: await sshCommand(credentials) }, config, secrets: [] };
  }
  const password = await credentials.password?.();
  if (password === undefined || address.origin === undefined) return { environment: base, config, secrets: [] };
  if (password === '' || /[\n\0]/.test(password)) {
    throw new ReasonError(
      'secret-unreadable',
      'The password of the repository is empty or has more than one line; write it on one line.',
    );
  }
  const username = credentials.username ?? address.username ?? 'git';
  return {
    environment: { ...base, FAIRLEAD_GIT_USERNAME: username, FAIRLEAD_GIT_PASSWORD: password },
    config: [...config, `credential.${address.origin}.helper=${CREDENTIAL_HELPER}`],
    secrets: [password, Buffer.from(`${username}:${password}`).toString('base64')],
  };
}

/** An environment in which no configuration of the machine or of a user has a say, and nothing can prompt. */
export function isolated(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    // git's messages are matched; and .netrc must not be found.
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
}

async function sshCommand({ sshKeyFile, knownHostsFile }: Credentials): Promise<string> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ConnectTimeout=15',
    'ServerAliveInterval=10',
  ];
  if (knownHostsFile !== undefined) {
    await mustBeReadable(knownHostsFile, 'knownHostsFile');
    options.push(`UserKnownHostsFile="${doubled(knownHostsFile)}"`, 'GlobalKnownHostsFile=/dev/null');
  }
  const words = ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])];
  if (sshKeyFile !== undefined) {
    await mustBeReadable(sshKeyFile, 'sshKeyFile');
    words.push('-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-i', doubled(sshKeyFile));
  }
  return words.map(quoted).join(' ');
}

async function mustBeReadable(file: string, setting: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    throw new ReasonError(
      'secret-unreadable',
      `repository.credentials.${setting} ${file} cannot be read; check that it exists and its owner.`,
      {
        cause,
      },
    );
  }
}

/** ssh expands `%h` and its like in names of files. */
function doubled(path: string): string {
  return path.replaceAll('%', '%%');
}

/** For the shell, through which git starts ssh. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
