import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crash } from '../test/support/docker.ts';
import { Scenario } from '../test/support/scenario.ts';
import { until } from '../test/support/until.ts';
import { application } from './manifests.ts';
import { median, row, timed } from './measure.ts';

const ROUNDS = 7;
const UPDATE = '{ strategy: green-blue, monitor: 0s, keepOld: 0s }';

/** From a file that is written, and from a container that is killed, to the answer of what takes its place. */
export async function latency(): Promise<void> {
  await using scenario = await Scenario.create();
  const folder = await scenario.manifests(application('v1', UPDATE));
  scenario.run(folder);
  await scenario.answers('web.example.com', { body: 'v1' });
  await steady(scenario);
  const start = median(await starts(scenario));
  row(
    'a file written -> answered by the new release (of the app alone)',
    median(await updates(scenario, folder)),
    start,
  );
  row('a container killed -> running again', median(await heals(scenario)));
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

async function updates(scenario: Scenario, folder: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const tag = round % 2 === 0 ? 'v2' : 'v1';
    times.push(
      await timed(async () => {
        await writeFile(join(scenario.directory, folder, 'app.yaml'), application(tag, UPDATE));
        await scenario.answers('web.example.com', { body: tag });
      }),
    );
    await steady(scenario);
  }
  return times;
}

async function heals(scenario: Scenario): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [victim = ''] = await scenario.runningIds();
    const { State } = await scenario.docker.getContainer(victim).inspect();
    const isBack = async () => {
      const now = (await scenario.docker.getContainer(victim).inspect()).State;
      return now.Running && now.StartedAt !== State.StartedAt;
    };
    times.push(
      await timed(async () => {
        await crash(scenario.docker, victim);
        await until('it runs again', isBack, { every: 10 });
      }),
    );
    await steady(scenario);
  }
  return times;
}

async function steady(scenario: Scenario): Promise<void> {
  const isSteady = async () => Object.values(await scenario.containers()).join() === 'running,running';
  await until('two instances run and nothing else is left', isSteady, { every: 50 });
}
