import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerHost } from '../core/container-host.ts';
import type { LogLine, RequestOptions } from '../core/ports.ts';
import type { HandledRequest } from '../core/requests.ts';
import { readRequest } from './request-log.ts';

/** Lines of the log that are looked through for each request that is wanted, to begin with. */
const REACH = 50;
/** Milliseconds until a balancer that ended is looked for again. */
const AGAIN = 500;

interface Read {
  readonly requests: readonly HandledRequest[];
  /** Lines of both streams that were looked through: Docker counts them together. */
  readonly lines: number;
  /** When the last one came that may be a request. */
  readonly last: string;
}

/** See `Balancer.requests`; `name` is that of the balancer's container. */
export async function* readRequests(
  host: ContainerHost,
  name: string,
  options: RequestOptions,
): AsyncGenerator<HandledRequest> {
  const container = await host.find(name);
  if (container === undefined) return;
  const { requests, last } = await latest(host, container.id, options);
  yield* requests;
  if (options.follow) yield* coming(host, name, last, options);
}

/** Looks further and further back, until there are enough or no more; Docker splits none of HAProxy's lines. */
async function latest(host: ContainerHost, container: string, options: RequestOptions): Promise<Read> {
  for (let reach = options.tail * REACH; ; reach *= 10) {
    const read = await within(reach, host, container, options);
    if (read.requests.length >= options.tail || read.lines < reach || options.signal.aborted) return read;
  }
}

async function within(
  reach: number,
  host: ContainerHost,
  container: string,
  { tail, wanted, signal }: RequestOptions,
): Promise<Read> {
  const requests: HandledRequest[] = [];
  let [lines, last] = [0, ''];
  for await (const { at, stream, text } of host.logs(container, { tail: reach, follow: false, signal })) {
    lines += 1;
    if (stream !== 'stdout') continue;
    last = at;
    const request = readRequest(text);
    if (request !== undefined && wanted(request)) requests.push(request);
    // No more of a large log is kept than that.
    if (requests.length > 2 * tail) requests.splice(0, tail);
  }
  return { requests: requests.slice(-tail), lines, last };
}

/** Until nobody looks any more: a balancer that restarts, or is made anew, is found again. */
async function* coming(
  host: ContainerHost,
  name: string,
  from: string,
  { wanted, signal }: RequestOptions,
): AsyncGenerator<HandledRequest> {
  let last = from;
  while (!signal.aborted) {
    for await (const { at, text } of whileItRuns(host, name, last, signal)) {
      last = at;
      const request = readRequest(text);
      if (request !== undefined && wanted(request)) yield request;
    }
    await delay(AGAIN, undefined, { signal }).catch(() => undefined);
  }
}

/** Lines after `last`, asked for from the same second on, so that nothing is missed that came in between. */
async function* whileItRuns(
  host: ContainerHost,
  name: string,
  last: string,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const container = await host.find(name);
  if (container?.running !== true) return;
  const since = last === '' ? {} : { since: Math.floor(Date.parse(last) / 1000) };
  try {
    for await (const line of host.logs(container.id, { stream: 'stdout', follow: true, signal, ...since }))
      if (line.at > last) yield line;
  } catch (error) {
    if ((await host.find(name))?.id === container.id) throw error;
  }
}
