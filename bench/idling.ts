import { readFile } from 'node:fs/promises';
import type { RunningFairlead } from '../test/support/fairlead.ts';
import { EngineProxy } from '../test/support/engine-proxy.ts';
import { Scenario } from '../test/support/scenario.ts';
import { until } from '../test/support/until.ts';
import { sleepers } from './manifests.ts';
import { remark, row } from './measure.ts';

const SIZES = [5, 50, 150];
const PASSES = 100;
/** The largest one goes on for longer: what it holds in memory must not grow. */
const LONG = 1_000;
/** Linux counts processor time in these. */
const TICK = 10;
const MB = 1024 ** 2;
const LOOK = 'GET /containers/json';
/** So that passes are made only where something happens. */
const INTERVAL = '1h';

/** What a running reconciler costs that has nothing to do, a pass. */
export async function idling(): Promise<void> {
  const callsOf = new Map<number, number>();
  for (const size of SIZES) {
    await using proxy = await EngineProxy.open();
    await using scenario = await Scenario.create({ through: proxy.host, interval: INTERVAL });
    const running = scenario.run(await scenario.manifests(sleepers(size, 'a')));
    await until(`${size} services run`, async () => (await scenario.runningIds()).length === size, { within: 300_000 });
    const pass = await passer(scenario, proxy);
    await repeat(PASSES, pass);
    const [from, cpu] = [proxy.requests.length, await processorTime(running)];
    const early = await meanMemory(running, pass);
    const time = ((await processorTime(running)) - cpu) / PASSES;
    row(`a pass with nothing to do, ${size} services, processor time`, time, size === 50 ? { bar: 50 } : {});
    callsOf.set(size, tell(size, proxy.requests.slice(from)));
    if (size === Math.max(...SIZES)) await grow(running, pass, { size, early });
  }
  const counts = [...callsOf.values()];
  const spread = Math.max(...counts) - Math.min(...counts);
  row('the same calls, whatever the number of services: the difference', spread, { unit: '', bar: 0 });
}

/** How many calls a pass takes, rounded, and which; one of them is for the container that an event named. */
function tell(size: number, requests: readonly string[]): number {
  const names = requests.map((each) => each.replace(/[0-9a-f]{64}/, 'ID'));
  const passes = names.filter((each) => each === LOOK).length;
  const parts = [...new Set(names)].sort().map((name) => {
    return `${(names.filter((each) => each === name).length / passes).toFixed(1)} ${name}`;
  });
  const count = Math.round((names.length / passes) * 10) / 10;
  row(`a pass with nothing to do, ${size} services, calls of the engine`, count, { unit: '' });
  remark(`    ${parts.join(', ')}`);
  return count;
}

/** `early`: of the passes of the first part of them. */
async function grow(
  running: RunningFairlead,
  pass: () => Promise<void>,
  { size, early }: { size: number; early: number },
): Promise<void> {
  await repeat(LONG - 3 * PASSES, pass);
  const late = await meanMemory(running, pass);
  const name = `memory with ${size} services, last ${PASSES} of ${LONG} passes (of the second ${PASSES})`;
  row(name, late, { beside: early, unit: 'MB', bar: 150, ratioBar: 1.1 });
}

/** Over the next passes. */
async function meanMemory(running: RunningFairlead, pass: () => Promise<void>): Promise<number> {
  let sum = 0;
  for (let done = 0; done < PASSES; done++) {
    await pass();
    sum += await memory(running);
  }
  return sum / PASSES;
}

/** Has a pass made, as often as it is called: by an event of a container to which nothing happens. */
async function passer(scenario: Scenario, proxy: EngineProxy): Promise<() => Promise<void>> {
  const [id = ''] = await scenario.runningIds();
  const container = scenario.docker.getContainer(id);
  const { HostConfig } = await container.inspect();
  const looks = () => proxy.calls.filter(({ path }) => LOOK.endsWith(path)).length;
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
