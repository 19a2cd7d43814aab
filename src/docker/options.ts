import type Docker from 'dockerode';
import { groupBy } from '../core/group.ts';
import { nanoOf, sharesOf } from '../core/resources.ts';
import type { ContainerSpec, Mount, Port, Resources } from '../core/model.ts';
import { volumeName } from '../core/mounts.ts';
import type { Instance } from '../core/observed.ts';
import type { SlotSpec } from '../core/ports.ts';
import { fileMounts } from './file-mounts.ts';
import type { InspectedHostConfig } from './inspected.ts';
import { LABEL, slotLabels } from './labels.ts';

export type SlotName = Pick<SlotSpec, 'service' | 'release' | 'slot'>;

/** Docker's name of a slot's container. */
export function containerName(cluster: string, slot: SlotName): string {
  return `${cluster}-${slot.service}-${slot.release}-${slot.slot}`;
}

/** Docker's name of one that is to be replaced: of all that says so nothing else can be changed while it runs. */
export function restartingName(cluster: string, slot: SlotName): string {
  return `${containerName(cluster, slot)}-restart`;
}

/** Docker's name of a run that was ended before its own end. */
export function stoppedName(cluster: string, slot: SlotName): string {
  return `${containerName(cluster, slot)}-stopped`;
}

/** What a container gets of its surroundings, beside what its manifest says. */
export interface Place {
  readonly cluster: string;
  /** Id of its first network. */
  readonly network: string;
  readonly address: string;
  /** The engine's folder for its files. */
  readonly files?: string | undefined;
  readonly log?: Docker.HostConfig['LogConfig'];
}

/** What Docker is asked for to make a slot's container. */
export function createOptions(slot: SlotSpec, at: Place): Docker.ContainerCreateOptions {
  return {
    name: containerName(at.cluster, slot),
    ...containerOptions(slot),
    Labels: { ...slot.container.labels, ...slotLabels(at.cluster, slot) },
    HostConfig: {
      ...hostOptions(slot.container, at.cluster, at.files),
      ...resourceOptions(slot.resources),
      RestartPolicy: slot.retries ? retryOptions(slot.retries) : restartOptions(slot.restart),
      NetworkMode: at.network,
      ...(at.log && { LogConfig: at.log }),
    },
    NetworkingConfig: { EndpointsConfig: { [at.network]: { IPAMConfig: { IPv4Address: at.address } } } },
  };
}

/** A container that never runs, in place of one that cannot be made. */
export function markOptions(slot: SlotSpec, cluster: string, error: string): Docker.ContainerCreateOptions {
  return {
    name: containerName(cluster, slot),
    Image: slot.imageId ?? slot.container.image,
    Cmd: ['-'],
    Labels: { ...slotLabels(cluster, slot), [LABEL.error]: error },
    HostConfig: { NetworkMode: 'none', RestartPolicy: restartOptions('no') },
  };
}

type Identity = Pick<SlotSpec, 'service' | 'slot' | 'container' | 'imageId'>;

/** The part of the options that an image has defaults for, without labels. */
export function containerOptions(slot: Identity): Docker.ContainerCreateOptions {
  const spec = slot.container;
  return {
    Image: slot.imageId ?? spec.image,
    Env: Object.entries(environmentOf(slot)).map(([name, value]) => `${name}=${value}`),
    // An empty string is Docker's sign for: not the image's entrypoint either.
    ...(spec.entrypoint === undefined
      ? {}
      : { Entrypoint: spec.entrypoint.length === 0 ? [''] : [...spec.entrypoint] }),
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    ...(spec.stopGracePeriod === undefined ? {} : { StopTimeout: Math.ceil(spec.stopGracePeriod / 1000) }),
    ...(spec.healthCommand === undefined ? {} : { Healthcheck: healthOptions(spec.healthCommand) }),
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [portKey(port), {}])),
  };
}

/**
 * The part of the options that no image has defaults for, without resources, restart policy and network. `files`: the
 * engine's folder for the container's files.
 */
