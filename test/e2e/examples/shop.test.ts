import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImages } from '../../../script/images.mjs';
import { SHOP_IMAGES } from '../../../script/image-recipes.mjs';
import { makeOrigin, makeStack, temporaryFolder } from '../../lab/git-hosts.ts';
import { startLoad, type Load } from '../../lab/load.ts';
import { dockerAt, dockerHost, execIn } from '../../support/docker.ts';
import { fairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { takesOver } from '../load/taking-over.ts';
import { containersOf, idsOf, livesOf } from '../updates/app.ts';
import { startCustomer, type Customer } from './customer.ts';
import { standIn } from './stand-ins.ts';

/** A whole application, three releases of it, and customers who order all the time and notice nothing. */

const SHOP = fileURLToPath(new URL('../../../examples/shop/', import.meta.url));
const HOST = 'shop.example.com';
const from = (name: string) => `registry.example.com/shop/${name}`;
const IMAGES = [
  { name: from('postgres:17'), image: 'lab/postgres:17' },
  { name: from('redis:8'), image: 'lab/redis:8' },
  { name: from('nginx:1.26'), image: 'lab/nginx:1.26' },
  { name: from('web:v1'), image: 'lab/shop:v1' },
  { name: from('web:v2'), image: 'lab/shop:v2' },
  { name: from('web:v3'), image: 'lab/shop:v2' },
];

const stack = makeStack();
let scenario: Scenario;
let files: Record<string, string>;
let load: Load;
let customer: Customer;

/** All that a clone of the repository has, by path. */
async function filesOfShop(): Promise<Record<string, string>> {
  const found = await readdir(SHOP, { recursive: true, withFileTypes: true });
  const paths = found.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(SHOP.length), await readFile(path, 'utf8')] as const)),
  );
}

/** With what production has for the scenario's own cluster, too. */
function withCluster(shop: Record<string, string>, cluster: string): Record<string, string> {
  const production = Object.entries(shop).filter(([path]) => path.startsWith('clusters/production/'));
  const own = production.map(([path, text]) => [path.replace('/production/', `/${cluster}/`), text]);
  return { ...shop, ...(Object.fromEntries(own) as Record<string, string>) };
}

/** Changes these files and pushes. */
async function release(message: string, changes: Record<string, (text: string) => string>): Promise<string> {
  for (const [path, change] of Object.entries(changes)) files[path] = change(files[path] ?? '');
  return await scenario.repository.push(files, message);
}

const tagged = (tag: string) => (text: string) => text.replace(/^TAG: .*$/m, `TAG: ${tag}`);

/** Waits until the cluster is as the commit says, with nothing left over. */
async function applied(commit: string): Promise<void> {
  const status = await scenario.reports(
    'the commit is applied',
    ({ revision, ready }) => revision.applied === commit && ready,
    110_000,
  );
  expect(status.problems).toEqual([]);
}

async function lives(name: string): Promise<string[]> {
  return livesOf(await containersOf(scenario, name));
}

/** What the database itself says, a line a row. */
async function sql(query: string): Promise<string[]> {
  const [db] = (await containersOf(scenario, 'db')).filter(({ state }) => state === 'running');
  const command = [
    'psql',
    '--username=postgres',
    '--dbname=shop',
    '--tuples-only',
    '--no-align',
    '--pset=pager=off',
    `--command=${query}`,
  ];
  const printed = await execIn(scenario.docker, db?.id ?? 'no database', command);
  return printed.split(/\r?\n/).filter((line) => line !== '');
}

/** How many orders the worker has packed, as customers are told. */
async function packed(): Promise<number> {
  const { body } = await scenario.get(HOST, '/api/orders');
  return (JSON.parse(body) as { packed: number }).packed;
}

/** Waits until there is one in the place of that one, and orders are taken again. */
async function anotherDatabase(before: string | undefined): Promise<void> {
  const isThere = async () =>
    (await containersOf(scenario, 'db')).some(({ id, state }) => id !== before && state === 'running');
  await until('there is another database', isThere, { within: 60_000, seen: () => scenario.logs() });
  const taken = customer.taken.length;
  const areTaken = () => customer.taken.length > taken + 20;
  await until('orders are taken again', areTaken, { within: 60_000, seen: () => scenario.logs() });
}

beforeAll(async () => {
  await ensureImages(dockerHost(), SHOP_IMAGES);
  stack.use(await standIn(dockerAt(dockerHost()), IMAGES));
  scenario = stack.use(await Scenario.create());
  files = withCluster(await filesOfShop(), scenario.cluster);
  scenario.run();
  await applied(await release('Open the shop', {}));
  load = stack.use(
    startLoad({
      port: scenario.httpPort,
      hostHeader: HOST,
      path: '/api/release',
      ratePerSecond: 100,
      newConnectionsPerSecond: 10,
      idleConnections: 5,
      slow: { path: '/api/release', everyMs: 1000 },
      allowedBodies: ['v1', 'v2'],
    }),
  );
  customer = stack.use(startCustomer(scenario.httpPort, HOST));
}, 300_000);
afterAll(() => stack.disposeAsync());

it('is one application of many parts', async () => {
  const page = await scenario.get(HOST);
  expect(page).toMatchObject({ status: 200, headers: { 'cache-control': 'max-age=60' } });
  expect(page.body).toContain('<h1>The shop</h1>');
  expect(idsOf(await containersOf(scenario, 'web'))).toHaveLength(2);
  expect(await sql('SELECT name FROM migrations')).toEqual(['001-orders.sql']);
  await until('the worker packs orders', async () => (await packed()) > 10);
});

