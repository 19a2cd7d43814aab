import { afterAll, beforeAll, expect, it } from 'vitest';
import { crash } from '../../support/docker.ts';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, livesOf, loadBalancer, service, settled, type Container } from '../updates/app.ts';
import { watchBodies } from '../updates/watch.ts';

/**
 * Whatever happens to an instance from outside: it is seen at once, since the engine tells of it, said, and put right, and
 * whoever is left answers meanwhile.
 */

const MB = 1024 ** 2;
/** Milliseconds: a second or less, but for a busy machine. Where the engine tells of nothing it is asked much later. */
const SEEN_WITHIN = 8_000;
const INTERVAL = '25s';

let scenario: Scenario;
let running: RunningFairlead;

beforeAll(async () => {
  scenario = await Scenario.create({ interval: INTERVAL });
  const manifests =
    service('web', 'v1', 'instances: 2\nlimits: { memory: 128 }') +
    loadBalancer('web') +
    service('peer', 'v1') +
    loadBalancer('peer');
  await scenario.repository.push({ 'web.yaml': manifests }, 'web');
  running = scenario.run();
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

/** What happens to an instance in the moment of a step of its own is not told from that. */
async function calm(): Promise<void> {
  const last = () => running.events(0).findLast((event) => event.startsWith('web: '));
  await until('web is steady', () => last()?.startsWith('web: steady ') ?? false, { seen: () => last() ?? '' });
}

/** Waits for an event that this process writes down soon after what is done here. */
async function sees(told: RegExp, hit: () => Promise<unknown>): Promise<void> {
  await calm();
  const mark = running.log.length;
  await hit();
  const since = Date.now();
  const seen = () => running.events(mark);
  const isTold = () => seen().some((event) => told.test(event));
  await until(`an event that matches ${String(told)}`, isTold, {
    within: SEEN_WITHIN,
    every: 20,
    seen: () => seen().join('\n'),
  });
  console.log(`seen after ${Date.now() - since} ms: ${String(told)}`);
}

/** What was answered while nobody was there to answer. */
function unserved(bodies: readonly string[]): string[] {
  return bodies.filter((body) => body.startsWith('503'));
}

interface Fault {
  readonly hit: (victim: Container) => Promise<unknown>;
  /** What the container of its slot is once it is healed. */
  readonly isHealed: (now: Container, victim: Container) => boolean;
  /** The event that says what was wrong. */
  readonly told: RegExp;
  /** Nobody has to notice: another instance serves meanwhile, and nothing of this one is cut. */
  readonly isSmooth?: boolean;
}

const isAnew = (now: Container, victim: Container) => now.id !== victim.id || now.startedAt !== victim.startedAt;
const isAnother = (now: Container, victim: Container) => now.id !== victim.id && now.name === victim.name;
const network = (suffix = '') => scenario.docker.getNetwork(`fairlead-${scenario.cluster}${suffix}`);
const disconnect =
  (suffix = '') =>
  async ({ id }: Container) => {
    await network(suffix).disconnect({ Container: id, Force: true });
  };

const FAULTS: Readonly<Record<string, Fault>> = {
  stopped: { hit: ({ id }) => scenario.docker.getContainer(id).stop(), isHealed: isAnew, told: /^web: fell .* fell: / },
  crashed: {
    hit: ({ id }) => crash(scenario.docker, id),
    isHealed: isAnew,
    told: /^web: fell .*(Docker starts it again| fell: )/,
  },
  removed: {
    hit: ({ id }) => scenario.docker.getContainer(id).remove({ force: true }),
    isHealed: isAnew,
    told: /^web: fell .*( fell: |removed from outside)/,
  },
  paused: {
    hit: ({ id }) => scenario.docker.getContainer(id).pause(),
    isHealed: ({ state }) => state === 'running',
    told: /^web: paused .* was paused from outside/,
  },
  renamed: {
    hit: ({ id }) => scenario.docker.getContainer(id).rename({ name: `${scenario.cluster}-stranger` }),
    isHealed: isAnother,
    told: /^web: changed .* name is /,
    isSmooth: true,
  },
  limited: {
    hit: ({ id }) => scenario.docker.getContainer(id).update({ Memory: 100 * MB, MemorySwap: 100 * MB }),
    isHealed: (now, victim) => now.memoryLimit === 128 * MB && !isAnew(now, victim),
    told: /^web: changed .* it has other limits/,
    isSmooth: true,
  },
  'taken off its network': { hit: disconnect(), isHealed: isAnother, told: /^web: changed .*network/ },
  'taken off the network of names': {
    hit: disconnect('-names'),
    isHealed: ({ namedAddress }) => namedAddress !== '',
    told: /^web: changed .* it was taken off its names/,
    isSmooth: true,
  },
};

it.for(Object.entries(FAULTS))(
  'heals an instance that was %s',
  async ([, { hit, isHealed, told, isSmooth = false }]) => {
    const [victim] = await healed();
    if (victim === undefined) expect.fail('there is none');
    await using bodies = watchBodies(scenario, 'web.example.com');
    await sees(told, () => hit(victim));
    const ask = async () =>
      (await containersOf(scenario, 'web')).some(
        (each) => each.slot === victim.slot && each.state === 'running' && isHealed(each, victim),
      );
    await until(`${victim.name} is healed`, ask);
    await healed();
    const answered = await bodies.stop();
    expect(unserved(answered)).toEqual([]);
    if (isSmooth) expect(answered).toEqual(['v1']);
    await scenario.reports(`an event that matches ${String(told)}`, ({ events }) =>
      events.some(({ type, object, message }) => told.test(`${object}: ${type} ${message}`)),
    );
  },
);

it('removes a stranger that has its labels, and says so', async () => {
  const before = await healed();
  const labels = {
    cluster: scenario.cluster,
    role: 'service',
    service: 'web',
    release: 'badcafe',
    slot: '9',
    version: 'v9',
  };
  const Labels = Object.fromEntries(Object.entries(labels).map(([name, value]) => [`io.fairlead.${name}`, value]));
  const stranger = await scenario.docker.createContainer({ Image: 'lab/app:v2', Labels });
  const { Name } = await stranger.inspect();
  await using bodies = watchBodies(scenario, 'web.example.com');
  await sees(/^web: (stopped|removed|deregistered) /, () => stranger.start());
  await until(
    'the stranger is gone',
    async () => !(await containersOf(scenario, 'web')).some(({ id }) => id === stranger.id),
  );
  expect(livesOf(await healed())).toEqual(livesOf(before));
  expect(await bodies.stop()).toEqual(['v1']);
  await scenario.reports('the end of the stranger is told', ({ events }) =>
    events.some(({ object, message }) => object === 'web' && message.includes(Name.slice(1))),
  );
});

it('makes a network anew that was removed, with all that were on it', async () => {
  await healed();
  const { Containers } = (await network().inspect()) as { Containers: Record<string, unknown> };
  await sees(/^cluster: fell the network default is gone: it was removed from outside/, async () => {
    // Fairlead puts on it again whom it sees off it.
    running.child.kill('SIGSTOP');
    for (const id of Object.keys(Containers)) await network().disconnect({ Container: id, Force: true });
    await network().remove();
    running.child.kill('SIGCONT');
  });
  for (const name of ['web', 'peer']) await scenario.answers(`${name}.example.com`, { body: 'v1' });
  await healed();
});

it('has nothing to complain about in the end', async () => {
  const status = await scenario.reports('all is well', ({ ready }) => ready);
  expect(status.problems).toEqual([]);
});
