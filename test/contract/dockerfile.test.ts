import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { api, streamError } from '../../script/docker-api.mjs';
import { ensureImages } from '../../script/images.mjs';
import { tar } from '../../script/tar.mjs';
import { dockerAt, dockerHost, freshCluster, removeCluster, until } from '../support/docker.ts';
import { ROOT } from '../support/docs.ts';

const BASE = 'lab/node-git:20';
const CLUSTER = freshCluster();
const IMAGE = `lab/fairlead:${CLUSTER}`;
const SOURCES = ['Dockerfile', 'package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'schemas', 'dist'];
const MANIFEST = 'kind: Service\nname: web\nimage: registry.example.com/web:v1\npullPolicy: never\n';

const host = dockerHost();
const docker = dockerAt(host);
const containers: Docker.Container[] = [];

beforeAll(async () => {
  await ensureImages(host, [BASE]);
  const query = new URLSearchParams({ t: IMAGE, rm: '1', forcerm: '1', buildargs: JSON.stringify({ BASE }) });
  const answer: unknown = await api(host, `/build?${String(query)}`, { method: 'POST', body: context() });
  expect(streamError(answer)).toBeUndefined();
});

afterAll(async () => {
  for (const container of containers) await container.remove({ force: true, v: true });
  await removeCluster(docker, CLUSTER);
  await docker.getImage(IMAGE).remove();
});

test('the image runs the program, as a user without rights', async () => {
  const { output, code } = await runToEnd(await makeContainer(['--version']));
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect({ output, code }).toEqual({ output: `${version}\n`, code: 0 });
  const { Config } = await docker.getImage(IMAGE).inspect();
  expect(Config.User).toBe('10001:10001');
  expect(Config.Labels).toMatchObject({ 'org.opencontainers.image.licenses': 'MIT' });
});

test('it plans against the engine whose socket it is given', async () => {
  const container = await makeContainer(['plan', '.']);
  const { output, code } = await runToEnd(container);
  expect(output).toContain('+ Service web  create');
  expect(output).toContain('Plan: 1 to create, 0 unchanged.');
  expect(code).toBe(0);
});

test('its health is that of the reconciler, which ends cleanly', async () => {
  const container = await makeContainer(['run', '.']);
  await container.start();
  await until(async () => (await container.inspect()).State.Health?.Status === 'healthy', 30_000);
  await container.stop({ t: 10 });
  const { State } = await container.inspect();
  expect(State.ExitCode).toBe(0);
});

/** What .dockerignore lets through, with the program as it is built here and the packages that it runs with. */
function context() {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const packages = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  // Packages inside of packages come along with these.
  const folders = packages.map(([path]) => path).filter((path) => /^node_modules\/(?!.*\/node_modules\/)/.test(path));
  const present = folders.filter((folder) => existsSync(join(ROOT, folder)));
  return spawn('tar', ['--create', '--directory', ROOT, '--', ...SOURCES, ...present]).stdout;
}

/** In its working folder there is a manifest; what it needs to reach the engine it has as docs/operations.md says. */
async function makeContainer(command: readonly string[]): Promise<Docker.Container> {
  const container = await docker.createContainer({
    Image: IMAGE,
    Cmd: [...command],
    Env: [`FAIRLEAD_CLUSTER=${CLUSTER}`, ...(socketOf(host) === undefined ? [`DOCKER_HOST=${host}`] : [])],
    Healthcheck: { Interval: 500_000_000 },
    HostConfig: { NetworkMode: 'host', ...accessTo(socketOf(host)) },
  });
  containers.push(container);
  await container.putArchive(tar({ 'web.yaml': MANIFEST }), { path: '/etc/fairlead' });
  return container;
}

function socketOf(address: string): string | undefined {
  return address.startsWith('unix://') ? address.slice('unix://'.length) : undefined;
}

function accessTo(socket: string | undefined): Docker.HostConfig {
  if (socket === undefined) return {};
  return { Binds: [`${socket}:/var/run/docker.sock`], GroupAdd: [String(statSync(socket).gid)] };
}

async function runToEnd(container: Docker.Container): Promise<{ output: string; code: number }> {
  await container.start();
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  const log = await container.logs({ stdout: true, stderr: true });
  return { output: withoutFrames(log), code: StatusCode };
}

/** The log of a container without a terminal comes in frames of 8 bytes and a text. */
function withoutFrames(log: Buffer): string {
  let text = '';
  for (let at = 0; at < log.length; at += 8 + log.readUInt32BE(at + 4)) {
    text += log.subarray(at + 8, at + 8 + log.readUInt32BE(at + 4)).toString();
  }
  return text;
}