it('runs a new migration once, and then the release that needs it', async () => {
  const commit = await release('Let customers order several of an item', {
    'variables.yaml': tagged('v2'),
    'migrations/002-quantity.sql': () => 'ALTER TABLE orders ADD COLUMN quantity integer NOT NULL DEFAULT 1;\n',
  });
  await applied(commit);
  expect((await scenario.get(HOST, '/api/release')).body).toBe('v2');
  expect(await sql('SELECT name FROM migrations ORDER BY name')).toEqual(['001-orders.sql', '002-quantity.sql']);
  const runs = await containersOf(scenario, 'migrate');
  const migrated = Math.max(...runs.map(({ finishedAt }) => Date.parse(finishedAt)));
  const started = [...(await containersOf(scenario, 'web')), ...(await containersOf(scenario, 'worker'))];
  expect(runs).toHaveLength(2);
  expect(Math.min(...started.map(({ startedAt }) => Date.parse(startedAt)))).toBeGreaterThanOrEqual(migrated);
  const several = () => sql('SELECT id FROM orders WHERE quantity = 2');
  await until('orders have quantities', async () => (await several()).length > 10);
});

it('serves a changed nginx.conf by new instances of nginx, and nothing else is new', async () => {
  const before = [await lives('db'), await lives('migrate'), await lives('web'), await lives('worker')];
  const old = idsOf(await containersOf(scenario, 'nginx'));
  await applied(
    await release('Let browsers keep pages for an hour', {
      'nginx.conf': (text) => text.replace('expires 1m', 'expires 1h'),
    }),
  );
  expect((await scenario.get(HOST)).headers['cache-control']).toBe('max-age=3600');
  const nginx = idsOf(await containersOf(scenario, 'nginx'));
  expect(nginx).toHaveLength(2);
  expect(nginx.filter((id) => old.includes(id))).toEqual([]);
  expect([await lives('db'), await lives('migrate'), await lives('web'), await lives('worker')]).toEqual(before);
});

it('stops before the web tier where a migration is broken, and says why', async () => {
  const before = [await lives('web'), await lives('worker'), await lives('nginx')];
  await release('Rename a column that is not there', {
    'variables.yaml': tagged('v3'),
    'migrations/003-total.sql': () => 'ALTER TABLE orders RENAME COLUMN amount TO total;\n',
  });
  const { jobs, services } = await scenario.reports('the migration has failed', (status) =>
    status.jobs.some(({ state }) => state === 'failed'),
  );
  expect(jobs[0]?.problem).toMatchObject({
    reason: 'job-failed',
    logTail: ['003-total.sql: column "amount" does not exist'],
  });
  expect(jobs[0]?.runs).toMatchObject([
    { run: 3, state: 'failed', exitCode: 1 },
    { run: 2, state: 'succeeded' },
    { run: 1, state: 'succeeded' },
  ]);
  const reasons = services.map(({ name, problem }) => [name, problem?.reason]);
  expect(Object.fromEntries(reasons)).toMatchObject({ web: 'dependency-not-ready', worker: 'dependency-not-ready' });
  expect((await scenario.fairlead('status', 'migrate')).stdout).toContain('column "amount" does not exist');
  await takesOver(load, 500);
  expect([await lives('web'), await lives('worker'), await lives('nginx')]).toEqual(before);
});

it('makes customers wait, and no more, while a database that somebody has removed is made anew', async () => {
  const [before] = await containersOf(scenario, 'db');
  await scenario.docker.getContainer(before?.id ?? '').remove({ force: true });
  await anotherDatabase(before?.id);
  expect((await scenario.fairlead('logs', 'db')).stdout).toContain('not properly shut down');
});

it('makes them wait for a database that is stopped and started, too', async () => {
  const [before] = await containersOf(scenario, 'db');
  const { code, stderr } = await scenario.fairlead('restart', 'db');
  expect(code, stderr).toBe(0);
  await anotherDatabase(before?.id);
  expect((await scenario.fairlead('logs', 'db')).stdout).not.toContain('not properly shut down');
});

it('has failed no request, and lost no order', async () => {
  await customer.stop();
  const report = await load.stop();
  console.log(
    `${report.requests} requests and ${customer.taken.length} orders in ${report.seconds} s; p99 ${report.p99} ms`,
  );
  expect(report.failures).toEqual([]);
  expect(Object.keys(report.bodies)).toEqual(['v1', 'v2']);
  expect(customer.failures).toEqual([]);
  expect((await sql('SELECT id FROM orders')).sort()).toEqual([...customer.taken].sort());
  const unpacked = () => sql('SELECT id FROM orders WHERE packed IS NULL');
  await until('all orders are packed', async () => (await unpacked()).length === 0);
});

it('is valid for both clusters, and a change of production leaves staging as it is', async () => {
  await using folder = await temporaryFolder();
  const origin = await makeOrigin(folder.path);
  await origin.push(await filesOfShop(), 'The shop');
  const here = (...args: string[]) =>
    fairlead(args, { cwd: origin.work, env: { DOCKER_HOST: 'unix:///nowhere.sock' } });
  for (const cluster of ['staging', 'production'])
    expect(await here('validate', '.', '--cluster', cluster)).toEqual({
      code: 0,
      stdout: '7 manifests valid\n',
      stderr: '',
    });
  await appendFile(join(origin.work, 'clusters/production/variables.yaml'), 'TAG: v2\n');
  const { code, stdout } = await here('plan', '.', '--against', 'HEAD');
  expect(code).toBe(0);
  expect(stdout).toContain('registry.example.com/shop/web:v1 → registry.example.com/shop/web:v2');
  expect(stdout).toContain('Touches production; staging is as before.');
});
