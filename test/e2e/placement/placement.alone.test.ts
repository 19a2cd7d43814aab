import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { makeStack } from '../../lab/git-hosts.ts';
import { Scenario } from '../../support/scenario.ts';
import { app, loadBalancer, sleeper, yaml } from '../../support/yaml.ts';

/** What does not fit on the node is told beforehand and afterwards, with what is free; everything else goes on. */

interface PlanDocument {
  readonly unscheduled: readonly {
    service: string;
    instance: number;
    problems: readonly { reason: string; host: { name: string; cpu: number; memory: number; services: string[] } }[];
  }[];
}

/** On an engine of its own: what other clusters reserve on the node counts. */
const stack = makeStack();
let scenario: Scenario;
let node: { name: string; cpu: number; memory: number };
beforeAll(async () => {
  const { host } = stack.use(await startPrivateEngine());
  await ensureImages(host, ['lab/app:v1', 'lab/app:v2', 'lab/busybox:1', 'lab/haproxy:3.0']);
  scenario = stack.use(await Scenario.create({ host, config: 'node: { capabilities: [ssd] }\n' }));
  const { NCPU, MemTotal, Name } = (await scenario.docker.info()) as { NCPU: number; MemTotal: number; Name: string };
  node = { name: Name, cpu: NCPU, memory: Math.floor(MemTotal / 1024 / 1024) };
});
afterAll(() => stack.disposeAsync());

/** `service/instance: reasons` of all that a plan cannot place. */
async function unscheduled(...documents: object[]): Promise<string[]> {
  await scenario.manifests(yaml(...documents), 'planned');
  const { code, stdout } = await scenario.fairlead('plan', 'planned', '--format', 'json');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as PlanDocument).unscheduled.map(
    ({ service, instance, problems }) => `${service}/${instance}: ${problems.map((each) => each.reason).join()}`,
  );
}

it('predicts each reason, and takes an exact fit', async () => {
  const fits = [sleeper('all', { cpu: node.cpu }), sleeper('fast', { requirements: ['ssd'] })];
  expect(await unscheduled(...fits)).toEqual([]);
  expect(await unscheduled(sleeper('greedy', { cpu: node.cpu + 0.1 }))).toEqual(['greedy/1: not-enough-cpu']);
  expect(await unscheduled(sleeper('big', { memory: node.memory + 1 }))).toEqual(['big/1: not-enough-memory']);
  expect(await unscheduled(sleeper('gpu', { requirements: ['ssd', 'gpu'] }))).toEqual(['gpu/1: missing-capabilities']);
  expect(await unscheduled(sleeper('pair', { instances: 3, maxPerNode: 2 }))).toEqual(['pair/3: duplicate']);
  const foes = [sleeper('cat', { conflictsWith: ['mouse-*'] }), sleeper('mouse-1'), sleeper('dog')];
  expect(await unscheduled(...foes)).toEqual(['mouse-1/1: conflicts-with']);
  expect(await unscheduled(sleeper('self', { instances: 2, conflictsWith: ['self'] }))).toEqual([]);
});

it('shows in the text of the plan what is needed, and what is free', async () => {
  await scenario.manifests(yaml(sleeper('half', { cpu: node.cpu / 2 }), sleeper('rest', { cpu: node.cpu })));
  const { code, stdout } = await scenario.fairlead('plan', 'manifests', '--detailed-exitcode');
  expect(code).toBe(2);
  expect(stdout).toContain(`! Service rest  instance 1 is not scheduled (needs ${node.cpu} cores, 0 MB)\n`);
  expect(stdout).toMatch(
    new RegExp(`^ {4}${node.name}: not-enough-cpu; free there: ${node.cpu / 2} cores, \\d+ MB$`, 'm'),
  );
  expect(stdout).toMatch(/\nPlan: 1 to create, 1 unscheduled, \d+ unchanged\.\n$/);
});

it('commits who waits and why, while the others run and an update that does not fit leaves the old one serving', async () => {
  const first = app('web', { cpu: node.cpu / 2 });
  await scenario.repository.push({ 'app.yaml': yaml(first, loadBalancer('web')) }, 'Begin');
  scenario.run();
  await scenario.answers('web.example.com', { body: 'v1' });
  const before = await scenario.runningIds();

  const grown = app('web', { cpu: node.cpu * 2, image: 'lab/app:v2' });
  const others = [sleeper('gpu', { requirements: ['gpu'], memory: 64 }), sleeper('small', { cpu: 0.1 })];
  await scenario.repository.push({ 'app.yaml': yaml(grown, loadBalancer('web'), ...others) }, 'Grow too much');
  const status = await scenario.reports('the small one runs', ({ services }) =>
    services.some((each) => each.name === 'small' && each.state === 'steady'),
  );
  expect(status.ready).toBe(false);
  const states = Object.fromEntries(status.services.map((each) => [each.name, each.state]));
  expect(states).toEqual({ gpu: 'unscheduled', small: 'steady', web: 'unscheduled' });
  const waiting = [...status.unscheduled].sort((a, b) => (a.service < b.service ? -1 : 1));
  expect(waiting).toMatchObject([
    {
      service: 'gpu',
      instance: 1,
      memory: 64,
      requirements: ['gpu'],
      problems: [{ reason: 'missing-capabilities', host: { name: node.name, capabilities: ['ssd'] } }],
    },
    { service: 'web', instance: 1, cpu: node.cpu * 2, problems: [{ reason: 'not-enough-cpu' }] },
  ]);
  expect(status.services.find((each) => each.name === 'web')?.problem).toMatchObject({
    layer: 'scheduling',
    reason: 'not-enough-cpu',
  });
  expect(status.nodes[0]?.cpu).toMatchObject({ total: node.cpu });
  expect((await scenario.get('web.example.com')).body.trim()).toBe('v1');
  expect(await scenario.runningIds()).toEqual(expect.arrayContaining(before));

  await scenario.repository.push(
    { 'app.yaml': yaml(app('web', { image: 'lab/app:v2' }), loadBalancer('web')) },
    'Be modest',
  );
  await scenario.answers('web.example.com', { body: 'v2' });
});
