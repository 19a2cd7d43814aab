import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, rename } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerAt, dockerHost } from '../../support/docker.ts';
import type { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { COMPOSE_IMAGES } from './compose-images.ts';
import { body, EXAMPLES, play, rewrite } from './play.ts';
import { standIn } from './stand-ins.ts';

/** What was written for Compose runs, by the manifests beside it. */

let images: AsyncDisposable;
beforeAll(async () => void (images = await standIn(dockerAt(dockerHost()), COMPOSE_IMAGES)));
afterAll(() => images[Symbol.asyncDispose]());

const COMPOSE = join(EXAMPLES, 'compose');

it.concurrent('every example is played here', async () => {
  expect(await readdir(COMPOSE)).toEqual([
    'api-and-migration',
    'blog',
    'counter',
    'git-server',
    'hardened',
    'monitoring',
    'reverse-proxy',
    'staging-and-production',
    'static-site',
    'worker-queue',
  ]);
});

/** What the example has in its own `fairlead.yaml`. */
const hostOf = (example: string) => readFile(join(COMPOSE, example, 'fairlead.yaml'), 'utf8');

/** What a command in an instance prints. */
async function inside(scenario: Scenario, service: string, ...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await scenario.fairlead('exec', service, '--', ...command);
  expect(code, stderr).toBe(0);
  return stdout.trim();
}

it.concurrent('static-site: pages and configuration come from the repository', async () => {
  const { scenario } = await play('compose/static-site/manifests');
  await using _ = scenario;
  expect(await body(scenario, 'www.example.com')).toContain('It is served from the repository.');
  expect(await inside(scenario, 'web', 'cat', '/etc/nginx/conf.d/default.conf')).toContain('error_page 404 /404.html;');
});

it.concurrent('blog: it reaches its database, and a backup has what it wrote', async () => {
  const { scenario } = await play('compose/blog/manifests');
  await using _ = scenario;
  expect(await body(scenario, 'blog.example.com', '/fetch?url=http://db:3306/')).toBe('mariadb:11.4');
  await inside(scenario, 'blog', 'touch', '/var/www/html/post');
  const { code, stdout } = await scenario.fairlead('job', 'run', 'backup');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('./post\n') as string });
});

it.concurrent('counter: the web application reaches Redis', async () => {
  const { scenario } = await play('compose/counter/manifests');
  await using _ = scenario;
  expect(await body(scenario, 'counter.example.com', '/fetch?url=http://redis:6379/')).toBe('redis:8');
});

it.concurrent('api-and-migration: the migration is over before the API starts', async () => {
  const [secret, ofHost] = ['/etc/orders/db-password', '/etc/hostname'];
  const { scenario } = await play('compose/api-and-migration/manifests', {
    config: (await hostOf('api-and-migration')).replaceAll(secret, ofHost),
    change: (folder) => rewrite(folder, secret, ofHost),
  });
  await using _ = scenario;
  expect(await body(scenario, 'orders.example.com')).toBe('v1');
  expect((await scenario.fairlead('logs', 'migrate')).stdout).toMatch(/postgres:17\n.*migrated up\n/);
  const [run, api] = [await inspect(scenario, 'migrate'), await inspect(scenario, 'api')];
  expect(Date.parse(api.State.StartedAt)).toBeGreaterThan(Date.parse(run.State.FinishedAt));
});

/** The first container of a service or job. */
async function inspect(scenario: Scenario, service: string) {
  const label = [`io.fairlead.cluster=${scenario.cluster}`, `io.fairlead.service=${service}`];
  const [container] = await scenario.docker.listContainers({ all: true, filters: { label } });
  return await scenario.docker.getContainer(container?.Id ?? '').inspect();
}

it.concurrent('reverse-proxy: the routes of the labels lead to all instances', async () => {
  const { scenario } = await play('compose/reverse-proxy/manifests');
  await using _ = scenario;
  const answers = await Promise.all(Array.from({ length: 12 }, () => scenario.get('shop.example.com', '/whoami')));
  expect(new Set(answers.map(({ headers }) => headers['x-instance'])).size).toBe(3);
  expect(JSON.parse(await body(scenario, 'shop.example.com', '/api/whoami'))).toMatchObject({ release: 'v2' });
});

