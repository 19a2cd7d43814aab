import { coresOf, coresOfNano } from '../core/resources.ts';
import type { Resources } from '../core/model.ts';
import { RESTART_ASKED, type Instance, type InstanceState, type Run } from '../core/observed.ts';
import { hasAlias } from './networks/attachments.ts';
import { deviationsOf, networkDeviations } from './deviations.ts';
import type { InspectedContainer, InspectedHostConfig, InspectedImage, PortMap } from './inspected.ts';
import { dependsOnOf, LABEL, slotOf, specOf } from './labels.ts';
import { containerName, restartPolicyOf, restartingName, retriesOf, stoppedName, type SlotName } from './options.ts';
import { namesNetwork, trafficNetwork, type ClusterNetwork } from './networks/names.ts';

export interface Surroundings {
  readonly cluster: string;
  /** The traffic networks that exist. */
  readonly networks: readonly Pick<ClusterNetwork, 'name' | 'id' | 'companion'>[];
  /** Missing where the engine no longer has it. */
  readonly image?: InspectedImage;
}

/** Docker's answer as ours; undefined where the labels do not name a slot. */
export function toInstance(inspected: InspectedContainer, around: Surroundings): Instance | undefined {
  const labels = inspected.Config.Labels ?? {};
  const slot = slotOf(labels);
  if (slot === undefined) return undefined;
  const spec = specOf(labels);
  const dependsOn = dependsOnOf(labels);
  const networks = spec?.networks ?? [];
  const address = addressOf(inspected, around.cluster, networks[0]);
  const digest = digestOf(around.image, spec?.image ?? '');
  return {
    id: inspected.Id,
    name: inspected.Name.slice(1),
    ...slot,
    ...(spec === undefined ? {} : { spec }),
    ...lifeOf(inspected, labels[LABEL.error]),
    restarts: inspected.RestartCount,
    restartPolicy: restartPolicyOf(inspected.HostConfig),
    ...(address === undefined ? {} : { address }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
    discoverable: isDiscoverable(inspected, around.cluster, networks, slot.service),
    resources: resourcesOf(inspected.HostConfig),
    hostPorts: hostPortsOf(inspected.NetworkSettings.Ports ?? {}),
    imageId: inspected.Image,
    ...(digest === undefined ? {} : { digest }),
    deviations:
      spec === undefined
        ? ['label io.fairlead.spec cannot be read']
        : [
            ...nameDeviation(inspected, around.cluster, slot),
            ...deviationsOf(
              inspected,
              { ...slot, cluster: around.cluster, container: spec },
              around.image?.Config ?? undefined,
            ),
            ...attachmentDeviations(inspected, around, networks),
          ],
  };
}

/** The same of a job's container. */
export function toRun(inspected: InspectedContainer, around: Surroundings): Run | undefined {
  const instance = toInstance(inspected, around);
  if (instance === undefined) return undefined;
  const labels = inspected.Config.Labels ?? {};
  const { [LABEL.schedule]: schedule, [LABEL.madeAt]: made = '', [LABEL.resources]: asked = '' } = labels;
  const stopped = inspected.Name === `/${stoppedName(around.cluster, instance)}`;
  const run = { retries: retriesOf(inspected.HostConfig), stopped };
  const madeAt = Date.parse(made) || instance.createdAt;
  return { ...instance, ...run, madeAt, asked, ...(schedule !== undefined && { schedule }) };
}

const STATES: readonly string[] = ['created', 'running', 'paused', 'restarting', 'exited', 'dead'];
const HEALTH: readonly string[] = ['starting', 'healthy', 'unhealthy'];

type Life = Pick<
  Instance,
  'state' | 'health' | 'exitCode' | 'oomKilled' | 'error' | 'createdAt' | 'startedAt' | 'finishedAt'
>;

function lifeOf({ State, Created }: InspectedContainer, failure = ''): Life {
  const state = (STATES.includes(State.Status) ? State.Status : 'dead') as InstanceState;
  const health = State.Health?.Status ?? 'none';
  const startedAt = timeOf(State.StartedAt);
  const finishedAt = timeOf(State.FinishedAt);
  const error = State.Error || failure;
  const ended = finishedAt !== undefined || State.Error !== '';
  return {
    state,
    health: (HEALTH.includes(health) ? health : 'none') as Instance['health'],
    ...(ended && state !== 'running' && state !== 'paused' ? { exitCode: State.ExitCode } : {}),
    oomKilled: State.OOMKilled,
    ...(error === '' ? {} : { error }),
    createdAt: Date.parse(Created),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}

/** Docker writes the year 1 for never. */
function timeOf(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}

export function resourcesOf(host: InspectedHostConfig): Resources {
  return {
    cpu: coresOf(host.CpuShares ?? 0),
    memory: host.MemoryReservation ?? 0,
    limits: {
      ...(host.NanoCpus ? { cpu: coresOfNano(host.NanoCpus) } : {}),
      ...(host.Memory ? { memory: host.Memory } : {}),
    },
  };
}

/** The fixed address on the service's first network, which is known also while the container is stopped. */
function addressOf(inspected: InspectedContainer, cluster: string, first: string | undefined): string | undefined {
  if (first === undefined) return undefined;
  const endpoint = inspected.NetworkSettings.Networks?.[trafficNetwork(cluster, first)];
  return endpoint?.IPAMConfig?.IPv4Address || undefined;
}

/** The same on all its networks, or undefined. */
function isDiscoverable(
  { NetworkSettings }: InspectedContainer,
  cluster: string,
  networks: readonly string[],
  service: string,
): boolean | undefined {
  const found = networks.map((name) => hasAlias(NetworkSettings.Networks?.[namesNetwork(cluster, name)], service));
  return found.every((each) => each === found[0]) ? found[0] : undefined;
}

function hostPortsOf(ports: PortMap): Instance['hostPorts'] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [port = '', protocol = 'tcp'] = key.split('/');
    const hostPorts = new Set((bindings ?? []).map((binding) => Number(binding.HostPort)));
    return [...hostPorts].map((hostPort) => ({ port: Number(port), protocol, hostPort }));
  });
}

