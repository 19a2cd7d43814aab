import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { RuntimeEvent } from '../core/ports.ts';
import { LABEL } from './labels.ts';
import { manifestName } from './networks/names.ts';

const FIRST_BACK_OFF = 250;
const LONGEST_BACK_OFF = 5_000;

/** What changes a container, or takes it off a network; health checks' own processes would be a flood. */
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
  'disconnect',
];

/** See `Runtime.watch`; opened again whenever the stream breaks, which is said by `lost`. */
export async function* watchEvents(docker: Docker, cluster: string, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  let backOff = FIRST_BACK_OFF;
  let opened = 0;
  while (!signal.aborted) {
    try {
      const stream = await open(docker, signal);
      if (opened > 0) yield { type: 'lost' };
      opened += 1;
      backOff = FIRST_BACK_OFF;
      for await (const line of linesOf(stream)) yield* eventsIn(line, cluster);
    } catch {
      // However it broke: what matters is that it is opened again, which the reader is told.
      opened = Math.max(opened, 1);
    }
    await wait(backOff, undefined, { signal }).catch(() => undefined);
    backOff = Math.min(backOff * 2, LONGEST_BACK_OFF);
  }
}

/** Of all clusters: events of networks have no labels. */
async function open(docker: Docker, abortSignal: AbortSignal): Promise<AsyncIterable<string>> {
  const stream = await docker.getEvents({ filters: { event: ACTIONS, type: ['container', 'network'] }, abortSignal });
  stream.setEncoding('utf8');
  return stream as unknown as AsyncIterable<string>;
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

interface EngineEvent {
  readonly Type: string;
  readonly Action: string;
  /** Attributes of a container are its labels, and those of a network its name, and the container that joins or leaves. */
  readonly Actor: { readonly ID: string; readonly Attributes?: Readonly<Record<string, string>> };
}

/** One, where it is about the cluster. */
function eventsIn(line: string, cluster: string): RuntimeEvent[] {
  const { Type, Action: action, Actor } = JSON.parse(line) as EngineEvent;
  const { [LABEL.cluster]: owner, name = '', container } = Actor.Attributes ?? {};
  if (Type === 'container') return owner === cluster ? [{ type: 'container', id: Actor.ID, action }] : [];
  if (manifestName(cluster, name) === undefined) return [];
  return [container === undefined ? { type: 'network', name, action } : { type: 'container', id: container, action }];
}
