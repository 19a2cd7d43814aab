import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { ReasonError } from '../core/reason.ts';
import type {
  ContainerHost,
  ExecStream,
  HostedContainer,
  HostedContainerSpec,
  HostedLogOptions,
  UploadFile,
} from '../core/container-host.ts';
import type { LogLine } from '../core/ports.ts';
import type { EngineIdentity } from './engine-info.ts';
import { found, request, settle } from './errors.ts';
import { framesOf } from './frames.ts';
import type { InspectedContainer } from './inspected.ts';
import { logOptions, type LogLimits } from './log-rotation.ts';
import { readLogs } from './logs.ts';
import type { Networks } from './networks/networks.ts';
import { tarOf } from './tar.ts';

/** The engine as the balancer sees it. */
export class EngineHost implements ContainerHost {
  private readonly docker: Docker;
  private readonly networks: Networks;
  private readonly log: () => Promise<Docker.HostConfig['LogConfig']>;
  private readonly fetchImage: (image: string) => Promise<unknown>;
  /** To processes that still run, by container. */
  private readonly streams = new Map<string, Set<Duplex>>();

  constructor(options: {
    docker: Docker;
    networks: Networks;
    logs?: LogLimits;
    engine: EngineIdentity;
    pull: (image: string) => Promise<unknown>;
  }) {
    this.docker = options.docker;
    this.log = () => logOptions(options.logs, options.engine);
    this.networks = options.networks;
    this.fetchImage = options.pull;
  }

  async find(name: string): Promise<HostedContainer | undefined> {
    const inspected = await found(`Inspecting ${name}`, this.docker.getContainer(name).inspect());
    return inspected === undefined ? undefined : toHosted(inspected as InspectedContainer);
  }

  async pull(image: string): Promise<void> {
    await this.fetchImage(image);
  }

  async create(spec: HostedContainerSpec): Promise<HostedContainer> {
    const [network, ...others] = spec.network === 'host' ? ['host'] : await this.networks.idsOf(spec.network.networks);
    if (network === undefined) throw new ReasonError('start-failed', `${spec.name} has no network to be on.`);
    const volume = this.docker.createVolume({ Name: spec.volume.name, Labels: { ...spec.labels } });
    await request(`Making volume ${spec.volume.name}`, 'start-failed', volume);
    const options = hostedOptions(spec, network, await this.log());
    const container = await request(`Creating ${spec.name}`, 'start-failed', this.docker.createContainer(options));
    for (const id of others)
      await settle(`Connecting ${spec.name}`, [403], this.docker.getNetwork(id).connect({ Container: container.id }));
    await this.start(container.id);
    const inspected = await request(`Inspecting ${spec.name}`, 'start-failed', container.inspect());
    return toHosted(inspected as InspectedContainer);
  }

  async start(id: string): Promise<void> {
    const container = this.docker.getContainer(id);
    await settle('Waking the container', [/is not paused/, 409], container.unpause());
    await settle('Starting the container', [304], container.start());
  }

  async remove(id: string): Promise<void> {
    await settle('Removing the container', [404, 409], this.docker.getContainer(id).remove({ force: true, v: false }));
  }

  async removeVolume(name: string): Promise<void> {
    await settle(`Removing volume ${name}`, [404], this.docker.getVolume(name).remove());
  }

  async upload(id: string, directory: string, files: readonly UploadFile[]): Promise<void> {
    const upload = this.docker.getContainer(id).putArchive(await tarOf(files), { path: directory });
    await request(`Uploading to ${directory}`, 'start-failed', upload);
  }

  async exec(id: string, command: readonly string[]): Promise<ExecStream> {
    const options = { Cmd: [...command], AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const attempt = `Running ${command.join(' ')}`;
    const exec = await request(attempt, 'start-failed', this.docker.getContainer(id).exec(options));
    return openExec(this.keep(id, await request(attempt, 'start-failed', exec.start({ hijack: true, stdin: true }))));
  }

  /** Hangs up on a container that was paused: nobody in it answers before it is woken. */
  paused(id: string): void {
    for (const stream of this.streams.get(id) ?? []) stream.destroy();
  }

  private keep(id: string, stream: Duplex): Duplex {
    const streams = this.streams.get(id) ?? new Set();
    this.streams.set(id, streams.add(stream));
    return stream.on('close', () => {
      streams.delete(stream);
      if (streams.size === 0) this.streams.delete(id);
    });
  }

  logs(id: string, options: HostedLogOptions): AsyncIterable<LogLine> {
    return readLogs(this.docker, id, options);
  }
}

function openExec(stream: Duplex): ExecStream {
  let closed = false;
  stream.on('close', () => (closed = true)).on('end', () => (closed = true));
  // An error ends the stream; whoever reads `output` learns it there.
  stream.on('error', () => (closed = true));
  return {
    write: (text) => void stream.write(text),
    output: stdoutOf(stream),
    get closed() {
      return closed;
    },
    close: () => void stream.destroy(),
  };
}

async function* stdoutOf(stream: Duplex): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const frame of framesOf(stream))
    if (frame.stream === 'stdout') yield decoder.decode(frame.payload, { stream: true });
}

function hostedOptions(
  spec: HostedContainerSpec,
  network: string,
  log: Docker.HostConfig['LogConfig'],
): Docker.ContainerCreateOptions {
  const published = spec.network === 'host' ? [] : spec.network.publish;
  return {
    name: spec.name,
    Image: spec.image,
    Cmd: [...spec.command],
    ...(spec.user === undefined ? {} : { User: spec.user }),
    Labels: { ...spec.labels },
    ExposedPorts: Object.fromEntries(published.map(({ port }) => [`${port}/tcp`, {}])),
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: 'unless-stopped' },
      ...(log && { LogConfig: log }),
      PortBindings: Object.fromEntries(
        published.map(({ port, address, hostPort }) => [
          `${port}/tcp`,
          [{ HostIp: address, HostPort: String(hostPort) }],
        ]),
      ),
      Mounts: [{ Type: 'volume', Source: spec.volume.name, Target: spec.volume.target, ReadOnly: false }],
      CapDrop: ['ALL'],
      CapAdd: [...spec.capabilities],
      ReadonlyRootfs: spec.readOnly,
      Ulimits: [{ Name: 'nofile', Soft: spec.nofile, Hard: spec.nofile }],
    },
  };
}

function toHosted(inspected: InspectedContainer): HostedContainer {
  return {
    id: inspected.Id,
    name: inspected.Name.slice(1),
    running: inspected.State.Status === 'running',
    labels: inspected.Config.Labels ?? {},
  };
}
