import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineProxy } from '../test/support/engine-proxy.ts';
import type { RunningFairlead } from '../test/support/fairlead.ts';
import { Scenario } from '../test/support/scenario.ts';
import { until } from '../test/support/until.ts';
import { application } from './manifests.ts';
import { median, row, timed } from './measure.ts';

const ROUNDS = 7;
/** So that what happens is seen by events, and not because it is time to look. */
const INTERVAL = '25s';
/** Milliseconds. */
const RESYNC = 30_000;
const UPDATE = '{ strategy: green-blue, monitor: 0s, keepOld: 0s }';

/** From a file that is written, and from a container that is killed, to the answer of what takes its place. */
export async function latency(): Promise<void> {
  await using scenario = await Scenario.create({ interval: INTERVAL });
  const folder = await scenario.manifests(application('v1', UPDATE));
  const running = scenario.run(folder);
  await scenario.answers('web.example.com', { body: 'v1' });
  await steady(scenario);
  const start = median(await starts(scenario));
  const { updates, heals } = await rounds(scenario, folder);
  const update = median(updates);
  row('a file written -> answered by the new release (of the app alone)', update, { beside: start });
  row('the same beside what the app alone takes', update - start, { bar: 1_500 });
  row('a container killed by hand -> running again', median(heals), { bar: 2_000 });
  await blind(scenario, running, folder);
}

/** The engine tells of nothing any more. */
async function blind(scenario: Scenario, seeing: RunningFairlead, folder: string): Promise<void> {
  await seeing.stop();
  await using proxy = await EngineProxy.open(scenario.host);
  proxy.fail({ do: 'silence', on: /GET \/events/ });
  scenario.run(folder, '--docker-host', proxy.host);
  await until('it looks', () => proxy.requests.includes('GET /containers/json'));
  row('a container killed by hand -> running again, without events', await heal(scenario), { bar: RESYNC });
}

/** What the application itself takes from `docker start` to its first answer. */
async function starts({ docker }: Scenario): Promise<number[]> {
  const container = await docker.createContainer({ Image: 'lab/app:v1' });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(
      await timed(async () => {
        await container.start();
        const { NetworkSettings } = await container.inspect();
        const answers = () =>
          fetch(`http://${NetworkSettings.Networks['bridge']?.IPAddress ?? ''}:8080/health`).then(
            ({ ok }) => ok,
            () => false,
          );
        await until('the application answers', answers, { every: 5 });
      }),
    );
    await container.stop({ t: 0 });
  }
  await container.remove();
  return times;
}

/** What is killed again and again is not started at once, so that each release is killed once. */
async function rounds(scenario: Scenario, folder: string): Promise<{ updates: number[]; heals: number[] }> {
  const [updates, heals]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const tag = round % 2 === 0 ? 'v2' : 'v1';
    updates.push(await timed(() => update(scenario, folder, tag)));
    await steady(scenario);
    heals.push(await heal(scenario));
    await steady(scenario);
  }
  return { updates, heals };
}

async function update(scenario: Scenario, folder: string, tag: string): Promise<void> {
  await writeFile(join(scenario.directory, folder, 'app.yaml'), application(tag, UPDATE));
  await scenario.answers('web.example.com', { body: tag });
}

/** Milliseconds. Docker leaves what was killed by hand as it is. */
async function heal(scenario: Scenario): Promise<number> {
  const { docker } = scenario;
  const [victim = ''] = await scenario.runningIds();
  const { State } = await docker.getContainer(victim).inspect();
  const isBack = async () => {
    const now = (await docker.getContainer(victim).inspect()).State;
    return now.Running && now.StartedAt !== State.StartedAt;
  };
  return await timed(async () => {
    await docker.getContainer(victim).kill();
    await until('it runs again', isBack, { every: 10, within: 2 * RESYNC });
  });
}

async function steady(scenario: Scenario): Promise<void> {
  const isSteady = async () => Object.values(await scenario.containers()).join() === 'running,running';
  await until('two instances run and nothing else is left', isSteady, { every: 50 });
}
