import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import Docker from 'dockerode';
import PQueue from 'p-queue';
import type { DiskLimits } from '../../src/core/disk.ts';
import type { LogLimits } from '../../src/docker/log-rotation.ts';
import { connectEngine } from '../../src/docker/connect.ts';
import type { ContainerHost } from '../../src/core/container-host.ts';
import type { Hands, Runtime } from '../../src/core/ports.ts';

/** The engine that the suite was given: `npm test` starts one where none is. */
export function dockerHost(): string {
  const host = process.env['DOCKER_HOST'];
  if (host === undefined) throw new Error('DOCKER_HOST is not set: run these tests by npm test.');
  return host;
}

/** An engine for tests to look at and to disturb from outside. */
export function dockerAt(host: string): Docker {
  return host.startsWith('unix://')
    ? new Docker({ socketPath: host.slice('unix://'.length) })
    : new Docker({ host: new URL(host).hostname, port: new URL(host).port, protocol: 'http' });
}

/** A cluster name that no other test uses. */
export function freshCluster(): string {
  return `t${randomBytes(4).toString('hex')}`;
}

export interface TestCluster extends AsyncDisposable {
  readonly name: string;
  readonly docker: Docker;
  readonly runtime: Runtime;
  readonly host: ContainerHost;
  readonly hands: Hands;
}

/** A cluster of its own on the engine, with everything removed at the end, volumes too. */
export function openCluster(
  host = dockerHost(),
  name = freshCluster(),
  dockerConfig = tmpdir(),
  limited: { readonly logs?: LogLimits; readonly disk?: { readonly limits: DiskLimits } } = {},
): TestCluster {
  const docker = dockerAt(host);
  const options = { host, cluster: name, capabilities: ['ssd'], dockerConfig, now: Date.now, ...limited };
  return {
    name,
    docker,
    ...connectEngine(options),
    [Symbol.asyncDispose]: () => removeCluster(docker, name),
  };
}

/** The engine loses count of a network's containers the sooner the more of them go at once. */
const REMOVALS_AT_ONCE = 4;

/** Removes all that carries the cluster's label, with its volumes. */
export async function removeCluster(docker: Docker, cluster: string): Promise<void> {
  const filters = { label: [`io.fairlead.cluster=${cluster}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const queue = new PQueue({ concurrency: REMOVALS_AT_ONCE });
  await queue.addAll(
    containers.map(
      ({ Id }) =>
        () =>
          docker.getContainer(Id).remove({ force: true, v: true }),
    ),
  );
  for (const { Id } of await docker.listNetworks({ filters })) await removeNetwork(docker.getNetwork(Id));
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes) await docker.getVolume(Name).remove();
}

/** One whose containers the engine has lost count of (moby issue 42119) stays until the engine starts anew. */
async function removeNetwork(network: Docker.Network): Promise<void> {
  try {
    await network.remove();
  } catch (error) {
    const { Containers = {} } = await network.inspect();
    if (!String(error).includes('has active endpoints') || Object.keys(Containers).length > 0) throw error;
  }
}

/** Kills the process of a container, as a crash does; a signal through Docker would disarm the restart policy. */
export async function crash(docker: Docker, id: string): Promise<void> {
  const { State } = await docker.getContainer(id).inspect();
  // To 0 it would go to the tests themselves.
  if (State.Pid <= 0) throw new Error(`${id} does not run: ${State.Status}`);
  process.kill(State.Pid, 'SIGKILL');
}

/** Polls until the condition holds. */
export async function until(holds: () => Promise<boolean>, limit = 10_000): Promise<void> {
  const deadline = Date.now() + limit;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`The condition did not come to hold in ${limit / 1000} seconds.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the command printed in the container, on both streams. */
export async function execIn(docker: Docker, id: string, command: readonly string[]): Promise<string> {
  const exec = await docker
    .getContainer(id)
    .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  let output = '';
  for await (const chunk of stream) output += String(chunk);
  return output;
}
