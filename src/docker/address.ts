import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { ReasonError } from '../core/reason.ts';

/** How an engine elsewhere is trusted and convinced, as Docker's own command line has it. */
export interface TlsOptions {
  /** `tcp://` means TLS, whatever the port. */
  readonly verify: boolean;
  /** Folder of `ca.pem`, `cert.pem` and `key.pem`. */
  readonly directory: string;
}

/** The port of engines that speak TLS: nobody means to talk to it in the clear. */
const TLS_PORT = '2376';
const PLAIN_PORT = '2375';

/** How to reach the engine at an address; certificates are read now. */
export function dialOptions(host: string, tls?: TlsOptions): Docker.DockerOptions {
  if (/^unix:\/\/\/./.test(host)) return { socketPath: host.slice('unix://'.length) };
  // As no scheme that URL knows, so that it keeps a port that is a scheme's own.
  const address = host.replace(/^https?:/, 'tcp:');
  if (!/^tcp:\/\/[^/]/.test(address) || !URL.canParse(address)) throw refusal(host);
  const { hostname, port } = new URL(address);
  const scheme = host.slice(0, host.indexOf(':'));
  const isSecure = scheme === 'https' || (scheme === 'tcp' && (tls?.verify === true || port === TLS_PORT));
  if (!isSecure) return { protocol: 'http', host: hostname, port: port || PLAIN_PORT };
  const certificates = tls === undefined ? {} : certificatesIn(tls.directory, host, scheme === 'tcp');
  return { protocol: 'https', host: hostname, port: port || TLS_PORT, ...certificates };
}

function refusal(host: string): ReasonError {
  const advice = host.startsWith('ssh://')
    ? 'Fairlead does not speak SSH to an engine. Forward its socket (ssh -nNT -L /run/remote.sock:/var/run/docker.sock HOST) and name unix:///run/remote.sock, or use TLS.'
    : 'It must be an address such as unix:///var/run/docker.sock or tcp://10.0.0.5:2376.';
  return new ReasonError('engine-unreachable', `The Docker host ${host} cannot be used. ${advice}`);
}

/**
 * Without an authority of its own an `https://` host is judged by the system's; a `tcp://` host has to have one. Our own
 * certificate may be left out where the engine does not ask for it.
 */
function certificatesIn(directory: string, host: string, isPrivate: boolean): Docker.DockerOptions {
  const file = (name: string) => readCertificate(join(directory, name), host);
  const [ca, cert, key] = [file('ca.pem'), file('cert.pem'), file('key.pem')];
  if (ca === undefined && isPrivate) throw unreadable(join(directory, 'ca.pem'), host, 'is not there');
  if (cert === undefined && key !== undefined) throw unreadable(join(directory, 'cert.pem'), host, 'is not there');
  if (cert !== undefined && key === undefined) throw unreadable(join(directory, 'key.pem'), host, 'is not there');
  return { ca, cert, key };
}

function readCertificate(path: string, host: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, host, 'cannot be read', error);
  }
}

function unreadable(path: string, host: string, what: string, cause?: unknown): ReasonError {
  return new ReasonError(
    'secret-unreadable',
    `The Docker host ${host} is reached over TLS, and ${path} ${what}. DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem.`,
    { cause },
  );
}
