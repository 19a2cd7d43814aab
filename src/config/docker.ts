import { homedir } from 'node:os';
import { join } from 'node:path';

/** The engine, and what Docker's own command line has left on this host for talking to it. */
export interface DockerConfig {
  readonly host: string;
  /** Folder of config.json, which knows the registries' passwords. */
  readonly directory: string;
  readonly tls: {
    /** A `tcp://` host is reached over TLS. */
    readonly verify: boolean;
    /** Folder of `ca.pem`, `cert.pem` and `key.pem`. */
    readonly directory: string;
  };
}

/** All but the host is said by the variables that Docker's own command line has for it. */
export function dockerConfig(
  host: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): DockerConfig {
  const directory = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  return {
    host: host ?? (env['DOCKER_HOST'] || 'unix:///var/run/docker.sock'),
    directory,
    tls: { verify: (env['DOCKER_TLS_VERIFY'] ?? '') !== '', directory: env['DOCKER_CERT_PATH'] || directory },
  };
}
