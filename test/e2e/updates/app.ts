import type { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';

/** Manifests of the lab's application, and what the engine says of its containers. */

const HEALTH_CHECK =
  'healthCheck: { http: { path: /health, port: 8080, status: "200" }, interval: 2s, timeout: 1s, retries: 5 }';

export function service(name: string, tag: string, settings = '', healthCheck = HEALTH_CHECK): string {
  return `kind: Service
name: ${name}
image: lab/app:${tag}
cpu: 0.05
memory: 64
ports: [8080]
${healthCheck}
${settings}
---
`;
}

export function loadBalancer(name: string, target = name, settings = ''): string {
  return `kind: LoadBalancer
name: ${name}
hostnames: [${name}.example.com]
service: ${target}
port: 8080
${settings}
---
`;
}

/** One container as the engine knows it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly slot: number;
  /** Tag of the lab's application. */
  readonly tag: string;
  readonly imageId: string;
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly restartPolicy: string;
  readonly address: string;
  /** By which others in the cluster reach it under its service's name; empty: they do not. */
  readonly namedAddress: string;
  readonly memoryLimit: number;
}

/** Containers of a service, running or not, by slot and age. */
export async function containersOf({ docker, cluster }: Scenario, name: string): Promise<Container[]> {
  const label = [`io.fairlead.cluster=${cluster}`, `io.fairlead.service=${name}`];
  const listed = await docker.listContainers({ all: true, filters: { label } });
  const inspected = await Promise.all(listed.map(({ Id }) => docker.getContainer(Id).inspect().catch(gone)));
  return inspected
    .filter((each) => each !== undefined)
    .sort((a, b) => a.Created.localeCompare(b.Created))
    .map((each) => ({
      id: each.Id,
      name: each.Name.slice(1),
      slot: Number(each.Config.Labels['io.fairlead.slot']),
      tag: /^RELEASE=(.*)$/m.exec(each.Config.Env.join('\n'))?.[1] ?? '',
      imageId: each.Image,
      state: each.State.Status,
      startedAt: each.State.StartedAt,
      finishedAt: each.State.FinishedAt,
      restartPolicy: each.HostConfig.RestartPolicy?.Name ?? '',
      address: each.NetworkSettings.Networks[`fairlead-${cluster}`]?.IPAddress ?? '',
      namedAddress: each.NetworkSettings.Networks[`fairlead-${cluster}-names`]?.IPAddress ?? '',
      memoryLimit: each.HostConfig.Memory ?? 0,
    }))
    .sort((a, b) => a.slot - b.slot);
}

function gone(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}

export function idsOf(containers: readonly Container[]): string[] {
  return containers.map((each) => each.id).sort();
}

/** What must not change where nothing is restarted. */
export function livesOf(containers: readonly Container[]): string[] {
  return containers.map(({ id, startedAt }) => `${id} since ${startedAt}`).sort();
}

/** Waits until a service consists of exactly so many settled containers of one image and of nothing else. */
export async function settled(
  scenario: Scenario,
  name: string,
  { tag, count }: { tag: string; count: number },
): Promise<Container[]> {
  let seen: Container[] = [];
  const isSettled = (each: Container) =>
    each.tag === tag && each.state === 'running' && each.restartPolicy === 'unless-stopped';
  const ask = async () => {
    seen = await containersOf(scenario, name);
    return seen.length === count && seen.every(isSettled) && seen;
  };
  return await until(`${count} settled containers of ${name}, all ${tag}`, ask, {
    within: 60_000,
    seen: () => JSON.stringify(seen, null, 1),
  });
}
