import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crash, execIn } from '../../support/docker.ts';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, livesOf, loadBalancer, service, settled, type Container } from '../updates/app.ts';

/** The balancer comes back with or without the reconciler, and so do instances. */

/** Milliseconds: a second or less, but for a busy machine. Where the engine tells of nothing it is asked much later. */
const SEEN_WITHIN = 8_000;
/** The engine tells of nothing that happens to a file. */
const CHANGE_SEEN_WITHIN = 30_000;
const INTERVAL = '25s';

let scenario: Scenario;
let running: RunningFairlead;

async function balancer() {
  return await scenario.docker.getContainer(`fairlead-${scenario.cluster}-balancer`).inspect();
}

async function restartOf(container: Container): Promise<void> {
  const isAnew = (each: Container) => each.id === container.id && each.startedAt !== container.startedAt;
  const ask = async () =>
    (await containersOf(scenario, 'web')).some((each) => isAnew(each) && each.state === 'running');
  await until(`another start of ${container.name}`, ask);
}

beforeAll(async () => {
  scenario = await Scenario.create({ interval: INTERVAL });
  const manifests = service('web', 'v1', 'instances: 2') + loadBalancer('web');
  await scenario.repository.push({ 'web.yaml': manifests }, 'web');
  running = scenario.run();
  await scenario.answers('web.example.com', { body: 'v1' });
  await settled(scenario, 'web', { tag: 'v1', count: 2 });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

/** What happens to the balancer in the moment of a step of its own is put right, but not told from that. */
async function calm(): Promise<void> {
  const { work } = scenario.repository.origin;
  let plan = '';
  const isEmpty = async () => {
    plan = (await scenario.fairlead('plan', work)).stdout;
    return plan.startsWith('Nothing to do');
  };
  await until('there is nothing to do', isEmpty, { seen: () => plan });
}

/** Waits for an event that is written down soon after what is done here. */
async function sees(what: string, within: number, hit: () => Promise<unknown>): Promise<void> {
  await calm();
  const mark = running.log.length;
  await hit();
  const isTold = () => running.events(mark).some((event) => event.includes(what));
  await until(`an event: ${what}`, isTold, { within, every: 20, seen: () => running.events(mark).join('\n') });
}

async function reported(what: string): Promise<void> {
  await scenario.reports(what, ({ events }) =>
    events.some(({ type, object, message }) => `${object}: ${type} ${message}`.includes(what)),
  );
}

const STOPPED = 'balancer: fell the balancer has stopped';
/** It may be seen on its way out. */
const REMOVED = 'balancer: fell the balancer ';
const CHANGED = 'is not as Fairlead left it';

it('starts a balancer that was stopped', async () => {
  const { Id } = await balancer();
  const stop = () => scenario.docker.getContainer(Id).stop();
  await sees(STOPPED, SEEN_WITHIN, stop);
  await scenario.answers('web.example.com', { body: 'v1' });
  expect((await balancer()).Id).toBe(Id);
  await reported(STOPPED);
});

it('makes a balancer anew that was removed, and touches no instance for it', async () => {
  const instances = await containersOf(scenario, 'web');
  const removed = async (remove: (container: Docker.Container) => Promise<unknown>) => {
    const { Id } = await balancer();
    await remove(scenario.docker.getContainer(Id));
    await scenario.answers('web.example.com', { body: 'v1' }, '/', 10_000);
    expect((await balancer()).Id).not.toBe(Id);
  };
  await removed((container) => sees(REMOVED, SEEN_WITHIN, () => container.remove({ force: true })));
  // At once, while it is still being started.
  await removed((container) => container.remove({ force: true }));
  await reported(REMOVED);
  expect(livesOf(await containersOf(scenario, 'web'))).toEqual(livesOf(instances));
});

it('puts back what somebody wrote into its config, and says so', async () => {
  const { Id } = await balancer();
  const shell = (script: string) => execIn(scenario.docker, Id, ['sh', '-c', `cd /var/lib/fairlead/* && ${script}`]);
  const write = () => shell('for f in haproxy-*.cfg; do echo "# by hand" >>$f; done');
  await sees(CHANGED, CHANGE_SEEN_WITHIN, write);
  const isClean = async () => !(await shell('cat haproxy-*.cfg')).includes('by hand');
  await until('the config is as it was', isClean, { within: 30_000 });
  await scenario.answers('web.example.com', { body: 'v1' });
  await reported(CHANGED);
});

it('wakes a balancer that was paused', async () => {
  const { Id } = await balancer();
  const pause = () => scenario.docker.getContainer(Id).pause();
  const isAwake = async () => !(await balancer()).State.Paused;
  await sees(STOPPED, SEEN_WITHIN, pause);
  await until('it is awake', isAwake, { within: SEEN_WITHIN, seen: () => scenario.logs() });
  await scenario.answers('web.example.com', { body: 'v1' });
  expect((await balancer()).Id).toBe(Id);
});

it('answers on while the reconciler is dead, and instances and balancer come back by themselves', async () => {
  await running.stop('SIGKILL');
  const [victim] = await containersOf(scenario, 'web');
  if (victim === undefined) expect.fail('there is none');
  await crash(scenario.docker, victim.id);
  await restartOf(victim);
  const before = await balancer();
  await crash(scenario.docker, before.Id);
  await until('another start of the balancer', async () => {
    const { State } = await balancer();
    return State.Running && State.StartedAt !== before.State.StartedAt;
  });
  await scenario.answers('web.example.com', { body: 'v1' });
  const asked = async () => (await scenario.get('web.example.com')).headers['x-instance'];
  const names = (await containersOf(scenario, 'web')).map((each) => each.id.slice(0, 12));
  for (const name of names) await until(`an answer of ${name}`, async () => (await asked()) === name);
});
