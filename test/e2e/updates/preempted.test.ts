import { afterAll, beforeAll, expect, it } from 'vitest';
import { isThorough, some } from '../../support/cases.ts';
import { EngineProxy } from '../../support/engine-proxy.ts';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';
import { containersOf, settled } from './app.ts';

/** Whatever a rollout waits for: a newer commit is acted on at once, and who is told to end ends in time. */

const SECOND = 1000;
const LONGEST_ENDING = 10 * SECOND;
/** Endings where not each wait is looked at. */
const FEW = 2;
const CHECKED = { healthCheck: { http: { path: '/health', port: 8080, status: '200' } } };

/** An update that waits for long, and what shows that it does. */
interface Wait {
  readonly name: string;
  /** Of the service that is updated. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of the one before it. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly arrange?: () => Promise<void> | void;
  readonly waits: () => Promise<boolean>;
  readonly release?: () => Promise<void>;
  /** Milliseconds in which the newer commit is acted on; default: a second. */
  readonly within?: number;
}

let proxy: EngineProxy;
let scenario: Scenario;
let running: RunningFairlead;

beforeAll(async () => {
  proxy = await EngineProxy.open();
  scenario = await Scenario.create({ through: proxy.host });
  running = scenario.run();
});
afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

async function push(fields: Readonly<Record<string, unknown>>): Promise<string> {
  const manifests = yaml(app('web', { ...CHECKED, ...fields }), loadBalancer('web'));
  return await scenario.repository.push({ 'app.yaml': manifests }, 'Go on');
}

async function tagsOf(state = 'running'): Promise<string[]> {
  const containers = await containersOf(scenario, 'web');
  return containers.filter((each) => each.state === state).map((each) => each.tag);
}

const has = (tag: string) => async () => (await tagsOf()).includes(tag);
const serves = (tag: string) => async () => (await scenario.get('web.example.com')).body.trim() === tag;
const asked = (what: RegExp) => () => Promise.resolve(proxy.requests.slice(since).some((each) => what.test(each)));
const told = (what: string) => () => Promise.resolve(running.log.slice(logged).includes(what));
let [since, logged] = [0, 0];

const WAITS: readonly Wait[] = [
  {
    name: 'for an image that takes its time',
    fields: { image: 'lab/app:v2', pullPolicy: 'always' },
    arrange: () => proxy.fail({ do: 'silence', on: /POST \/images\/create/ }),
    waits: asked(/POST \/images\/create/),
  },
  {
    name: 'for an image that is not there',
    fields: { image: 'lab/app:missing' },
    waits: told('lab/app:missing'),
  },
  {
    name: 'for a candidate that does not get ready',
    fields: { image: 'lab/app:unhealthy' },
    waits: has('unhealthy'),
  },
  {
    name: 'for the successor of what it has stopped',
    before: { update: { strategy: 'recreate' } },
    fields: { image: 'lab/app:unhealthy', update: { strategy: 'recreate' } },
    waits: has('unhealthy'),
  },
  {
    name: 'for a balancer that says nothing',
    fields: { image: 'lab/app:v2' },
    arrange: () => signalBalancer('SIGSTOP'),
    waits: has('v2'),
    release: () => signalBalancer('SIGCONT'),
    // Each pass on the way asks it in vain.
    within: 3 * SECOND,
  },
  {
    name: 'for the end of a monitor window',
    fields: { image: 'lab/app:v2', update: { monitor: '60s' } },
    waits: serves('v2'),
  },
  {
    name: 'between two batches',
    before: { instances: 2 },
    fields: { image: 'lab/app:v2', instances: 2, update: { monitor: '200ms', delay: '60s' } },
    waits: serves('v2'),
  },
  {
    name: 'for an instance that takes its time to stop',
    before: { image: 'lab/app:stubborn', stopGracePeriod: '8s' },
    fields: { image: 'lab/app:v2', stopGracePeriod: '8s' },
    waits: asked(/POST \/containers\/\w+\/stop/),
  },
  {
    name: 'for requests in flight',
    before: { update: { drain: '60s' } },
    fields: { image: 'lab/app:v2', update: { monitor: '200ms', drain: '60s' } },
    arrange: () => void scenario.get('web.example.com', '/slow?ms=8000').catch(() => undefined),
    waits: serves('v2'),
  },
  {
    name: 'with an old set that it keeps',
    before: { update: { monitor: '200ms', strategy: 'green-blue', keepOld: '200ms' } },
    fields: { image: 'lab/app:v2', update: { monitor: '200ms', strategy: 'green-blue', keepOld: '60s' } },
    waits: async () => (await serves('v2')()) && (await has('v1')()),
  },
];

/** To its master, which has the command line. */
async function signalBalancer(signal: NodeJS.Signals): Promise<void> {
  const { State } = await scenario.docker.getContainer(`fairlead-${scenario.cluster}-balancer`).inspect();
  process.kill(State.Pid, signal);
}

async function goToWait({ fields, before = {}, arrange, waits }: Wait): Promise<void> {
  const first = { image: 'lab/app:v1', instances: 1, ...before };
  await push(first);
  const tag = first.image.split(':')[1] ?? '';
  await settled(scenario, 'web', { tag, count: first.instances });
  await scenario.answers('web.example.com', { body: tag });
  [since, logged] = [proxy.requests.length, running.log.length];
  await arrange?.();
  await push(fields);
  await until('it waits', waits);
}

/** What it waited for is there again; v3 comes, whatever came before. */
async function arrive({ release }: Wait): Promise<void> {
  proxy.heal();
  await release?.();
  await settled(scenario, 'web', { tag: 'v3', count: 1 });
}

it.for(WAITS)('goes on with a newer commit while it waits $name', async (wait) => {
  await goToWait(wait);
  const newer = await push({ image: 'lab/app:v3' });
  const took = `took ${newer.slice(0, 7)}`;
  await until(took, () => running.log.includes(took), { every: 5 });
  const [at, changes] = [Date.now(), proxy.changes.length];
  const made = () => proxy.changes.slice(changes).find(({ path }) => /\/containers\/create$/.test(path));
  const change = await until('a container of it', made, { every: 5 });
  await arrive(wait);
  console.log(`acted on after ${change.at - at} ms`);
  expect(change.at - at).toBeLessThan(wait.within ?? SECOND);
});

it.for(isThorough ? WAITS : some(WAITS, FEW))('ends when it is told to while it waits $name', async (wait) => {
  await goToWait(wait);
  const since = Date.now();
  expect(await running.stop()).toBe(0);
  expect(Date.now() - since).toBeLessThan(LONGEST_ENDING);
  running = scenario.run();
  await push({ image: 'lab/app:v3' });
  await arrive(wait);
});
