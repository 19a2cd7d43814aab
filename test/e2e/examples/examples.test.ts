import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../lab/free-port.ts';
import { startPebble } from '../../lab/pebble.ts';
import { dockerAt, dockerHost } from '../../support/docker.ts';
import { fairlead } from '../../support/fairlead.ts';
import { getSecurely } from '../../support/tls-client.ts';
import { body, directly, EXAMPLES, play, rewrite } from './play.ts';
import { standIn } from './stand-ins.ts';

/** Each example validates, runs, answers, and has nothing left to do then; its images are stood in for by the lab's. */

const from = (name: string) => `registry.example.com/${name}`;
const IMAGES = [
  { name: from('hello:v1'), image: 'lab/app:v1' },
  { name: from('shop:v1'), image: 'lab/app:v1' },
  { name: from('web:v1'), image: 'lab/app:v1' },
  { name: from('web:v2'), image: 'lab/app:v2' },
  { name: from('echo:v1'), image: 'lab/app:v1' },
  { name: from('busybox:1'), image: 'lab/busybox:1' },
  { name: from('cloudifacturing-test-service:1'), image: 'lab/app:v1', port: 80 },
  { name: from('contrived-service-1:0.0.1'), image: 'lab/app:v1', port: 9000 },
  { name: from('demo-api:1'), image: 'lab/app:v2', port: 9000 },
];

let images: AsyncDisposable;
beforeAll(async () => void (images = await standIn(dockerAt(dockerHost()), IMAGES)));
afterAll(() => images[Symbol.asyncDispose]());

/** Those with a test of their own, the seeds below. */
const ELSEWHERE = ['compose', 'seeds', 'shop'];

it.concurrent('every example is played here', async () => {
  const folders = (await readdir(EXAMPLES)).filter((name) => !ELSEWHERE.includes(name));
  expect(folders).toEqual(['acme', 'blue-green-by-hand', 'canary', 'green-blue', 'hello', 'host-port', 'tcp']);
  expect(await readdir(join(EXAMPLES, 'seeds'))).toEqual(['adapted', 'verbatim']);
});

it.concurrent('hello', async () => {
  const { scenario } = await play('hello');
  await using _ = scenario;
  expect(await body(scenario, 'hello.example.com')).toBe('v1');
  expect(await scenario.runningIds()).toHaveLength(2);
});

it.concurrent('green-blue, which keeps the old set after the switch', async () => {
  const { scenario, folder } = await play('green-blue');
  await using _ = scenario;
  expect(await body(scenario, 'shop.example.com')).toBe('v1');
  await rewrite(folder, 'EUR', 'CHF');
  expect((await scenario.fairlead('plan', 'example')).stdout).toContain('environment.CURRENCY: EUR → CHF');
  expect((await scenario.fairlead('apply', 'example', '--yes')).code).toBe(0);
  expect(JSON.parse(await body(scenario, 'shop.example.com', '/env'))).toMatchObject({ CURRENCY: 'CHF' });
  expect(await scenario.runningIds()).toHaveLength(4);
});

it.concurrent('blue-green-by-hand, switched there and back by one line', async () => {
  const { scenario, folder } = await play('blue-green-by-hand');
  await using _ = scenario;
  const production = () => body(scenario, 'production.service.example.com');
  const [green, blue] = ['green.service.example.com', 'blue.service.example.com'];
  expect([await production(), await body(scenario, green), await body(scenario, blue)]).toEqual(['v1', 'v1', 'v2']);
  const before = await scenario.runningIds();
  await rewrite(folder, 'service: web-green #', 'service: web-blue #');
  expect((await scenario.fairlead('apply', 'example', '--yes')).code).toBe(0);
  expect([await production(), await body(scenario, green), await body(scenario, blue)]).toEqual(['v2', 'v1', 'v2']);
  await rewrite(folder, 'service: web-blue #', 'service: web-green #');
  expect((await scenario.fairlead('apply', 'example', '--yes')).code).toBe(0);
  expect(await production()).toBe('v1');
  expect(await scenario.runningIds()).toEqual(before);
});