/** The digest under which the image came from its registry, of the repository that the spec names where there are several. */
export function digestOf(image: InspectedImage | undefined, reference: string): string | undefined {
  const digests = image?.RepoDigests ?? [];
  const repository = reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  return (digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0])?.split('@')[1];
}

/** By its name it is found again: under another one a second container would be made for the slot. */
function nameDeviation(inspected: InspectedContainer, cluster: string, slot: SlotName): string[] {
  const wanted = containerName(cluster, slot);
  const isRun = inspected.Config.Labels?.[LABEL.role] === 'job';
  if (isRun && inspected.Name === `/${stoppedName(cluster, slot)}`) return [];
  if (inspected.Name === `/${restartingName(cluster, slot)}`) return [RESTART_ASKED];
  return inspected.Name === `/${wanted}` ? [] : [`name is ${inspected.Name.slice(1)}, not ${wanted}`];
}

function attachmentDeviations(
  inspected: InspectedContainer,
  around: Surroundings,
  networks: readonly string[],
): string[] {
  const existing = new Map(around.networks.map((network) => [network.name, network]));
  const traffic = networks.map((name, position) => ({
    name: trafficNetwork(around.cluster, name),
    id: existing.get(name)?.id ?? '',
    fixed: position === 0,
  }));
  const companions = networks.map((name) => ({
    name: namesNetwork(around.cluster, name),
    id: existing.get(name)?.companion?.id ?? '',
    fixed: true,
  }));
  // Leaving and joining a companion is a matter of a moment, and no reason to make a container anew.
  const joined = companions.filter(({ name }) => inspected.NetworkSettings.Networks?.[name] !== undefined);
  return networkDeviations(inspected, [...traffic, ...joined]);
}
