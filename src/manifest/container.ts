import { isIP } from 'node:net';
import { versionOf } from '../core/image.ts';
import type { ContainerSpec, Device, HealthCheck, Mount, MountedFile, Port, Ulimit } from '../core/model.ts';
import { duration } from './duration.ts';
import { environment } from './environment.ts';
import type { Folder } from './folder.ts';
import { pairs } from './pairs.ts';
import type { Pair } from './pairs.ts';
import type { Path } from './path.ts';
import { sortedPorts } from './ports.ts';
import type { Reading } from './reading.ts';
import { bytes, capability, cleaned, list, present, shellWords, sorted, sortedMap } from './values.ts';
import type { WorkloadDocument } from './workload.ts';

/** Parameters of namespaces that a container has to itself; Docker takes no others. */
const SYSCTL = /^(?:net\.|kernel\.(?:msg|sem$|shm)|fs\.mqueue\.)/;

/** The fields that make a container what it is, in the one form that equal meaning has. */
export function containerSpec(
  reading: Reading,
  service: WorkloadDocument,
  parts: {
    readonly ports: readonly Port[];
    readonly check: HealthCheck | undefined;
    readonly mounts: readonly Mount[];
    readonly files: readonly MountedFile[];
    readonly folder: Folder;
  },
): ContainerSpec {
  return present<ContainerSpec>({
    image: service.image,
    version: version(reading, service),
    entrypoint: words(reading, 'entrypoint', service.entrypoint),
    command: words(reading, 'command', service.command),
    workingDir: service.workingDir === undefined ? undefined : cleaned(service.workingDir),
    user: service.user === undefined ? undefined : String(service.user),
    hostname: service.hostname,
    environment: environment(reading, service, parts.folder),
    contextRoot: service.contextRoot,
    labels: labels(reading, service),
    ports: sortedPorts(parts.ports),
    mounts: parts.mounts,
    files: parts.files.length === 0 ? undefined : parts.files,
    networks: service.networks.length === 0 ? ['default'] : sorted(service.networks),
    extraHosts: extraHosts(reading, service.extraHosts),
    dns: dns(reading, service.dns),
    capAdd: sorted(service.capAdd.map(capability)),
    capDrop: sorted(service.capDrop.map(capability)),
    devices: devices(reading, service),
    gpus: service.gpus === 'all' ? 'all' : (service.gpus as number | undefined),
    ulimits: ulimits(reading, service.ulimits),
    sysctls: sysctls(reading, service),
    securityOpt: sorted(service.securityOpt.map((option) => option.replace(/^([a-z-]+)=/, '$1:'))),
    privileged: service.privileged,
    readOnly: service.readOnly,
    init: service.init,
    shmSize: service.shmSize === undefined ? undefined : bytes(service.shmSize),
    stopSignal: service.stopSignal?.replace(/^(?!SIG)/, 'SIG'),
    stopGracePeriod:
      service.stopGracePeriod === undefined
        ? undefined
        : duration(reading, ['stopGracePeriod'], service.stopGracePeriod),
    healthCommand: healthCommand(parts.check),
  });
}

function version(reading: Reading, service: WorkloadDocument): string {
  if (service.version === undefined) return versionOf(service.image);
  return typeof service.version === 'string'
    ? service.version
    : (reading.document.written(['version']) ?? String(service.version));
}

/** An empty command is the same as none: the image's own. */
function words(
  reading: Reading,
  field: string,
  value: string | readonly string[] | undefined,
): readonly string[] | undefined {
  const split = typeof value === 'string' ? shellWords(value) : (value ?? []);
  if (split === undefined)
    reading.complain([field], `A quote is left open in \`${field}\`; close it, or write a list of words.`);
  return split === undefined || split.length === 0 ? undefined : split;
}