it.concurrent('canary, whose share is a line', async () => {
  const { scenario, folder } = await play('canary');
  await using _ = scenario;
  const versions = async (count: number) => {
    const bodies = await Promise.all(Array.from({ length: count }, () => body(scenario, 'canary.example.com')));
    return { v1: bodies.filter((each) => each === 'v1').length, v2: bodies.filter((each) => each === 'v2').length };
  };
  const take = async (from: string, to: string) => {
    await rewrite(folder, from, to);
    const { stdout } = await scenario.fairlead('plan', 'example');
    expect((await scenario.fairlead('apply', 'example', '--yes')).code).toBe(0);
    return stdout;
  };
  // Each worker deals them out in turn.
  const first = await versions(100);
  expect(first.v1 + first.v2).toBe(100);
  expect(Math.abs(first.v2 - 10)).toBeLessThanOrEqual(2);
  expect(await take('weight: 90', 'weight: 50')).toContain('backends: shop-v1 90, shop-v2 10 → shop-v1 50, shop-v2 10');
  const second = await versions(120);
  expect(Math.abs(second.v2 - 20)).toBeLessThanOrEqual(3);
  await take('shop-v2, weight: 10', 'shop-v2, weight: 0');
  expect(await versions(20)).toEqual({ v1: 20, v2: 0 });
  await take('  - { service: shop-v1, weight: 50 }\n  - { service: shop-v2, weight: 0 }', '  - { service: shop-v2 }');
  expect(await versions(20)).toEqual({ v1: 0, v2: 20 });
  expect((await scenario.fairlead('plan', 'example', '--detailed-exitcode')).code).toBe(0);
});

it.concurrent('host-port', async () => {
  const { scenario, ports } = await play('host-port', { hostPorts: [18080] });
  await using _ = scenario;
  expect(await directly(ports[0] ?? 0)).toBe('v1');
});

it.concurrent('tcp, whose port stays open while its service is updated', async () => {
  const port = await freePort();
  const { scenario, folder } = await play('tcp', {
    env: { FAIRLEAD_BALANCER_TCP: String(port) },
    change: (example) => rewrite(example, 'listen: 9000', `listen: ${port}`),
  });
  await using _ = scenario;
  expect(await directly(port)).toBe('v1');
  expect((await scenario.fairlead('status')).stdout).toMatch(
    new RegExp(`echo → echo {2}serving {2}tcp://\\S+:${port}\n`),
  );
  const answers: (string | Error)[] = [];
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) answers.push(await directly(port).catch((error: unknown) => error as Error));
  })();
  await rewrite(folder, 'echo:v1', 'web:v2');
  expect((await scenario.fairlead('apply', 'example', '--yes')).code).toBe(0);
  over.abort();
  await asking;
  expect([...new Set(answers)]).toEqual(['v1', 'v2']);
  expect(await directly(port)).toBe('v2');
});

it.concurrent('acme, with a certificate for all its names', async () => {
  const httpPort = await freePort();
  await using authority = await startPebble({ httpPort });
  const { directory, caFile } = authority;
  const { scenario } = await play('acme', {
    httpPort,
    env: { FAIRLEAD_BALANCER_ACME_DIRECTORY: directory, FAIRLEAD_BALANCER_ACME_CA_FILE: caFile },
  });
  await using _ = scenario;
  for (const host of ['blog.example.com', 'www.blog.example.com'])
    expect(await getSecurely(scenario.httpsPort, host)).toEqual({
      status: 200,
      body: 'v1\n',
      names: 'DNS:blog.example.com, DNS:www.blog.example.com',
    });
  expect((await scenario.get('blog.example.com', '/post/1?page=2')).headers['location']).toBe(
    `https://blog.example.com:${scenario.httpsPort}/post/1?page=2`,
  );
});

it.concurrent('the adapted documents of the seeds, all in one cluster', async () => {
  const { scenario, ports } = await play('seeds/adapted', { hostPorts: [18081] });
  await using _ = scenario;
  expect(await directly(ports[0] ?? 0)).toBe('v1');
  expect(await body(scenario, 'demo-api.example.com')).toBe('v2');
  const env = JSON.parse(await body(scenario, 'demo-api.example.com', '/env')) as Record<string, string>;
  expect(env).toMatchObject({ MESSAGE: 'so platform; many service; wow', FAIRLEAD_SERVICE: 'demo-api' });
  const answer = await scenario.get('srv.example.com', '/cloudifacturing-test-service/');
  expect(answer).toMatchObject({ status: 404, body: 'no page /cloudifacturing-test-service/\n' });
  // busybox' own page, not the balancer's.
  expect((await scenario.get('production.service.example.com')).body).toContain('The requested URL was not found');
});

it.concurrent('the verbatim documents of the seeds are refused or taken as they are', async () => {
  const of = (seed: string) => fairlead(['validate', join(EXAMPLES, 'seeds/verbatim', seed)], { cwd: EXAMPLES });
  const [halti, cloudflow, paz] = await Promise.all([of('halti'), of('cloudflow'), of('paz')]);
  expect(halti).toMatchObject({ code: 0, stderr: '' });
  expect([cloudflow.code, paz.code]).toEqual([3, 3]);
  expect(cloudflow.stdout).toContain(
    'test-service.json:4:5: error: `memory-reservation` is not a field of a Service. Did you mean `memory`?',
  );
  expect(paz.stdout).toContain(
    'contrived-service-1.json:13:3: error: `numInstances` is not a field of a Service. Did you mean `instances`?',
  );
});
