import { randomBytes, randomInt } from 'node:crypto';
import type { ContainerHost, HostedContainer, HostedContainerSpec } from '../core/container-host.ts';
import type { PortRange } from '../core/model.ts';
import { FILES, type ConfigSettings, type Control } from './settings.ts';
import { digest } from './names.ts';

export interface BalancerSettings {
  readonly image: string;
  /** Port on the host; 0 turns http off. */
  readonly http: number;
  /** Port on the host for requests by TLS; 0 turns them off. */
  readonly https: number;
  /** Ports of the host for routes that take connections; absent: none. */
  readonly tcp?: PortRange;
  readonly bind: string;
  readonly network: 'host' | 'bridge';
  /** Milliseconds that a worker may live on after a reload at least, where connections keep it. */
  readonly hardStopAfter: number;
  readonly accessLog: boolean;
}

export interface BalancerIdentity {
  readonly cluster: string;
  readonly settings: BalancerSettings;
  /** What marks the container as ours. */
  readonly labels: Readonly<Record<string, string>>;
  /** Networks to reach the members by, as manifests name them, where it is not on the host's own. */
  readonly networks: readonly string[];
}

const VOLUME = '/var/lib/fairlead';
const SPEC_LABEL = 'io.fairlead.spec';
/** haproxy's own user in the official images; any will do that is not root. */
const UNPRIVILEGED = 99;
const BRIDGE_PORTS = { http: 8080, https: 8443 };
/** Open files; an engine that may not give the first gives the second. */
const NOFILE = [65_536, 16_384];
/** For a master that runs as root: to bind, to become `UNPRIVILEGED`, to tell its workers. */
const CAPABILITIES = ['NET_BIND_SERVICE', 'SETUID', 'SETGID', 'KILL'];

export function containerName(cluster: string): string {
  return `fairlead-${cluster}-balancer`;
}

/** Where its files are. A balancer on the host's network is root, one on a bridge is not: they do not share. */
export function directoryOf(identity: BalancerIdentity): string {
  return `${VOLUME}/${identity.settings.network}`;
}

/** Named for the settings, so that a container made from others never starts with a config that is not meant for it. */
export function configFile(identity: BalancerIdentity): string {
  return `haproxy-${digest(fingerprint(identity), 8)}.cfg`;
}

/** On the host's network other ports need no other container. */
function fingerprint({ settings: { image, http, https, tcp, bind, network }, networks }: BalancerIdentity): string {
  const all = { image, http, bind, network, networks: network === 'host' ? [] : [...networks].sort() };
  return JSON.stringify(network === 'host' ? all : { ...all, https, ...(tcp && { tcp }) });
}

/** Tells what a container was made from. */
export function settingsLabel(identity: BalancerIdentity): Readonly<Record<string, string>> {
  return { [SPEC_LABEL]: fingerprint(identity) };
}

/** Whether the container was made from other settings. */
export function isOutdated(identity: BalancerIdentity, container: HostedContainer): boolean {
  return container.labels[SPEC_LABEL] !== fingerprint(identity);
}

export function configSettings(identity: BalancerIdentity, control: Control): Omit<ConfigSettings, 'admission'> {
  const { http, https, tcp, bind, network, hardStopAfter, accessLog } = identity.settings;
  const address = network === 'host' ? bind : '0.0.0.0';
  const portOf = (scheme: 'http' | 'https') =>
    network === 'host' ? identity.settings[scheme] : bridgePort(identity.settings, scheme);
  return {
    directory: directoryOf(identity),
    hardStopAfter,
    control,
    accessLog,
    ...(http === 0 ? {} : { http: { address, port: portOf('http'), shown: http } }),
    ...(https === 0 ? {} : { https: { address, port: portOf('https'), shown: https } }),
    ...(tcp && { tcp: { address, ...tcp } }),
    ...(network === 'host' ? { workerId: UNPRIVILEGED } : {}),
  };
}

/** Where requests are taken on a bridge: ports for connections are there what they are on the host. */
function bridgePort({ tcp }: BalancerSettings, scheme: 'http' | 'https'): number {
  const usual = BRIDGE_PORTS[scheme];
  if (tcp === undefined || usual < tcp.from || usual > tcp.to) return usual;
  return scheme === 'http' ? tcp.to + 1 : tcp.to + 2;
}