export function hostOptions(spec: ContainerSpec, cluster: string, files?: string): Docker.HostConfig {
  return {
    PortBindings: portBindings(spec.ports.filter(isBound)),
    Mounts: [...spec.mounts.map((mount) => mountOptions(mount, cluster)), ...fileMounts(spec, cluster, files)],
    ExtraHosts: Object.entries(spec.extraHosts).map(([host, address]) => `${host}:${address}`),
    Dns: [...spec.dns],
    CapAdd: [...spec.capAdd],
    CapDrop: [...spec.capDrop],
    Devices: spec.devices.map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    ...(spec.gpus === undefined ? {} : { DeviceRequests: [gpuRequest(spec.gpus)] }),
    Ulimits: spec.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    Sysctls: { ...spec.sysctls },
    SecurityOpt: [...spec.securityOpt],
    Privileged: spec.privileged,
    ReadonlyRootfs: spec.readOnly,
    Init: spec.init,
    ...(spec.shmSize === undefined ? {} : { ShmSize: spec.shmSize }),
  };
}

/** No swap: what goes over its memory limit is killed, not slowed down. */
export function resourceOptions(
  resources: Resources,
): Pick<Docker.HostConfig, 'CpuShares' | 'MemoryReservation' | 'NanoCpus' | 'Memory' | 'MemorySwap'> {
  const { cpu, memory } = resources.limits;
  return {
    CpuShares: sharesOf(resources.cpu),
    MemoryReservation: resources.memory,
    ...(cpu === undefined ? {} : { NanoCpus: nanoOf(cpu) }),
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
  };
}

/** Docker keeps no word for what is discarded: this number of retries, which nobody else asks for, is ours. */
const DISCARDED: Docker.HostRestartPolicy = { Name: 'on-failure', MaximumRetryCount: 8_686 };

export function restartOptions(restart: Instance['restartPolicy']): Docker.HostRestartPolicy {
  return restart === 'discarded' ? DISCARDED : { Name: restart };
}

/** Of a run: how often Docker starts it again. */
function retryOptions(MaximumRetryCount: number): Docker.HostRestartPolicy {
  return { Name: 'on-failure', MaximumRetryCount };
}

export function retriesOf({ RestartPolicy: policy }: InspectedHostConfig): number {
  return policy?.MaximumRetryCount ?? 0;
}

export function restartPolicyOf({ RestartPolicy: policy }: InspectedHostConfig): Instance['restartPolicy'] {
  const name = policy?.Name;
  if (name === DISCARDED.Name && policy?.MaximumRetryCount === DISCARDED.MaximumRetryCount) return 'discarded';
  return name === 'unless-stopped' || name === 'always' || name === 'on-failure' ? name : 'no';
}

/** The identity variables come first, so that the manifest's own wins. */
function environmentOf(slot: Identity): Record<string, string> {
  const { contextRoot, version, environment } = slot.container;
  return {
    FAIRLEAD_SERVICE: slot.service,
    FAIRLEAD_VERSION: version,
    FAIRLEAD_INSTANCE: String(slot.slot),
    ...(contextRoot === undefined ? {} : { CONTEXT_ROOT: contextRoot }),
    ...environment,
  };
}

/** Docker takes a start period of 0 for: as the image says; the least that it knows is a millisecond. */
function healthOptions(check: NonNullable<ContainerSpec['healthCommand']>): Docker.HealthConfig {
  return {
    Test: [...check.command],
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    Retries: check.retries,
    StartPeriod: nanoseconds(Math.max(1, check.startPeriod)),
  };
}

function mountOptions(mount: Mount, cluster: string): Docker.MountSettings {
  if (mount.type === 'tmpfs')
    return {
      Type: 'tmpfs',
      Source: '',
      Target: mount.target,
      ...(mount.size === undefined ? {} : { TmpfsOptions: { SizeBytes: mount.size, Mode: 0o1777 } }),
    };
  const source = mount.type === 'volume' ? volumeName(cluster, mount.source) : mount.source;
  return { Type: mount.type, Source: source, Target: mount.target, ReadOnly: mount.readOnly };
}

function gpuRequest(gpus: number | 'all'): Docker.DeviceRequest {
  return { Driver: '', Count: gpus === 'all' ? -1 : gpus, Capabilities: [['gpu']] };
}

/** One port of the container may be several of the host. */
function portBindings(ports: readonly Port[]): Docker.PortMap {
  return Object.fromEntries([...groupBy(ports, portKey)].map(([key, bound]) => [key, bound.map(binding)]));
}

function isBound(port: Port): boolean {
  return port.hostPort !== undefined || port.publish;
}

function binding(port: Port): { HostIp: string; HostPort: string } {
  return port.hostPort === undefined
    ? { HostIp: '0.0.0.0', HostPort: '' }
    : { HostIp: '0.0.0.0', HostPort: String(port.hostPort) };
}

function portKey(port: Port): string {
  return `${port.port}/${port.protocol}`;
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}