it.concurrent('worker-queue: all workers have found the broker and their settings', async () => {
  const { scenario } = await play('compose/worker-queue/manifests');
  await using _ = scenario;
  expect(await inside(scenario, 'broker', 'hostname')).toBe('broker-1');
  for (const [service, instances] of [
    ['worker', 3],
    ['scheduler', 1],
  ] as const) {
    const { stdout } = await scenario.fairlead('logs', service, '--streams', '3');
    expect(stdout.match(/4 at once of rabbitmq:4\.1/g)).toHaveLength(instances);
  }
  const { HostConfig } = await inspect(scenario, 'worker');
  expect(HostConfig).toMatchObject({ Memory: 256 * 1024 ** 2, NanoCpus: 5e8, Init: true });
});

it.concurrent('monitoring: configuration, data sources and dashboards are in place', async () => {
  const { scenario } = await play('compose/monitoring/manifests');
  await using _ = scenario;
  const metrics = '/fetch?url=http://prometheus:9090/-/healthy';
  expect(await body(scenario, 'grafana.example.com', metrics)).toBe('healthy');
  const provisioning = '/etc/grafana/provisioning';
  const sources = await inside(scenario, 'grafana', 'cat', `${provisioning}/datasources/all.yaml`);
  expect(sources).toContain('http://prometheus:9090');
  expect(await inside(scenario, 'grafana', 'ls', `${provisioning}/dashboards`)).toBe('host.json\nprovider.yaml');
  expect(await inside(scenario, 'prometheus', 'cat', '/etc/hosts')).toContain('host.docker.internal');
});

it.concurrent('git-server: SSH and syslog answer on ports of the host', async () => {
  const hostPorts = [2222, 5514];
  const { scenario, ports } = await play('compose/git-server/manifests', {
    hostPorts,
    config: await hostOf('git-server'),
  });
  await using _ = scenario;
  const [ssh = 0, syslog = 0] = ports;
  expect(await body(scenario, 'git.example.com')).toBe('repositories');
  const [greeting] = (await once(connect(ssh, '127.0.0.1'), 'data')) as [Buffer];
  expect(String(greeting)).toBe('SSH-2.0-stand-in\n');
  await until('the message is in the log', async () => {
    await sendDatagram('<13>a message', syslog);
    return (await scenario.fairlead('logs', 'syslog')).stdout.includes('<13>a message');
  });
});

async function sendDatagram(text: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((sent) => socket.send(text, port, '127.0.0.1', sent));
  socket.close();
}

it.concurrent('hardened: it answers, and can do nothing that it does not need', async () => {
  const { scenario } = await play('compose/hardened/manifests', { config: await hostOf('hardened') });
  await using _ = scenario;
  expect(await body(scenario, 'notes.example.com')).toBe('v1');
  const outside = await scenario.fairlead('exec', 'notes', '--', 'touch', '/file');
  expect(outside.stderr).toContain('Read-only file system');
  expect(await inside(scenario, 'notes', 'sh', '-c', 'touch /tmp/file && id -u')).toBe('65534');
  const limits = await inside(scenario, 'notes', 'grep', 'open files', '/proc/1/limits');
  expect(limits).toMatch(/^Max open files +1024 +2048 /);
  const granted = await inside(scenario, 'notes', 'grep', '-E', 'CapBnd|NoNewPrivs', '/proc/1/status');
  expect(granted).toBe('CapBnd:\t0000000000000400\nNoNewPrivs:\t1');
});

/** The folder of one of its clusters, for the scenario's own. */
const as = (cluster: string) => async (folder: string, scenario: Scenario) =>
  await rename(join(folder, 'clusters', cluster), join(folder, 'clusters', scenario.cluster));

it.concurrent('staging-and-production: production has three instances and no helpers', async () => {
  const { scenario } = await play('compose/staging-and-production/manifests', { change: as('production') });
  await using _ = scenario;
  const env = JSON.parse(await body(scenario, 'store.example.com', '/env')) as Record<string, string>;
  expect(env).toMatchObject({ STAGE: 'production', MAIL_HOST: 'smtp.example.com', CURRENCY: 'EUR' });
  expect(env).not.toHaveProperty('LOG_LEVEL');
  expect(await scenario.runningIds()).toHaveLength(3);
});

it.concurrent('staging-and-production: staging catches all mail and has its console', async () => {
  const { scenario } = await play('compose/staging-and-production/manifests', { change: as('staging') });
  await using _ = scenario;
  const env = JSON.parse(await body(scenario, 'store.staging.example.com', '/env')) as Record<string, string>;
  expect(env).toMatchObject({ STAGE: 'staging', MAIL_HOST: 'mail', CURRENCY: 'EUR', LOG_LEVEL: 'debug' });
  expect(await body(scenario, 'mail.staging.example.com')).toBe('v1');
  expect(await inside(scenario, 'console', 'wget', '-q', '-O', '-', 'http://web:8080/')).toBe('v1');
});