/** The running container, made or started where it must be; HAProxy starts in it once its config is there. */
export async function ensureContainer(host: ContainerHost, identity: BalancerIdentity): Promise<HostedContainer> {
  const found = await host.find(containerName(identity.cluster));
  if (found !== undefined && !isOutdated(identity, found)) {
    if (!found.running) await host.start(found.id);
    return found;
  }
  // Not stopped before: it would wait for its clients, and let no new ones in meanwhile.
  if (found !== undefined) await host.remove(found.id);
  return create(host, identity);
}

async function create(host: ContainerHost, identity: BalancerIdentity): Promise<HostedContainer> {
  const [most, fewer = 0] = NOFILE;
  try {
    return await host.create(specOf(identity, most ?? fewer));
  } catch (error) {
    if (!(error instanceof Error) || !/rlimit/i.test(error.message)) throw error;
    const halfMade = await host.find(containerName(identity.cluster));
    if (halfMade !== undefined) await host.remove(halfMade.id);
    return host.create(specOf(identity, fewer));
  }
}

function specOf(identity: BalancerIdentity, nofile: number): HostedContainerSpec {
  const { cluster, settings, labels, networks } = identity;
  const onHost = settings.network === 'host';
  const requests = (['http', 'https'] as const)
    .filter((scheme) => settings[scheme] !== 0)
    .map((scheme) => ({ hostPort: settings[scheme], port: bridgePort(settings, scheme) }));
  // All of them now: a listener that comes later makes no other container.
  const publish = [...requests, ...tcpPorts(settings.tcp)].map((each) => ({ ...each, address: settings.bind }));
  return {
    name: containerName(cluster),
    image: settings.image,
    command: [
      'sh',
      '-c',
      startScript(`${directoryOf(identity)}/${configFile(identity)}`, `${directoryOf(identity)}/${FILES.socket}`),
    ],
    user: onHost ? '0:0' : `${UNPRIVILEGED}:${UNPRIVILEGED}`,
    labels: { ...labels, ...settingsLabel(identity) },
    volume: { name: containerName(cluster), target: VOLUME },
    network: onHost ? 'host' : { networks, publish },
    capabilities: onHost ? CAPABILITIES : [],
    readOnly: true,
    nofile,
  };
}

function tcpPorts(range: PortRange | undefined): readonly { readonly hostPort: number; readonly port: number }[] {
  if (range === undefined) return [];
  const count = range.to - range.from + 1;
  return Array.from({ length: count }, (_, index) => ({ hostPort: range.from + index, port: range.from + index }));
}

/** The socket is open to the workers, which are another user; nobody else has the volume. */
function startScript(config: string, socket: string): string {
  const wait = `until [ -f ${config} ]; do sleep 0.1 2>/dev/null || sleep 1; done`;
  return `${wait}; exec haproxy -W -db -S ${socket},mode,666 -f ${config}`;
}

/** Chooses where and by which secret we will be let in, and leaves it in the volume. */
export async function uploadControl(host: ContainerHost, container: string, identity: BalancerIdentity): Promise<void> {
  const bytes = randomBytes(19);
  const [one = 0, two = 0, three = 0] = bytes;
  const secret = bytes.subarray(3).toString('hex').match(/.{4}/g)?.join(':') ?? '';
  // All of 127.0.0.0/8 is loopback: a random address meets no other balancer, not even with the host's network.
  const content = `127.${one}.${two}.${Math.max(1, Math.min(three, 254))} ${randomInt(20_000, 30_000)} ${secret}\n`;
  const onHost = identity.settings.network === 'host';
  const owner = { uid: onHost ? 0 : UNPRIVILEGED };
  const path = directoryOf(identity).slice(VOLUME.length + 1);
  await host.upload(container, VOLUME, [
    { path: `${path}/`, content: '', mode: onHost ? 0o711 : 0o700, ...owner },
    { path: `${path}/${FILES.control}`, content, mode: 0o600, ...owner },
  ]);
}

export function readControl(content: string): Control {
  const [address = '', port = '', secret = ''] = content.trim().split(' ');
  return { address, port: Number(port), secret };
}
