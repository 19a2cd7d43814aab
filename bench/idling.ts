import { readFile } from 'node:fs/promises';
import type { RunningFairlead } from '../test/support/fairlead.ts';
import { EngineProxy } from '../test/support/engine-proxy.ts';
import { Scenario } from '../test/support/scenario.ts';
import { until } from '../test/support/until.ts';
import { sleepers } from './manifests.ts';
import { row } from './measure.ts';

const SIZES = [5, 50, 150];
const PASSES = 100;
/** The largest one goes on for longer: what it holds in memory must not grow. */
const LONG = 1_000;
/** Linux counts processor time in these. */
const TICK = 10;
const MB = 1024 ** 2;

/** What a running reconciler costs that has nothing to do, a pass. */
export async function idling(): Promise<void> {
  for (const size of SIZES) {
    await using proxy = await EngineProxy.open();
    await using scenario = await Scenario.create({ host: proxy.host });
    const running = scenario.run(await scenario.manifests(sleepers(size, 'a')));
    await until(`${size} services run`, async () => (await scenario.runningIds()).length === size, { within: 300_000 });
    const pass = await passer(scenario, proxy);
    await repeat(PASSES, pass);
    const [calls, cpu] = [proxy.calls.length, await processorTime(running)];
    await repeat(PASSES, pass);
    row(`a pass with nothing to do, ${size} services, processor time`, ((await processorTime(running)) - cpu) / PASSES);
    row(
      `a pass with nothing to do, ${size} services, calls of the engine`,
      (proxy.calls.length - calls) / PASSES,
      undefined,
      '',
    );
    if (size === Math.max(...SIZES)) await grow(running, pass, size);
  }
}

async function grow(running: RunningFairlead, pass: () => Promise<void>, size: number): Promise<void> {
  const early = await memory(running);
  await repeat(LONG - 2 * PASSES, pass);
  row(
    `memory with ${size} services after ${LONG} passes (of that after ${2 * PASSES})`,
    await memory(running),
    early,
    'MB',
  );
}

/** Has a pass made, as often as it is called: by an event of a container to which nothing happens. */
async function passer(scenario: Scenario, { calls }: EngineProxy): Promise<() => Promise<void>> {
  const [id = ''] = await scenario.runningIds();
  const container = scenario.docker.getContainer(id);
  const { HostConfig } = await container.inspect();
  const looks = () => calls.filter(({ path }) => path === '/containers/json').length;
  return async () => {
    const before = looks();
    await container.update({ RestartPolicy: HostConfig.RestartPolicy });
    await until('a pass', () => looks() > before, { every: 5 });
  };
}

async function repeat(count: number, work: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done++) await work();
}

/** Milliseconds that the process has spent on a processor. */
async function processorTime({ child }: RunningFairlead): Promise<number> {
  const fields = (await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

async function memory({ child }: RunningFairlead): Promise<number> {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8'));
  return (Number(resident?.[1]) * 1024) / MB;
}
