import isEqual from 'fast-deep-equal';
import type { LoadBalancer } from '../core/load-balancer.ts';
import type { Job, Manifest, Service } from '../core/model.ts';
import { placesOf } from '../core/routing.ts';
import { nearest } from './names.ts';
import { checkOrder } from './order-check.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';

/** A document that was understood. */
export interface ReadManifest {
  readonly reading: Reading;
  readonly manifest: Manifest;
}

export interface Entry<M extends Manifest> {
  readonly reading: Reading;
  readonly manifest: M;
}

export interface Surroundings {
  /** Names in documents that were not understood: they are there, but nothing more is known of them. */
  readonly broken: ReadonlySet<string>;
  /** Whether every file could be parsed, so that what is not among the documents is not there. */
  readonly isComplete: boolean;
  /** Host ports that are the load balancer's, whether a manifest of today needs one or not. */
  readonly balancerPorts: readonly BalancerPort[];
}

/** A port of the host that the balancer has, and the setting that gives it to it. */
export interface BalancerPort {
  readonly port: number;
  readonly setting: 'balancer.http' | 'balancer.https' | 'balancer.tcp';
}

/** Comparing names costs time, and a repository with this many dangling references has another problem. */
const MAX_SUGGESTIONS = 20;

/** Checks what no manifest can show by itself: names, routes, references and host ports over the whole set. */
export function crossCheck(read: readonly ReadManifest[], around: Surroundings): void {
  const services = read.filter((entry): entry is Entry<Service> => entry.manifest.kind === 'Service');
  const balancers = read.filter((entry): entry is Entry<LoadBalancer> => entry.manifest.kind === 'LoadBalancer');
  const jobs = read.filter((entry): entry is Entry<Job> => entry.manifest.kind === 'Job');
  checkNames(read);
  checkHostnames(services, [...services, ...jobs]);
  checkRoutes(services, balancers);
  checkCertificates(balancers);
  checkReferences(services, balancers, around);
  checkPreviews(services, balancers, around);
  checkOrder([...services, ...jobs], around);
  checkHostPorts(services, balancers, around.balancerPorts);
}

