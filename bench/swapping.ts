import { setTimeout as delay } from 'node:timers/promises';
import { Scenario } from '../test/support/scenario.ts';
import { startLoad, USUAL_LOAD } from '../test/lab/load.ts';
import { application } from './manifests.ts';
import { row } from './measure.ts';

/** Requests that fail while green-blue swaps go on. */
export async function swapping(): Promise<void> {
  await using scenario = await Scenario.create();
  scenario.run();
  const update = '{ strategy: green-blue, monitor: 500ms }';
  const push = (tag: string) => scenario.repository.push({ 'web.yaml': application(tag, update) }, tag);
  await push('v1');
  await scenario.answers('web.example.com', { body: 'v1' });
  const load = startLoad({ ...USUAL_LOAD, port: scenario.httpPort, hostHeader: 'web.example.com' });
  for (const tag of ['v2', 'v1', 'v2']) {
    await push(tag);
    await scenario.answers('web.example.com', { body: tag });
    await delay(1000);
  }
  const { requests, failureCount, p50, p99 } = await load.stop();
  row('failed requests in three swaps (of all)', failureCount, { beside: requests, unit: '', bar: 0 });
  row('an answer, median', p50);
  row('an answer, 99 of 100', p99, { beside: p50 });
}
