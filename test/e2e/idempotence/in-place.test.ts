import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';
import { containersOf, livesOf, type Container } from '../updates/app.ts';
import { applied, planOf } from './plans.ts';

/** What changes without a container that ends or begins, but for those that are asked for. */

const HEALTH = { path: '/health', port: 8080 };
const SERVICE = {
  instances: 2,
  cpu: 0.05,
  memory: 32,
  limits: { cpu: 1, memory: '64M' },
  healthCheck: { http: HEALTH },
};

type Fields = Readonly<Record<string, unknown>>;

interface Step {
  readonly what: string;
  readonly service?: Fields;
  readonly route?: Fields;
  /** Fields that the plan names. */
  readonly differ: readonly string[];
  /** What can be seen of it afterwards. */
  readonly effect?: (containers: readonly Container[]) => void | Promise<void>;
}

const answers = async (host: string, path = '/') => {
  await scenario.answers(host, { body: 'v1' }, path);
};

/** One after the other, each on top of those before it. */
const STEPS: readonly Step[] = [
  {
    what: 'more instances',
    service: { instances: 3 },
    differ: ['instances'],
    effect: (all) => expect(all).toHaveLength(3),
  },
  {
    what: 'fewer instances',
    service: { instances: 2 },
    differ: ['instances'],
    effect: (all) => expect(all).toHaveLength(2),
  },
  { what: 'reservations', service: { cpu: 0.1, memory: 48 }, differ: ['cpu', 'memory'] },
  {
    what: 'limits',
    service: { limits: { cpu: 0.5, memory: '96M' } },
    differ: ['limits.cpu', 'limits.memory'],
    effect: (all) => expect(all.map((each) => each.memoryLimit)).toEqual([96 * 1024 ** 2, 96 * 1024 ** 2]),
  },
  {
    what: 'restart',
    service: { restart: 'always' },
    differ: ['restart'],
    effect: (all) => expect(all.map((each) => each.restartPolicy)).toEqual(['always', 'always']),
  },
  {
    what: 'how it is updated',
    service: {
      update: {
        monitor: '300ms',
        strategy: 'green-blue',
        drain: 1,
        keepOld: 0,
        timeout: '90s',
        failureAction: 'pause',
      },
    },
    differ: [],
  },
  {
    what: 'where it may stand and how it is fetched',
    service: {
      description: 'Shop',
      requirements: ['ssd'],
      maxPerNode: 5,
      conflictsWith: 'batch-*',
      pullPolicy: 'never',
    },
    differ: [],
  },
  {
    what: 'the http check',
    service: { healthCheck: { http: { ...HEALTH, status: '200-299' }, interval: '3s', timeout: '2s', retries: 4 } },
    differ: ['healthCheck.http.status', 'healthCheck.timeout'],
  },
  {
    what: 'no http check',
    service: { healthCheck: undefined },
    differ: ['healthCheck.http.path', 'healthCheck.http.port', 'healthCheck.http.status', 'healthCheck.timeout'],
  },
  {
    what: 'host names',
    route: { hostnames: ['a.example.com', 'b.example.com'] },
    differ: ['hostnames'],
    effect: () => answers('b.example.com'),
  },
  {
    what: 'the path',
    route: { path: '/shop', stripPath: true },
    differ: ['path', 'stripPath'],
    effect: () => answers('a.example.com', '/shop/'),
  },
  {
    what: 'timeouts',
    route: { timeouts: { server: '3s', tunnel: '2h' } },
    differ: ['timeouts.server', 'timeouts.tunnel'],
  },
  {
    what: 'a host name for the other set',
    service: { update: { strategy: 'green-blue', preview: 'next.example.com' } },
    differ: ['update.preview'],
  },
  { what: 'no route any more', route: { enabled: false }, differ: [] },
];

let scenario: Scenario;
let service: Fields = SERVICE;
let route: Fields = {};

const write = () => scenario.manifests(yaml(app('web', service), loadBalancer('web', route)));

beforeAll(async () => {
  scenario = await Scenario.create({ config: 'node: { capabilities: [ssd] }' });
  await applied(scenario, await write());
});
afterAll(() => scenario[Symbol.asyncDispose]());

describe.each(STEPS)('$what', (step) => {
  it('changes in the containers that run', async () => {
    const before = await containersOf(scenario, 'web');
    service = { ...service, ...step.service };
    route = { ...route, ...step.route };
    const { changes } = await planOf(scenario, await write());
    expect(changes.flatMap((each) => each.fields.map(({ path }) => path))).toEqual(step.differ);
    await applied(scenario, 'manifests');
    const after = await containersOf(scenario, 'web');
    const both = Math.min(before.length, after.length);
    expect(livesOf(after.slice(0, both))).toEqual(livesOf(before.slice(0, both)));
    await step.effect?.(after);
    expect((await planOf(scenario, 'manifests')).changes).toEqual([]);
  });
});