function checkNames(read: readonly ReadManifest[]): void {
  const first = new Map<string, Manifest>();
  for (const { reading, manifest } of read) {
    const key = `${manifest.kind === 'LoadBalancer' ? 'route' : 'container'} ${manifest.name}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, manifest);
    else reading.complain(['name'], sameName(manifest, other), { reason: 'duplicate-name' });
  }
}

/** Containers are called by the name of their service or job alone. */
function sameName({ kind, name }: Manifest, other: Manifest): string {
  if (kind === other.kind) return `There are two of \`${kind} ${name}\`; the other is in ${placeOf(other)}.`;
  return `\`${name}\` is the name of ${nameOf(other)} too (${placeOf(other)}); a job and a service cannot have one name.`;
}

/** Docker resolves a container's host name too: whoever asks for the service would get that container, ready or not. */
function checkHostnames(services: readonly Entry<Service>[], all: readonly Entry<Service | Job>[]): void {
  const byName = new Map(services.map(({ manifest }) => [manifest.name, manifest]));
  for (const { reading, manifest } of all) {
    const owner = byName.get(manifest.container.hostname?.toLowerCase() ?? '');
    if (owner === undefined) continue;
    const whose = owner === manifest ? 'the service itself' : `${nameOf(owner)} (${placeOf(owner)})`;
    const message = `\`${owner.name}\` is the name of ${whose}, which has to lead to its ready instances only; choose another \`hostname\`, or leave it out.`;
    reading.complain(['hostname'], message);
  }
}

interface Claim {
  readonly reading: Reading;
  readonly manifest: Manifest;
  readonly path: Path;
  /** Host name with path, or port. */
  readonly place: string;
}

function checkRoutes(services: readonly Entry<Service>[], balancers: readonly Entry<LoadBalancer>[]): void {
  const first = new Map<string, Claim>();
  for (const claim of [
    ...balancers.flatMap(claims),
    ...services.flatMap((service) => previewClaims(service, balancers)),
  ]) {
    const { place } = claim;
    const other = first.get(place);
    if (other === undefined) first.set(place, claim);
    else {
      const message = `${place} is claimed by ${nameOf(other.manifest)} too (${placeOf(other.manifest)}); ${claim.path[0] === 'listen' ? 'a port leads' : 'a host name and path lead'} to one place only.`;
      claim.reading.complain(claim.path, message, { reason: 'duplicate-route' });
    }
  }
}

function claims({ reading, manifest }: Entry<LoadBalancer>): Claim[] {
  if (!manifest.enabled) return [];
  if (manifest.listen !== undefined)
    return placesOf(manifest).map((place) => ({ reading, manifest, path: ['listen'], place }));
  const written = (reading.document.value as { hostnames: string[] }).hostnames;
  return manifest.hostnames.map((hostname) => {
    const index = written.findIndex((name) => name.toLowerCase() === hostname);
    return { reading, manifest, path: ['hostnames', index], place: `${hostname}${manifest.path}` };
  });
}

function previewClaims({ reading, manifest }: Entry<Service>, balancers: readonly Entry<LoadBalancer>[]): Claim[] {
  const { preview } = manifest.update;
  if (preview === undefined || !manifest.enabled) return [];
  return balancers
    .filter((entry) => entry.manifest.enabled && isPreviewedBy(entry.manifest, manifest))
    .map((entry) => ({ reading, manifest, path: ['update', 'preview'], place: `${preview}${entry.manifest.path}` }));
}

/** Which certificate a client gets is decided by the host name alone, before it asks for a path. */
function checkCertificates(balancers: readonly Entry<LoadBalancer>[]): void {
  const first = new Map<string, LoadBalancer>();
  for (const { reading, manifest } of balancers) {
    if (!manifest.enabled || manifest.tls === undefined) continue;
    const others = manifest.hostnames.map((hostname) => [hostname, first.get(hostname)] as const);
    const clash = others.find(([, other]) => other !== undefined && !isEqual(other.tls, manifest.tls));
    for (const hostname of manifest.hostnames) if (!first.has(hostname)) first.set(hostname, manifest);
    if (clash?.[1] === undefined) continue;
    const message = `${clash[0]} has another certificate in ${nameOf(clash[1])} (${placeOf(clash[1])}); a host name has one only.`;
    reading.complain(['tls'], message, { reason: 'duplicate-route' });
  }
}

interface Reference {
  readonly entry: Entry<LoadBalancer>;
  readonly service: string;
  readonly path: Path;
}

function checkReferences(
  services: readonly Entry<Service>[],
  balancers: readonly Entry<LoadBalancer>[],
  around: Surroundings,
): void {
  const byName = new Map(services.map(({ manifest }) => [manifest.name, manifest]));
  const dangling: Reference[] = [];
  for (const reference of balancers.flatMap(references)) {
    const { entry, service } = reference;
    const target = byName.get(service);
    if (target !== undefined) checkPort(entry.reading, entry.manifest, target);
    else if (around.isComplete && !around.broken.has(service)) dangling.push(reference);
  }
  const names = [...byName.keys(), ...around.broken];
  for (const [index, { entry, service, path }] of dangling.entries()) {
    const meant = index < MAX_SUGGESTIONS ? nearest(service, names) : undefined;
    const advice = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
    entry.reading.complain(path, `There is no service \`${service}\`.${advice}`, { reason: 'unknown-service' });
  }
}

function references(entry: Entry<LoadBalancer>): Reference[] {
  const { backends } = entry.reading.document.value as { backends?: readonly { service: string }[] };
  if (backends === undefined)
    return entry.manifest.backends.map(({ service }) => ({ entry, service, path: ['service'] }));
  return backends.map(({ service }, index) => ({ entry, service, path: ['backends', index, 'service'] }));
}

/** Only where a service has requests for itself its other set can have a host name. */
function isPreviewedBy({ listen, backends }: LoadBalancer, { name }: Service): boolean {
  return listen === undefined && backends.length === 1 && backends[0]?.service === name;
}

function checkPort(reading: Reading, { port, healthCheck }: LoadBalancer, target: Service): void {
  const declared = target.container.ports.filter((each) => each.protocol === 'tcp').map((each) => each.port);
  const known = declared.length === 0 ? 'it declares none' : `it declares ${declared.join(', ')}`;
  const asked =
    healthCheck === undefined || healthCheck.port === port
      ? []
      : [{ path: ['healthCheck', 'port'], at: healthCheck.port }];
  for (const { path, at } of [{ path: ['port'], at: port }, ...asked]) {
    if (declared.includes(at)) continue;
    const message = `Port ${at} is not a tcp port of the service \`${target.name}\` (${known}); add it to its \`ports\`.`;
    reading.complain(path, message, { reason: 'port-not-declared' });
  }
}

function checkPreviews(
  services: readonly Entry<Service>[],
  balancers: readonly Entry<LoadBalancer>[],
  around: Surroundings,
): void {
  if (!around.isComplete || around.broken.size > 0) return;
  for (const { reading, manifest } of services) {
    if (manifest.update.preview === undefined || manifest.update.strategy !== 'green-blue') continue;
    if (balancers.some((entry) => isPreviewedBy(entry.manifest, manifest))) continue;
    const message = `\`update.preview\` needs a LoadBalancer that leads requests to \`${manifest.name}\` alone; there is none.`;
    reading.complain(['update', 'preview'], message);
  }
}

function checkHostPorts(
  services: readonly Entry<Service>[],
  balancers: readonly Entry<LoadBalancer>[],
  balancerPorts: readonly BalancerPort[],
): void {
  const taken = new Map(
    balancerPorts.map(({ port, setting }) => [`${port}/tcp`, `the load balancer (\`${setting}\`)`]),
  );
  const ofRequests = new Map(
    balancerPorts.filter(({ setting }) => setting !== 'balancer.tcp').map(({ port, setting }) => [port, setting]),
  );
  for (const { reading, manifest } of balancers) {
    if (!manifest.enabled || manifest.listen === undefined) continue;
    const key = `${manifest.listen}/tcp`;
    const setting = ofRequests.get(manifest.listen);
    if (setting !== undefined)
      reading.complain(['listen'], `Host port ${key} is taken by requests (\`${setting}\`); choose another one.`, {
        reason: 'host-port-conflict',
      });
    else taken.set(key, `${nameOf(manifest)} (${placeOf(manifest)})`);
  }
  for (const { reading, manifest } of services) {
    if (!manifest.enabled || manifest.instances === 0) continue;
    for (const port of manifest.container.ports) {
      if (port.hostPort === undefined) continue;
      const key = `${port.hostPort}/${port.protocol}`;
      const other = taken.get(key);
      taken.set(key, other ?? `${nameOf(manifest)} (${placeOf(manifest)})`);
      if (other === undefined) continue;
      reading.complain(reading.pathOf(port), `Host port ${key} is taken by ${other} too; change one of them.`, {
        reason: 'host-port-conflict',
      });
    }
  }
}

function nameOf(manifest: Manifest): string {
  return `${manifest.kind} \`${manifest.name}\``;
}

function placeOf({ source }: Manifest): string {
  return `${source.file}:${source.line}`;
}
