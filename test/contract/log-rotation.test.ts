import { afterEach, expect, it } from 'vitest';
import { openCluster, type TestCluster } from '../support/docker.ts';
import { containerSpec, slotSpec } from '../support/specs.ts';
import { until } from '../support/until.ts';

/** Logs do not fill the disk: the engine drops what is too old. */

/** About 32 KB of lines that count up, and then nothing more. */
const WORDY = ['sh', '-c', 'i=0; while [ $i -lt 2000 ]; do echo line $i 0123456789; i=$((i+1)); done; sleep 1000'];
const container = containerSpec({ image: 'lab/busybox:1', command: WORDY, stopSignal: 'SIGKILL' });

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

async function lines(logs?: { maxSize: number; maxFiles: number }): Promise<string[]> {
  cluster = openCluster(undefined, undefined, undefined, logs && { logs });
  const { runtime } = cluster;
  await runtime.ensureNetworks(['default']);
  await runtime.ensure(slotSpec({ container }));
  const [instance] = (await runtime.observe()).instances;
  if (instance === undefined) throw new Error('there is no instance');
  return await until('the last line', async () => {
    const read: string[] = [];
    for await (const { text } of runtime.logs(instance, { tail: 5000, follow: false })) read.push(text);
    return read.at(-1)?.startsWith('line 1999 ') === true ? read : undefined;
  });
}

it('keeps the last lines of a container, as many as fit', async () => {
  const kept = await lines({ maxSize: 20_000, maxFiles: 2 });
  expect(kept.length).toBeGreaterThan(100);
  expect(kept.length).toBeLessThan(800);
  const { instances } = await cluster.runtime.observe();
  expect(instances[0]?.deviations).toEqual([]);
});

it('leaves it to the engine where it is told to', async () => {
  expect(await lines()).toHaveLength(2000);
});
