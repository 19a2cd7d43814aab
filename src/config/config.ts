import path from 'node:path';
import type { DiskLimits } from '../core/disk.ts';
import type { ImagePolicy } from '../core/housekeeping/images.ts';
import type { Policy, PortRange, PruneBudget } from '../core/model.ts';
import type { LogLimits } from '../docker/log-rotation.ts';
import { cidrs } from '../manifest/cidr.ts';
import { duration } from '../manifest/duration.ts';
import type { Reading } from '../manifest/reading.ts';
import type { ConfigDocument } from '../manifest/schema.generated.ts';
import { bytes, capability, present, sorted } from '../manifest/values.ts';
import { dockerConfig, type DockerConfig } from './docker.ts';

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
  /** 0: off. */
  readonly https: number;
  /** Folder of the host; absent: there is none. */
  readonly certificates?: string;
  readonly acme: { readonly directory: string; readonly caFile?: string };
  /** Ports of the host that connections may be taken on; absent: none. */
  readonly tcp?: PortRange;
  /** Absent: chosen by the runtime. */
  readonly network?: 'host' | 'bridge';
  readonly bind: string;
  /** Whether requests are logged. */
  readonly accessLog: boolean;
}

/** How it was given: that is known to whoever has read it. */
type Origin = 'isFromFile' | 'isClusterNamed';

export function configOf(
  reading: Reading,
  fields: ConfigDocument,
  env: Readonly<Record<string, string | undefined>>,
): Omit<Config, Origin> {
  return present<Omit<Config, Origin>>({
    cluster: fields.cluster,
    repository: fields.repository === undefined ? undefined : repositoryOf(reading, fields.repository, env),
    runtime: fields.runtime,
    docker: dockerConfig(fields.docker.host, env),
    node: { capabilities: sorted(fields.node.capabilities) },
    balancer: balancerOf(reading, fields.balancer),
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
  const hostPorts = portRange(reading, ['policy', 'hostPorts'], fields.hostPorts);
  const externalIPs = sorted(cidrs(reading, ['policy', 'externalIPs'], fields.externalIPs));
  return { ...fields, capabilities: sorted(fields.capabilities.map(capability)), hostPorts, externalIPs };
}

/** `9000-9019`, or one port. */
function portRange(reading: Reading, path: readonly string[], text: string | number): PortRange {
  const [from = '', to = from] = String(text).split('-');
  const range = { from: Number(from), to: Number(to) };
  if (range.from > range.to || range.from < 1 || range.to > 65535)
    reading.complain(path, `\`${path.join('.')}\` must be a range within 1-65535, the lower port first.`);
  return range;
}

const USUAL_HTTPS = 443;
/** Each published port costs the engine a process. */
const MOST_PUBLISHED = 32;

function balancerOf(reading: Reading, { tcp, ...fields }: ConfigDocument['balancer']): BalancerConfig {
  const range = tcp === undefined ? undefined : portRange(reading, ['balancer', 'tcp'], tcp);
  if (range !== undefined && fields.network === 'bridge' && range.to - range.from >= MOST_PUBLISHED)
    reading.complain(['balancer', 'tcp'], `On a bridge \`balancer.tcp\` may have at most ${MOST_PUBLISHED} ports.`);
  const isOfRange = (port: number) => range !== undefined && port >= range.from && port <= range.to;
  const isUsual = fields.network !== 'bridge' && fields.http !== USUAL_HTTPS && !isOfRange(USUAL_HTTPS);
  const ports = { http: fields.http, https: fields.https ?? (isUsual ? USUAL_HTTPS : 0) };
  for (const [name, port] of Object.entries(ports))
    if (isOfRange(port))
      reading.complain(['balancer', 'tcp'], `\`balancer.tcp\` must not have the port of \`balancer.${name}\` in it.`);
  if (ports.https !== 0 && ports.https === ports.http)
    reading.complain(['balancer', 'https'], '`balancer.https` must be another port than `balancer.http`.');
  return present<BalancerConfig>({ ...fields, ...ports, tcp: range });
}

function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return '/var/lib/fairlead';
  return path.join(env['XDG_STATE_HOME'] || path.join(env['HOME'] ?? '/', '.local/state'), 'fairlead');
}