function labels(reading: Reading, service: WorkloadDocument): Record<string, string> {
  const found = pairs(reading, 'labels', service.labels);
  for (const { key, path } of found) {
    if (!key.startsWith('io.fairlead.')) continue;
    reading.complain(path, `\`${key}\` is not a label to set: io.fairlead.* is Fairlead's own.`, { part: 'key' });
  }
  return sortedMap(found.map(entry));
}

function sysctls(reading: Reading, service: WorkloadDocument): Record<string, string> {
  const found = pairs(reading, 'sysctls', service.sysctls);
  for (const { key, path } of found) {
    if (SYSCTL.test(key)) continue;
    const message = `\`${key}\` belongs to the whole host; a container has net.*, kernel.msg*, kernel.sem, kernel.shm* and fs.mqueue.* of its own.`;
    reading.complain(path, message, { part: 'key' });
  }
  return sortedMap(found.map(entry));
}

function entry({ key, value }: Pair): [string, string] {
  return [key, value];
}

/** `name:address` and `name=address` split at the first of the two, so that IPv6 addresses stay whole. */
function extraHosts(reading: Reading, value: WorkloadDocument['extraHosts']): Record<string, string> {
  const assignments = Array.isArray(value) ? value.map((line) => line.replace(/[:=]/, '=')) : value;
  const found = pairs(reading, 'extraHosts', assignments);
  for (const { value: address, path } of found) {
    if (address !== 'host-gateway') complainUnlessIp(reading, path, address);
  }
  return sortedMap(found.map(entry));
}

function dns(reading: Reading, value: string | readonly string[]): readonly string[] {
  const servers = list(value);
  for (const [index, server] of servers.entries()) {
    complainUnlessIp(reading, typeof value === 'string' ? ['dns'] : ['dns', index], server);
  }
  return servers;
}

function complainUnlessIp(reading: Reading, path: Path, address: string): void {
  if (isIP(address) === 0) reading.complain(path, `\`${address}\` is not an IP address.`);
}

function devices(reading: Reading, service: WorkloadDocument): Device[] {
  const found = service.devices.map((device, index) =>
    reading.written(deviceOf(typeof device === 'string' ? deviceFields(device) : device), ['devices', index]),
  );
  for (const [index, { target }] of found.entries()) {
    const isRepeated = found.findIndex((other) => other.target === target) < index;
    if (isRepeated) reading.complain(['devices', index], `Two devices have the target ${target}; keep one of them.`);
  }
  return found.sort((a, b) => (a.target < b.target ? -1 : 1));
}

type DeviceFields = Exclude<WorkloadDocument['devices'][number], string>;

/** `/dev/a`, `/dev/a:/dev/b`, `/dev/a:rw` or `/dev/a:/dev/b:rw`. */
function deviceFields(text: string): DeviceFields {
  const [source = '', ...rest] = text.split(':');
  const target = rest.find((part) => part.startsWith('/')) ?? source;
  return { source, target, permissions: rest.find((part) => !part.startsWith('/')) ?? 'rwm' };
}

function deviceOf({ source, target = source, permissions: letters }: DeviceFields): Device {
  return { source: cleaned(source), target: cleaned(target), permissions: permissions(letters) };
}

function permissions(letters: string): string {
  return ['r', 'w', 'm'].filter((letter) => letters.includes(letter)).join('');
}

function ulimits(reading: Reading, value: WorkloadDocument['ulimits']): Ulimit[] {
  return Object.entries(value)
    .map(([name, limit]) => {
      const { soft, hard } = typeof limit === 'number' ? { soft: limit, hard: limit } : limit;
      const isInverted = hard !== -1 && (soft === -1 || soft > hard);
      if (isInverted) reading.complain(['ulimits', name], `\`ulimits.${name}\` has a soft limit above its hard one.`);
      return { name, soft, hard };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function healthCommand(check: HealthCheck | undefined): ContainerSpec['healthCommand'] {
  if (check?.command === undefined) return undefined;
  const { command, interval, timeout, retries, startPeriod } = check;
  return { command, interval, timeout, retries, startPeriod };
}
