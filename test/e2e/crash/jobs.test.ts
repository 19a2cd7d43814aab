import { afterAll, beforeAll, expect, it } from 'vitest';
import { isThorough, patienceOfWalk, some } from '../../support/cases.ts';
import { execIn } from '../../support/docker.ts';
import { nameOf, type Call } from '../../support/engine-call.ts';
import { EngineProxy, type Side } from '../../support/engine-proxy.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { sleeper, yaml } from '../../support/yaml.ts';

/**
 * A process that is killed at any call on the way to a release with a migration: the next one brings it there, and the
 * migration has run exactly once. Each run writes the name of its release into a volume.
 */

/** Ends where not every point is looked at. */
const FEW = 4;

const release = (version: number) => {
  const both = { version: String(version), pullPolicy: 'never' };
  const log = { type: 'volume', source: 'log', target: '/log' };
  const migrate = {
    kind: 'Job',
    name: 'migrate',
    image: 'lab/busybox:1',
    command: ['sh', '-c', 'echo $FAIRLEAD_VERSION >> /log/runs; sleep 0.3'],
    mounts: [log],
    history: 1,
    ...both,
  };
  const mounts = [{ ...log, readOnly: true }];
  return yaml(migrate, sleeper('web', { ...both, mounts, dependsOn: ['migrate'], update: { monitor: '200ms' } }));
};

let proxy: EngineProxy;
let scenario: Scenario;
let version = 0;
beforeAll(async () => {
  proxy = await EngineProxy.open();
  scenario = await Scenario.create({ through: proxy.host });
});
afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** All containers, without what is another one each time. */
async function containers(): Promise<string[]> {
  const label = [`io.fairlead.cluster=${scenario.cluster}`];
  const listed = await scenario.docker.listContainers({ all: true, filters: { label } });
  return listed
    .map(
      ({ Labels, State }) => `${Labels['io.fairlead.service'] ?? ''} ${Labels['io.fairlead.version'] ?? ''} ${State}`,
    )
    .sort();
}

async function isThere(): Promise<boolean> {
  const wanted = [`migrate ${version} exited`, `web ${version} running`];
  return JSON.stringify(await containers()) === JSON.stringify(wanted);
}

async function arrival(): Promise<void> {
  const seen = async () => (await isThere()) || undefined;
  await until(`release ${version}`, seen, { within: 60_000, every: 100, seen: () => scenario.logs() });
}

/** Releases whose migration has run, in order. */
async function migrated(): Promise<string[]> {
  const label = [`io.fairlead.cluster=${scenario.cluster}`, 'io.fairlead.service=web'];
  const [web] = await scenario.docker.listContainers({ filters: { label } });
  const printed = await execIn(scenario.docker, web?.Id ?? '', ['cat', '/log/runs']);
  return printed.split(/\r?\n/).filter((line) => line !== '');
}

async function push(): Promise<void> {
  version += 1;
  await scenario.repository.push({ 'app.yaml': release(version) }, `Release ${version}`);
}

/** Undefined: there was no such call. */
async function crash(running: { stop(signal: 'SIGKILL'): Promise<number | null> }, at: number, side: Side) {
  const held: { call?: Call } = {};
  void proxy.hold(at, side).then((call) => (held.call = call));
  await push();
  const isOver = async () => held.call !== undefined || (await isThere());
  await until('a call to stop at, or the end', isOver, { within: 60_000, seen: () => scenario.logs() });
  if (held.call !== undefined) await running.stop('SIGKILL');
  proxy.drop();
  return held.call;
}

it('lets a migration run once for each release, wherever a process is killed', patienceOfWalk(120_000), async () => {
  let running = scenario.run();
  for (let warm = 0; warm < 2; warm++) {
    await push();
    await arrival();
  }
  const before = proxy.changes.length;
  await push();
  await arrival();
  const calls = proxy.changes.length - before;
  const numbers = Array.from({ length: calls }, (_, index) => index + 1);
  const points = numbers.flatMap((at) => [{ at, side: 'before' } as const, { at, side: 'after' } as const]);
  const caught: string[] = [];
  for (const { at, side } of isThorough ? points : some(points, FEW)) {
    const call = await crash(running, at, side);
    if (call !== undefined) {
      caught.push(`${at} ${side} ${nameOf(call)}`);
      running = scenario.run();
    }
    await arrival();
    expect(await migrated(), caught.at(-1)).toEqual(Array.from({ length: version }, (_, index) => String(index + 1)));
  }
  console.log(`jobs: ${calls} calls without a crash, ${caught.length} crashes`);
  expect(caught.length).toBeGreaterThan(0);
  const { work } = scenario.repository.origin;
  expect((await scenario.fairlead('plan', work)).stdout).toMatch(/^Nothing to do/);
});
