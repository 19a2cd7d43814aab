import type { ContainerHost } from '../core/container-host.ts';
import type { RequestOptions } from '../core/ports.ts';
import type { HandledRequest } from '../core/requests.ts';
import { readRequest } from './request-log.ts';

/** Lines of the log that are looked through for each request that is wanted, to begin with. */
const REACH = 50;

interface Read {
  readonly requests: readonly HandledRequest[];
  /** Lines of both streams that were looked through: Docker counts them together. */
  readonly lines: number;
  /** When the last one came that may be a request. */
  readonly last: string;
}

/** See `Balancer.requests`. */
export async function* readRequests(
  host: ContainerHost,
  container: string,
  options: RequestOptions,
): AsyncGenerator<HandledRequest> {
  const { requests, last } = await latest(host, container, options);
  yield* requests;
  if (options.follow) yield* coming(host, container, last, options);
}

/** Looks further and further back, until there are enough or no more. */
async function latest(host: ContainerHost, container: string, options: RequestOptions): Promise<Read> {
  let before = -1;
  for (let reach = options.tail * REACH; ; reach *= 10) {
    const read = await within(reach, host, container, options);
    if (read.requests.length >= options.tail || read.lines === before || options.signal.aborted)
      return { ...read, requests: read.requests.slice(-options.tail) };
    before = read.lines;
  }
}

async function within(
  reach: number,
  host: ContainerHost,
  container: string,
  { wanted, signal }: RequestOptions,
): Promise<Read> {
  const requests: HandledRequest[] = [];
  let [lines, last] = [0, ''];
  for await (const { at, stream, text } of host.logs(container, { tail: reach, follow: false, signal })) {
    lines += 1;
    if (stream !== 'stdout') continue;
    last = at;
    const request = readRequest(text);
    if (request !== undefined && wanted(request)) requests.push(request);
  }
  return { requests, lines, last };
}

/** From the same second on, so that nothing is missed that came in between; what was there before is passed over. */
async function* coming(
  host: ContainerHost,
  container: string,
  last: string,
  { wanted, signal }: RequestOptions,
): AsyncGenerator<HandledRequest> {
  const since = last === '' ? {} : { since: Math.floor(Date.parse(last) / 1000) };
  for await (const { at, text } of host.logs(container, { stream: 'stdout', follow: true, signal, ...since })) {
    const request = at > last ? readRequest(text) : undefined;
    if (request !== undefined && wanted(request)) yield request;
  }
}
