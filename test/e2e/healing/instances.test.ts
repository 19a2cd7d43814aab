import { afterAll, beforeAll, expect, it } from 'vitest';
import { crash } from '../../support/docker.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, loadBalancer, service, settled, type Container } from '../updates/app.ts';

/** Whatever happens to an instance from outside: it comes back, and the service answers all the time. */

let scenario: Scenario;

beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
  const manifests =
    service('web', 'v1', 'instances: 2') + loadBalancer('web') + service('peer', 'v1') + loadBalancer('peer');
  await scenario.repository.push({ 'web.yaml': manifests }, 'web');
  await scenario.answers('web.example.com', { body: 'v1' });
  await scenario.answers('peer.example.com', { body: 'v1' });
  await healed();
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

/** Two instances stand, both can be found by name from elsewhere in the cluster, and the balancer answers. */
async function healed(): Promise<Container[]> {
  const containers = await settled(scenario, 'web', { tag: 'v1', count: 2 });
  let found: string[] = [];
  const ask = async () => {
    found = JSON.parse((await scenario.get('peer.example.com', '/lookup?name=web')).body) as string[];
    const named = (await containersOf(scenario, 'web')).map((each) => each.namedAddress);
    return JSON.stringify(found.sort()) === JSON.stringify(named.sort());
  };
  await until('the name web leads to both', ask, { seen: () => found.join(' ') });
  await scenario.answers('web.example.com', { body: 'v1' });
  return containers;
}

const FAULTS: Record<string, (container: Container) => Promise<unknown>> = {
  stopped: ({ id }) => scenario.docker.getContainer(id).stop(),
  crashed: ({ id }) => crash(scenario.docker, id),
  removed: ({ id }) => scenario.docker.getContainer(id).remove({ force: true }),
  paused: ({ id }) => scenario.docker.getContainer(id).pause(),
};

it.for(Object.keys(FAULTS))('heals an instance that was %s', async (fault) => {
  const [victim] = await healed();
  if (victim === undefined) expect.fail('there is none');
  await FAULTS[fault]?.(victim);
  const isBack = (each: Container) =>
    each.state === 'running' && (each.id !== victim.id || isAnew(each, victim, fault));
  const ask = async () =>
    (await containersOf(scenario, 'web')).some((each) => each.slot === victim.slot && isBack(each));
  await until(`another start of ${victim.name}`, ask);
  await healed();
});

/** A container that was paused goes on where it was. */
function isAnew(now: Container, before: Container, fault: string): boolean {
  return fault === 'paused' || now.startedAt !== before.startedAt;
}

it('has written down each of them', async () => {
  const status = await scenario.reports('all is well', (each) => each.ready && each.events.some(isOf('resumed')));
  const events = status.events.filter((each) => each.object === 'web').map((each) => each.type);
  expect(events.filter((type) => type === 'started').length).toBeGreaterThanOrEqual(4);
  expect(events).toContain('fell');
});

function isOf(type: string) {
  return (event: { type: string; object: string }) => event.type === type && event.object === 'web';
}
