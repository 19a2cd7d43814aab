import type Docker from 'dockerode';
import type { DiskLimits } from '../core/disk.ts';
import type { ContainerHost } from '../core/container-host.ts';
import type { Hands, Runtime } from '../core/ports.ts';
import { dialOptions, type TlsOptions } from './address.ts';
import { lookAt, readArchive, writeArchive } from './archive.ts';
import { tame } from './dial.ts';
import { EngineDisk } from './disk.ts';
import { Dockerode } from './dockerode.ts';
import { EngineIdentity } from './engine-info.ts';
import { EngineRuntime, type EngineOptions } from './engine.ts';
import { EngineHost } from './host.ts';
import { runSession } from './session.ts';
import { Networks } from './networks/networks.ts';

/** What is made of the others. */
type Made = 'docker' | 'engine' | 'disk' | 'onPause';

/**
 * The engine at `host`: `unix:///var/run/docker.sock`, `tcp://10.0.0.1:2376`, `http://…` or `https://…`. Nothing is asked
 * of it yet. `close` lets go of all calls that it has not answered; what it was told to do, it may still do.
 */
export function connectEngine(
  options: { host: string; tls?: TlsOptions; disk?: { readonly path?: string; readonly limits: DiskLimits } } & Omit<
    EngineOptions,
    Made
  >,
): {
  runtime: Runtime;
  host: ContainerHost;
  hands: Hands;
  close: () => void;
} {
  const closing = new AbortController();
  const docker = openDocker(options.host, options.tls, closing.signal);
  const engine = new EngineIdentity(docker, options.now);
  const disk = new EngineDisk({ ...options, ...options.disk, engine });
  const onPause = (container: string) => host.paused(container);
  const runtime: Runtime = new EngineRuntime({ ...options, docker, engine, disk, onPause });
  const networks = new Networks(docker, options.cluster);
  const host = new EngineHost({
    ...options,
    docker,
    engine,
    networks,
    pull: (image) => runtime.pull(image, 'missing', closing.signal),
  });
  const hands: Hands = {
    exec: (container, session) => runSession(docker, container, session),
    look: (container, path, signal) => lookAt(docker, container, path, signal),
    read: (container, path, signal) => readArchive(docker, container, path, signal),
    write: (container, folder, archive, signal) => writeArchive(docker, container, folder, archive, signal),
  };
  return { runtime, host, hands, close: () => closing.abort() };
}

/** Without a version the engine speaks the newest one that it knows, from 20.10 on. */
export function openDocker(host: string, tls?: TlsOptions, closing?: AbortSignal): Docker {
  return dockerWith(dialOptions(host, tls), closing);
}

/**
 * docker-modem lets DOCKER_HOST, and the variables that go with it, win over a socket that it is told to use. Without
 * DOCKER_HOST it looks at none of them.
 */
function dockerWith(options: Docker.DockerOptions, closing: AbortSignal | undefined): Docker {
  const { DOCKER_HOST } = process.env;
  delete process.env['DOCKER_HOST'];
  try {
    return tame(new Dockerode(options), closing === undefined ? {} : { closing });
  } finally {
    if (DOCKER_HOST !== undefined) process.env['DOCKER_HOST'] = DOCKER_HOST;
  }
}
