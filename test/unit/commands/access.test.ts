import { beforeEach, expect, it } from 'vitest';
import { access } from '../../../src/commands/access.ts';
import { paletteOf, type Terminal } from '../../../src/commands/terminal.ts';
import type { HandledRequest } from '../../../src/core/requests.ts';
import type { Route } from '../../../src/core/routing.ts';
import { MemoryBalancer } from '../../support/memory-balancer.ts';
import { World } from '../../support/world.ts';
import { ROUTE, TABLE } from '../haproxy/tables.ts';

let balancer: MemoryBalancer;
beforeEach(() => {
  balancer = new MemoryBalancer(new World().engine);
});

const leading = (loadBalancer: string, a: string, b = ''): Route => ({
  ...ROUTE,
  loadBalancer,
  pools: { a: { set: a, members: [] }, b: { set: b, members: [] } },
});
const handled = (path: string, change: Partial<HandledRequest> = {}): HandledRequest => ({
  at: '2027-01-15T08:00:00.123Z',
  client: '10.0.0.7',
  method: 'GET',
  host: 'www.example.com',
  path,
  status: 200,
  bytes: 137,
  duration: 15,
  firstByte: 11,
  termination: '--',
  retries: 0,
  ...change,
});
const by = (service: string) => ({ member: { service, release: '3f9c1a2', slot: 1 } });

async function printed(name?: string, options: { format?: 'json'; isLogged?: boolean } = {}) {
  let [out, err] = ['', ''];
  const say = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
  const terminal: Terminal = { ...say, isLive: false, columns: 80, palette: paletteOf(false) };
  const { format = 'text', isLogged = true } = options;
  const { signal } = new AbortController();
  const record = () => Promise.resolve();
  const code = await access({ name, balancer, tail: 20, follow: false, format, isLogged, signal, terminal, record });
  return { code, out, err };
}

it('prints a request as one line that tells all of it', async () => {
  await balancer.apply(TABLE);
  balancer.handled.push(handled('/api', { loadBalancer: 'www', ...by('web') }), {
    at: '2027-01-15T08:00:01.000Z',
    client: '::1',
    bytes: 0,
    duration: 3,
    termination: 'CR',
    retries: 2,
  });
  expect((await printed()).out).toBe(
    `2027-01-15T08:00:00.123Z 10.0.0.7 GET www.example.com/api 200 137 B 15 ms (first byte 11 ms) www → web@3f9c1a2/1
2027-01-15T08:00:01.000Z ::1 - - - 0 B 3 ms - retries 2 ended CR
`,
  );
  const lines = (await printed(undefined, { format: 'json' })).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(balancer.handled);
});

it('takes a name for a load balancer, and for a service that answered or was to answer', async () => {
  await balancer.apply({ ...TABLE, routes: [leading('www', 'web@3f9c1a2'), leading('api', 'old', 'web')] });
  balancer.handled.push(
    handled('/a', { loadBalancer: 'www', ...by('web') }),
    handled('/b', { loadBalancer: 'www', status: 503 }),
    handled('/c', { loadBalancer: 'api', ...by('web') }),
    handled('/d', { loadBalancer: 'api', status: 503 }),
    handled('/e', { loadBalancer: 'www', ...by('before') }),
    handled('/f', { status: 404 }),
  );
  const pathsOf = async (name?: string) => (await printed(name)).out.match(/(?<=com)\/\w/g)?.join('');
  expect(await pathsOf()).toBe('/a/b/c/d/e/f');
  expect(await pathsOf('www')).toBe('/a/b/e');
  expect(await pathsOf('web')).toBe('/a/b/c');
  expect(await pathsOf('old')).toBe('/d');
});

it.each<[string, Route[], boolean]>([
  ['leads to the service, as nothing else does', [leading('api', 'api@3f9c1a2')], false],
  ['comes to lead to the service', [leading('api', 'old', 'api')], false],
  ['leads to another service', [leading('api', 'web'), leading('www', 'api')], true],
  ['leads to another service, too', [leading('api', 'api'), leading('api', 'web')], true],
  ['leads to the service, as another one does', [leading('api', 'api'), leading('www', 'api')], true],
  ['is the only one of that name', [leading('api', 'web')], false],
])('knows whether two are meant where the load balancer %s', async (_, routes, isTwice) => {
  await balancer.apply({ ...TABLE, routes });
  const said = 'Both a load balancer and a service are called api: the requests of both are meant.\n';
  expect(await printed('api')).toEqual({ code: 0, out: '', err: isTwice ? said : '' });
});

it('takes a name of before for as long as the log has it, also where the balancer does not answer', async () => {
  await balancer.apply({ ...TABLE, routes: [leading('www', 'web')] });
  balancer.handled.push(handled('/a', { loadBalancer: 'old', ...by('before') }));
  for (const answers of [true, false]) {
    balancer.answers = answers;
    expect(await printed('old')).toMatchObject({ code: 0, out: expect.stringContaining('/a') as string, err: '' });
    expect(await printed('before')).toMatchObject({ code: 0, out: expect.stringContaining('/a') as string, err: '' });
  }
  expect(await printed('wbe')).toEqual({
    code: 1,
    out: '',
    err: 'The load balancer does not answer, and its log has no request for wbe.\n',
  });
});

it('says what there is where a name is unknown, and where there is no load balancer or no log', async () => {
  expect(await printed()).toEqual({
    code: 1,
    out: '',
    err: 'There is no load balancer: no manifest that was applied needs one.\n',
  });
  await balancer.apply({ ...TABLE, routes: [leading('www', 'web')] });
  expect((await printed('wbe')).err).toBe(
    'No load balancer is called wbe, and none leads to a service wbe. Those that there are: web, www.\n',
  );
  expect(await printed('web', { isLogged: false })).toMatchObject({
    code: 0,
    err: '`balancer.accessLog` is false: no new requests are logged.\n',
  });
  await balancer.apply({ ...TABLE, routes: [] });
  expect((await printed('web')).err).toMatch(/There is none yet\.\n$/);
});
