import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DiskLimits } from './core/disk.ts';
import type { ImagePolicy } from './core/housekeeping/images.ts';
import type { Policy, PruneBudget } from './core/model.ts';
import type { Problem } from './core/reason.ts';
import { dockerConfig, type DockerConfig } from './docker-config.ts';
import type { LogLimits } from './docker/log-rotation.ts';
import { CONFIG } from './manifest/config-words.ts';
import { parseDocuments } from './manifest/document.ts';
import type { Document } from './manifest/document.ts';
import { duration } from './manifest/duration.ts';
import { explain } from './manifest/explain.ts';
import { nearest } from './manifest/names.ts';
import { Reading, textField } from './manifest/reading.ts';
import type { ConfigDocument } from './manifest/schema.generated.ts';
import { overlaid, settings } from './manifest/settings.ts';
import type { Given } from './manifest/settings.ts';
import { validate } from './manifest/validators.ts';
import { bytes, capability, present, sorted } from './manifest/values.ts';

/** The host's configuration with every default filled in; times are milliseconds. */
export interface Config {
  /** There is a fairlead.yaml: the policy is this host's own, and not the default. */
  readonly isFromFile: boolean;
  readonly cluster: string;
  /** Somebody has said which cluster it is. */
  readonly isClusterNamed: boolean;
  /** Absent where none is followed: `run DIR` and the commands that take a folder. */
  readonly repository?: RepositoryConfig;
  readonly runtime: 'auto' | 'engine';
  readonly docker: DockerConfig;
  readonly node: { readonly capabilities: readonly string[] };
  readonly balancer: BalancerConfig;
  readonly status: { readonly branch: string; readonly enabled: boolean };
  readonly stateDir: string;
  readonly prune: PruneBudget;
  readonly logs: LogLimits;
  readonly images: ImagePolicy;
  readonly disk: DiskConfig;
  readonly policy: Policy;
}

interface RepositoryConfig {
  readonly url: string;
  readonly branch: string;
  /** Folder inside the repository. */
  readonly path: string;
  readonly interval: number;
  readonly credentials: CredentialsConfig;
  readonly allowFile: boolean;
}

export interface CredentialsConfig {
  readonly username?: string;
  /** Out of the variable that `passwordVariable` names. */
  readonly password?: string;
  readonly passwordFile?: string;
  readonly sshKeyFile?: string;
  readonly knownHostsFile?: string;
}

interface DiskConfig {
  /** Absent: the engine's data folder. */
  readonly path?: string;
  readonly limits: DiskLimits;
}

interface BalancerConfig {
  readonly enabled: 'auto' | boolean;
  readonly image: string;
  /** 0: off. */
  readonly http: number;
  /** Kept for TLS; 0: off. */
  readonly https: number;
  /** Absent: chosen by the runtime. */
  readonly network?: 'host' | 'bridge';
  readonly bind: string;
  /** Whether requests are logged. */
  readonly accessLog: boolean;
}

export type LoadedConfig = { readonly config: Config } | { readonly problems: readonly Problem[] };

export interface ConfigSources {
  /** Values of flags by their option name, as commander gives them (`repositoryUrl`, see `settings`); others are passed over. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The file; default: `FAIRLEAD_CONFIG`, then fairlead.yaml in `cwd` where there is one. */
  readonly file?: string;
  readonly cwd?: string;
}

/** Variables that are not settings: the identity of a container in which Fairlead may itself run, and the config's place. */
const OTHER_VARIABLES = ['FAIRLEAD_SERVICE', 'FAIRLEAD_VERSION', 'FAIRLEAD_INSTANCE', 'FAIRLEAD_CONFIG'];
const EMPTY: Document = {
  file: 'the configuration',
  value: {},
  locate: () => ({ file: 'the configuration', line: 1, column: 1 }),
  written: () => undefined,
};

/** Flags win over `FAIRLEAD_...` variables, those over the file. Nothing unknown is passed over. */
export function loadConfig({
  flags = {},
  env = process.env,
  file,
  cwd = process.cwd(),
}: ConfigSources = {}): LoadedConfig {
  const read = readFile(file ?? env['FAIRLEAD_CONFIG'], cwd);
  if ('problems' in read) return read;
  const reading = new Reading(overlaid(read.document, [...fromEnvironment(env), ...fromFlags(flags)]));
  const { value } = reading.document;
  const isClusterNamed = textField(value, 'cluster') !== undefined;
  explain(reading, validate('config', value), 'config', CONFIG);
  const fields = value as ConfigDocument;
  if (reading.problems.length === 0) refuseUnknownVariables(reading, env, fields);
  if (reading.problems.length > 0) return { problems: reading.problems };
  const config = { ...configOf(reading, fields, env), isClusterNamed };
  return reading.problems.length > 0 ? { problems: reading.problems } : { config };
}

function readFile(
  file: string | undefined,
  cwd: string,
): { readonly document: Document } | { readonly problems: readonly Problem[] } {
  const found = path.resolve(cwd, file ?? 'fairlead.yaml');
  if (!existsSync(found))
    return file === undefined ? { document: EMPTY } : { problems: [fileProblem(file, 'is not there')] };
  const name = file ?? 'fairlead.yaml';
  const { documents, problems } = parseDocuments({ path: name, text: readFileSync(found, 'utf8') });
  if (problems.length > 0) return { problems };
  const [document = EMPTY, second] = documents;
  const isMap = typeof document.value === 'object' && !Array.isArray(document.value);
  if (second === undefined && isMap) return { document };
  return { problems: [fileProblem(name, 'must hold one map of fields, as docs/config.md shows')] };
}

