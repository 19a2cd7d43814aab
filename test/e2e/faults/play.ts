import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { settled } from '../updates/app.ts';
import { watchBodies } from '../updates/watch.ts';
import type { Fault } from './faults.ts';
import { reasonsIn, type Stage } from './stage.ts';

/** What happened while faults lasted, and afterwards. */
export interface Outcome {
  /** Codes in the status after the faults had lasted for long. */
  readonly reasons: readonly string[];
  /** Calls to the engine while they were counted, as `12 GET /networks`. */
  readonly calls: readonly string[];
  readonly callsInMinute: number;
  /** What clients were told meanwhile, repeated answers once. */
  readonly bodies: readonly string[];
  /** Milliseconds from the end of the faults until all was well. */
  readonly recovery: number;
}

/** Milliseconds. Back-offs grow from the beginning of a fault: the first tries come fast. Then calls are counted. */
const FIRST_TRIES = 30_000;
const MINUTE = 60_000;

/** An update comes in the middle of these faults; then they go, in this order, and nobody lends a hand. */
export async function play(stage: Stage, faults: readonly Fault[]): Promise<Outcome> {
  const begun = Date.now();
  await using watch = watchBodies(stage.scenario, 'web.example.com');
  for (const fault of faults) await fault.begin?.(stage);
  const fields = faults.find((each) => each.fields !== undefined)?.fields;
  await stage.update(fields);
  await expectReasons(stage, faults);
  await delay(Math.max(0, begun + FIRST_TRIES - Date.now()));
  const before = stage.proxy.calls.length;
  await delay(MINUTE);
  const isOwn = await ownCalls(stage);
  const counted = stage.proxy.requests.slice(before).filter(isOwn);
  const reasons = reasonsIn(await stage.lastStatus());
  const bodies = await watch.stop();
  for (const fault of faults) await fault.end?.(stage);
  const ended = Date.now();
  await recover(stage, fields === undefined ? undefined : await stage.update());
  return { reasons, calls: tally(counted), callsInMinute: counted.length, bodies, recovery: Date.now() - ended };
}

/** Whether a call is not for a container of another cluster: that has changed, and nobody's fault is to blame. */
async function ownCalls({ scenario: { docker, cluster } }: Stage): Promise<(request: string) => boolean> {
  const filters = { label: [`io.fairlead.cluster=${cluster}`] };
  const own = new Set((await docker.listContainers({ all: true, filters })).map(({ Id }) => Id));
  return (request) => {
    const [, id] = /^GET \/containers\/([0-9a-f]{64})\/json$/.exec(request) ?? [];
    return id === undefined || own.has(id);
  };
}

function tally(requests: readonly string[]): string[] {
  const names = requests.map((each) => each.replaceAll(/[0-9a-f]{64}/g, 'ID'));
  return [...new Set(names)].sort().map((name) => `${names.filter((each) => each === name).length} ${name}`);
}

/** The status says what is wrong. Where two things are, one may hide the other, and nothing is said of what only waits. */
async function expectReasons(stage: Stage, faults: readonly Fault[]): Promise<void> {
  const expected = faults.flatMap(({ reason }) => reason ?? []);
  if (expected.length < faults.length) return;
  const isTold = (reasons: readonly string[]) => reasons.some((each) => expected.includes(each));
  await stage.reports(`it is ${expected.join(' or ')}`, (status) => isTold(reasonsIn(status)), 90_000);
}

async function recover(stage: Stage, revision: string | undefined): Promise<void> {
  const { scenario } = stage;
  await scenario.answers('web.example.com', { body: 'v2' }, '/', 150_000);
  await scenario.answers('more.example.com', { body: 'v2' });
  await settled(scenario, 'web', { tag: 'v2', count: 1 });
  const isWell = (status: Parameters<typeof reasonsIn>[0]) =>
    status.ready && (revision === undefined || status.revision.applied === revision);
  const status = await stage.reports('all is well again', isWell, 90_000);
  expect(reasonsIn(status)).toEqual([]);
}
