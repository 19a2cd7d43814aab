import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad, USUAL_LOAD } from '../test/lab/load.ts';
import { Scenario } from '../test/support/scenario.ts';
import { application } from './manifests.ts';
import { median, row } from './measure.ts';

const PAIRS = 5;
/** Milliseconds of load. */
const LASTS = 8_000;
const LOAD = { ...USUAL_LOAD, ratePerSecond: 1_000, newConnectionsPerSecond: 1, idleConnections: 0 };
/** Linux counts processor time in these. */
const TICK = 10;

/** What the log of requests costs the whole machine, the client's own work included: HAProxy writes, Docker reads and keeps. */
export async function logging(): Promise<void> {
  await using scenario = await Scenario.create();
  const folder = await scenario.manifests(application('v1', '{}'));
  const costs: Record<'true' | 'false', number[]> = { true: [], false: [] };
  const answers: Record<'true' | 'false', number[]> = { true: [], false: [] };
  for (let pair = 0; pair < PAIRS; pair += 1) {
    for (const isLogged of ['false', 'true'] as const) {
      const { code } = await scenario.fairlead('apply', folder, '--yes', '--balancer-access-log', isLogged);
      if (code !== 0) throw new Error('The application does not run.');
      const { cost, p50 } = await measured(scenario);
      costs[isLogged].push(cost);
      answers[isLogged].push(p50);
    }
  }
  row('processor time of 1,000 requests with a log of them', median(costs.true), { beside: median(costs.false) });
  row('an answer with a log of requests, median', median(answers.true), { beside: median(answers.false) });
}

/** Milliseconds of all processors for 1,000 requests, and for the answer to one. */
async function measured({ httpPort: port }: Scenario): Promise<{ readonly cost: number; readonly p50: number }> {
  await using load = startLoad({ ...LOAD, port, hostHeader: 'web.example.com' });
  const [before, busy] = [await load.progress(), await busyTime()];
  await delay(LASTS);
  const [spent, { requests, failureCount, p50 }] = [(await busyTime()) - busy, await load.stop()];
  if (failureCount > 0) throw new Error(`${failureCount} requests failed.`);
  return { cost: (spent * 1_000) / (requests - before.requests), p50 };
}

/** Milliseconds that the machine's processors have worked since it started. */
async function busyTime(): Promise<number> {
  const [total = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = total.split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq) * TICK;
}
