import { expect, it } from 'vitest';
import type { ContainerHost, HostedLogOptions } from '../../../src/core/container-host.ts';
import type { LogLine } from '../../../src/core/ports.ts';
import type { HandledRequest } from '../../../src/core/requests.ts';
import { readRequests } from '../../../src/haproxy/requests.ts';

const FIRST = Date.parse('2027-01-15T08:00:00Z');

/** One line every 10 milliseconds. */
function lineOf(index: number, path: string): LogLine {
  const at = new Date(FIRST + index * 10).toISOString();
  const text = `request at=${Date.parse(at)} client=::1 status=200 bytes=1 timers=0/0/0/0/1 backend=web.a server=s ended=-- retries=0 method="GET" host="{a}" path="${path}"`;
  return { at, stream: 'stdout', text };
}

/** A container's log, which gets these lines as soon as somebody has read what was there before; then they leave. */
function hostOf(lines: readonly LogLine[], coming: readonly LogLine[] = []) {
  const asked: HostedLogOptions[] = [];
  const leaving = new AbortController();
  const find = (name: string) => Promise.resolve({ id: 'b1', name, running: true, labels: {} });
  async function* logs(_: string, options: HostedLogOptions): AsyncGenerator<LogLine> {
    asked.push(options);
    const { follow, since = 0, tail = Infinity, stream: only } = options;
    const all = follow ? [...lines, ...coming] : lines;
    const last = all.filter(({ at }) => Date.parse(at) >= since * 1000).slice(-tail);
    yield* await Promise.resolve(last.filter(({ stream }) => only === undefined || stream === only));
    if (follow) leaving.abort();
  }
  return { host: { find, logs } as unknown as ContainerHost, asked, signal: leaving.signal };
}

async function read(
  { host, signal }: ReturnType<typeof hostOf>,
  options: { tail: number; follow?: boolean; path?: string },
): Promise<(string | undefined)[]> {
  const { tail, follow = false, path } = options;
  const wanted = (each: HandledRequest) => path === undefined || each.path === path;
  const found: (string | undefined)[] = [];
  for await (const each of readRequests(host, 'balancer', { tail, follow, wanted, signal })) found.push(each.path);
  return found;
}

const many = (length: number) => Array.from({ length }, (_, index) => lineOf(index, `/${index}`));
const complaints = (length: number): LogLine[] =>
  many(length).map(({ at }) => ({ at, stream: 'stderr', text: 'Server web.a/s is DOWN.' }));

it('reads no more of the log than it takes', async () => {
  const log = hostOf(many(5000));
  expect(await read(log, { tail: 2 })).toEqual(['/4998', '/4999']);
  expect(log.asked.map(({ tail }) => tail)).toEqual([100]);
});

it('looks further back for what is seldom, and gives what there is', async () => {
  const log = hostOf(many(5000));
  expect(await read(log, { tail: 1, path: '/3' })).toEqual(['/3']);
  expect(await read(log, { tail: 2, path: '/4000' })).toEqual(['/4000']);
  expect(log.asked.map(({ tail }) => tail)).toEqual([50, 500, 5000, 100, 1000, 10_000]);
  expect(await read(hostOf([]), { tail: 2 })).toEqual([]);
});

it('looks behind whatever else HAProxy said', async () => {
  const lines = [...many(3), ...complaints(600)];
  expect(await read(hostOf(lines), { tail: 1 })).toEqual(['/2']);
  expect(await read(hostOf(lines, [lineOf(700, '/new')]), { tail: 1, follow: true })).toEqual(['/2', '/new']);
});

it('passes over what is no request', async () => {
  const words = { at: new Date(FIRST).toISOString(), stream: 'stdout', text: 'Proxy http started.' } as const;
  expect(await read(hostOf([lineOf(0, '/a'), words, lineOf(1, '/b'), words]), { tail: 2 })).toEqual(['/a', '/b']);
});

it('goes on with what comes, and gives nothing twice', async () => {
  const log = () => hostOf(many(3), [lineOf(3, '/new'), lineOf(4, '/other'), lineOf(5, '/new')]);
  expect(await read(log(), { tail: 2, follow: true })).toEqual(['/1', '/2', '/new', '/other', '/new']);
  expect(await read(log(), { tail: 2, follow: true, path: '/new' })).toEqual(['/new', '/new']);
  expect(await read(hostOf([], many(1)), { tail: 2, follow: true })).toEqual(['/0']);
});
