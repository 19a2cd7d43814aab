import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { RuntimeEvent } from '../core/ports.ts';
import { LABEL } from './labels.ts';

const FIRST_BACK_OFF = 250;
const LONGEST_BACK_OFF = 5_000;

/** What changes a container; health checks' own processes would be a flood. */
const ACTIONS = [
  'create',
  'start',
  'die',
  'stop',
  'destroy',
  'oom',
  'pause',
  'unpause',
  'restart',
  'rename',
  'update',
  'health_status',
];

/** Events of the cluster's containers until aborted; opened again whenever the stream breaks, which is said by `lost`. */
export async function* watchEvents(docker: Docker, cluster: string, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  let backOff = FIRST_BACK_OFF;
  let opened = 0;
  while (!signal.aborted) {
    try {
      const stream = await open(docker, cluster, signal);
      if (opened > 0) yield { type: 'lost' };
      opened += 1;
      backOff = FIRST_BACK_OFF;
      yield* eventsOf(stream);
    } catch {
      // However it broke: what matters is that it is opened again, which the reader is told.
      opened = Math.max(opened, 1);
    }
    await wait(backOff, undefined, { signal }).catch(() => undefined);
    backOff = Math.min(backOff * 2, LONGEST_BACK_OFF);
  }
}

async function open(docker: Docker, cluster: string, abortSignal: AbortSignal): Promise<AsyncIterable<string>> {
  const filters = { event: ACTIONS, label: [`${LABEL.cluster}=${cluster}`] };
  const stream = await docker.getEvents({ filters: { ...filters, type: ['container'] }, abortSignal });
  stream.setEncoding('utf8');
  return stream as unknown as AsyncIterable<string>;
}

async function* eventsOf(chunks: AsyncIterable<string>): AsyncGenerator<RuntimeEvent> {
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines.filter((text) => text !== '')) yield toEvent(line);
  }
}

function toEvent(line: string): RuntimeEvent {
  const { Action, Actor } = JSON.parse(line) as { Action: string; Actor: { ID: string } };
  return { type: 'container', id: Actor.ID, action: Action };
}
