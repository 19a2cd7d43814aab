import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequest } from '../../../src/haproxy/request-log.ts';
import { serverName } from '../../../src/haproxy/names.ts';
import { cases } from '../../support/cases.ts';
import { member } from './tables.ts';

const SERVER = serverName(member('my-web-3f9c1a2-12-10-0-0-1', '10.0.0.1'), 's1');
const USUAL = {
  at: '1800000000123',
  client: '10.0.0.7',
  status: '200',
  bytes: '137',
  timers: '1/0/2/8/15',
  backend: 'web.a',
  server: SERVER,
  ended: '--',
  retries: '0',
  method: '"GET"',
  host: '"{www.example.com:8000}"',
  path: '"/api/v1"',
};

/** As HAProxy writes it. */
function line(change: Partial<typeof USUAL> = {}): string {
  const fields = Object.entries({ ...USUAL, ...change });
  return `request ${fields.map(([key, value]) => `${key}=${value}`).join(' ')}`;
}

describe('readRequest', () => {
  it('tells who asked for what, who answered, and how long it took', () => {
    expect(readRequest(line())).toEqual({
      at: '2027-01-15T08:00:00.123Z',
      client: '10.0.0.7',
      method: 'GET',
      host: 'www.example.com:8000',
      path: '/api/v1',
      status: 200,
      bytes: 137,
      duration: 15,
      firstByte: 11,
      loadBalancer: 'web',
      member: { service: 'my-web', release: '3f9c1a2', slot: 12 },
      termination: '--',
      retries: 0,
    });
  });

  it('tells what HAProxy answered by itself', () => {
    const own = { status: '404', backend: 'http', server: '<NOSRV>', timers: '0/-1/-1/-1/0', ended: 'LR' };
    const read = readRequest(line(own));
    expect(read).toMatchObject({ status: 404, duration: 0, termination: 'LR' });
    expect(Object.keys(read ?? {})).not.toEqual(expect.arrayContaining(['loadBalancer']));
    expect(read).not.toHaveProperty('member');
    expect(read).not.toHaveProperty('firstByte');
  });

  it('tells of what was no HTTP, and of who left before there was an answer', () => {
    const broken = { status: '-1', method: '"<BADREQ>"', host: '"{}"', path: '"<BADREQ>"' };
    const read = readRequest(line({ ...broken, client: '2001:db8::1', retries: '+2' }));
    expect(read).toMatchObject({ client: '2001:db8::1', retries: 2 });
    for (const field of ['status', 'method', 'host', 'path']) expect(read).not.toHaveProperty(field);
    expect(readRequest(line({ host: '"-"' }))).not.toHaveProperty('host');
  });

  it('shows signs that a client put there to be mistaken for something else as those of a URL', () => {
    const hostile = {
      host: '"{#22 path=#22/x#0Arequest at=1#1B[2J}"',
      path: '"/#22#23\\\\x}] status=500 bytes=#C3#A4"',
    };
    expect(readRequest(line(hostile))).toMatchObject({
      status: 200,
      host: '%22 path=%22/x%0Arequest at=1%1B[2J',
      path: '/%22%23\\\\x}] status=500 bytes=%C3%A4',
    });
  });

  it('takes a line whose end was cut off', () => {
    expect(readRequest(line({ path: '"/long' }))).toMatchObject({ path: '/long' });
  });

  it('knows what is no request', () => {
    const others = [
      '',
      'Proxy http stopped (cumulated conns: FE: 3, BE: 0).',
      line().replace('request ', ''),
      ` ${line()}`,
      line({ bytes: 'many' }),
      `${line()} and more`,
    ];
    expect(others.map(readRequest)).toEqual(others.map(() => undefined));
  });

  it('never takes a printable text of a client for another field', () => {
    const text = fc.string({
      unit: fc.constantFrom('"', '#', ' ', '{', '}', '\\', '=', 'a', ' status=500', ' path="'),
    });
    const encoded = (value: string) => value.replaceAll('#', '#23').replaceAll('"', '#22');
    fc.assert(
      fc.property(text, text, (host, path) => {
        const read = readRequest(line({ host: `"{${encoded(host)}}"`, path: `"/${encoded(path)}"` }));
        expect(read).toMatchObject({ status: 200, client: '10.0.0.7', method: 'GET', bytes: 137 });
        expect(read?.path).toBe(`/${encoded(path).replaceAll('#', '%')}`);
      }),
      cases(200),
    );
  });
});
