import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReasonError } from '../core/reason.ts';

/** As the engine takes them. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: string; readonly serveraddress: string }
  | { readonly identitytoken: string; readonly serveraddress: string };

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

const DOCKER_HUB = 'https://index.docker.io/v1/';

/** What docker's own config.json and credential helpers hold for the registry of an image; read anew each time. */
export async function credentialsFor(image: string, configDirectory: string): Promise<RegistryCredentials | undefined> {
  const config = await readConfig(join(configDirectory, 'config.json'));
  const registry = registryOf(image);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined && helper !== '') return fromHelper(helper, registry);
  return fromConfig(config, registry);
}

/** The registry's key in docker's config: its host, or the hub's old address. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isHost && first !== 'docker.io' && first !== 'index.docker.io' ? first : DOCKER_HUB;
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ReasonError('secret-unreadable', `Docker's configuration ${path} cannot be read.`, { cause: error });
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch {
    // Without the cause: its words could quote a password.
    throw new ReasonError(
      'secret-unreadable',
      `Docker's configuration ${path} is not JSON. Repair it or log in again.`,
    );
  }
}

function fromConfig(config: DockerConfig, registry: string): RegistryCredentials | undefined {
  const entries = Object.entries(config.auths ?? {});
  const entry = entries.find(([key]) => hostOf(key) === hostOf(registry))?.[1];
  if (entry?.identitytoken) return { identitytoken: entry.identitytoken, serveraddress: registry };
  if (!entry?.auth) return undefined;
  const decoded = Buffer.from(entry.auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon < 0) return undefined;
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), serveraddress: registry };
}

/** Older versions of docker wrote addresses with a scheme and a path. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').split('/')[0] ?? key;
}

async function fromHelper(helper: string, registry: string): Promise<RegistryCredentials | undefined> {
  const program = `docker-credential-${helper}`;
  const { code, stdout, stderr } = await run(program, registry);
  // Helpers write this sentence, by contract to stdout.
  if (code !== 0 && /credentials not found/i.test(stdout + stderr)) return undefined;
  if (code !== 0)
    throw new ReasonError(
      'secret-unreadable',
      `${program} gave no credentials for ${registry}: ${stderr.trim()} (exit code ${code}).`,
    );
  const { Username, Secret } = answerOf(program, stdout);
  if (Username === '<token>') return { identitytoken: Secret, serveraddress: registry };
  return { username: Username, password: Secret, serveraddress: registry };
}

/** Without quoting what it said: that may be a secret. */
function answerOf(program: string, stdout: string): { Username: string; Secret: string } {
  try {
    return JSON.parse(stdout) as { Username: string; Secret: string };
  } catch {
    throw new ReasonError('secret-unreadable', `The answer of ${program} cannot be understood: it is not JSON.`);
  }
}

function run(program: string, input: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: 'pipe', timeout: 30_000 });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', (cause) =>
      reject(
        new ReasonError('secret-unreadable', `${program}, which docker's config.json names, cannot be run.`, { cause }),
      ),
    );
    child.on('close', (code) => resolve({ code: code ?? 1, ...output }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