function fileProblem(file: string, what: string): Problem {
  return {
    layer: 'validation',
    reason: 'schema',
    message: `The configuration ${file} ${what}.`,
    file,
    line: 1,
    column: 1,
  };
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Given[] {
  return settings().flatMap(({ path, variable }) => {
    const text = env[variable];
    return text === undefined ? [] : [{ path, text, origin: variable }];
  });
}

function fromFlags(flags: Readonly<Record<string, unknown>>): Given[] {
  return settings().flatMap(({ path, option, flag }) => {
    const value = flags[option];
    return typeof value === 'string' ? [{ path, text: value, origin: flag }] : [];
  });
}

function refuseUnknownVariables(
  reading: Reading,
  env: Readonly<Record<string, string | undefined>>,
  { repository }: ConfigDocument,
): void {
  const known = settings().map(({ variable }) => variable);
  const allowed = new Set([...known, ...OTHER_VARIABLES, repository?.credentials.passwordVariable]);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('FAIRLEAD_') || allowed.has(name)) continue;
    const meant = nearest(name, known);
    const advice = meant === undefined ? 'docs/config.md has the list.' : `Did you mean ${meant}?`;
    const message = `The environment variable ${name} is not a setting. ${advice}`;
    reading.problems.push({ layer: 'validation', reason: 'schema', message, file: name, line: 1, column: 1 });
  }
}

function configOf(
  reading: Reading,
  fields: ConfigDocument,
  env: Readonly<Record<string, string | undefined>>,
): Omit<Config, 'isClusterNamed'> {
  return present<Omit<Config, 'isClusterNamed'>>({
    isFromFile: reading.document.file !== EMPTY.file,
    cluster: fields.cluster,
    repository: fields.repository === undefined ? undefined : repositoryOf(reading, fields.repository, env),
    runtime: fields.runtime,
    docker: dockerConfig(fields.docker.host, env),
    node: { capabilities: sorted(fields.node.capabilities) },
    balancer: present<BalancerConfig>({ ...fields.balancer, network: fields.balancer.network }),
    status: { branch: fields.status.branch ?? `fairlead/${fields.cluster}`, enabled: fields.status.enabled },
    stateDir: fields.stateDir ?? defaultStateDir(env),
    prune: fields.prune,
    logs: { ...fields.logs, maxSize: bytes(fields.logs.maxSize) },
    images: { ...fields.images, keep: duration(reading, ['images', 'keep'], fields.images.keep) },
    disk: diskOf(reading, fields.disk),
    policy: policyOf(reading, fields.policy),
  });
}

function repositoryOf(
  reading: Reading,
  fields: NonNullable<ConfigDocument['repository']>,
  env: Readonly<Record<string, string | undefined>>,
): RepositoryConfig {
  if (fields.url === undefined)
    reading.complain(['repository'], '`repository.url` is missing; it says what is followed.');
  return {
    url: fields.url ?? '',
    branch: fields.branch,
    path: fields.path,
    interval: duration(reading, ['repository', 'interval'], fields.interval),
    credentials: credentialsOf(reading, fields.credentials, env),
    allowFile: fields.allowFile,
  };
}

function credentialsOf(
  reading: Reading,
  fields: NonNullable<ConfigDocument['repository']>['credentials'],
  env: Readonly<Record<string, string | undefined>>,
): CredentialsConfig {
  const { passwordVariable, ...kept } = fields;
  if (passwordVariable === undefined) return kept;
  const path = ['repository', 'credentials', 'passwordVariable'];
  if (fields.passwordFile !== undefined) {
    reading.complain(path, 'The password comes from `passwordFile` or from `passwordVariable`; keep one of them.');
  }
  const password = env[passwordVariable];
  if (password === undefined || password === '') {
    reading.complain(path, `The environment variable ${passwordVariable}, which should hold the password, is not set.`);
  }
  return { ...kept, password: password ?? '' };
}

function diskOf(reading: Reading, fields: ConfigDocument['disk']): DiskConfig {
  const { path, ...limits } = fields;
  if (fields.warnAbove > fields.refuseAbove)
    reading.complain(['disk', 'warnAbove'], '`disk.warnAbove` must not be above `disk.refuseAbove`.');
  return { limits, ...(path !== undefined && { path }) };
}

function policyOf(reading: Reading, fields: ConfigDocument['policy']): Policy {
  const [from = '', to = from] = String(fields.hostPorts).split('-');
  const range = { from: Number(from), to: Number(to) };
  if (range.from > range.to || range.from < 1 || range.to > 65535) {
    reading.complain(
      ['policy', 'hostPorts'],
      '`policy.hostPorts` must be a range within 1-65535, the lower port first.',
    );
  }
  return { ...fields, capabilities: sorted(fields.capabilities.map(capability)), hostPorts: range };
}

function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return '/var/lib/fairlead';
  return path.join(env['XDG_STATE_HOME'] || path.join(env['HOME'] ?? '/', '.local/state'), 'fairlead');
}
