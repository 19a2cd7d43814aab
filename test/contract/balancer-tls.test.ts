import { request } from 'node:http';
import { Agent } from 'node:https';
import { createServer } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { KeyedCertificate } from '../../src/certificates/pem.ts';
import type { Entry } from '../../src/core/load-balancer.ts';
import type { Member, Route } from '../../src/core/routing.ts';
import { freePort } from '../lab/free-port.ts';
import {
  BalancerLab,
  HAPROXIES,
  checked,
  memberOf,
  poolOf,
  routeTo,
  tableOf,
  type Upstream,
} from '../support/balancer-lab.ts';
import { makeCertificate } from '../support/certificate-maker.ts';
import { dockerHost, until } from '../support/docker.ts';
import { callByHttp2, getSecurely } from '../support/tls-client.ts';

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1', 'lab/app:v2', 'lab/node:20']));

const BY_TLS: Entry = { http: true, https: true, forceHttps: false };
const HOST = 'web.example.com';

/** A route that is served with this certificate, to these. */
function secured(apps: readonly Upstream[], keyed: KeyedCertificate | undefined, change: Partial<Route> = {}): Route {
  const members = apps.map((each) => memberOf(each));
  return routeTo(members, { entry: BY_TLS, ...(keyed && { certificate: keyed.certificate }), ...change });
}

/** A balancer that takes requests by TLS, and knows these certificates. */
async function openLab(haproxy: string, ...keyed: KeyedCertificate[]): Promise<BalancerLab & { https: number }> {
  const https = await freePort();
  const lab = await BalancerLab.open(haproxy, { https });
  for (const { certificate, pem } of keyed) lab.pems.set(certificate.id, pem);
  return Object.assign(lab, { https });
}

describe.each(HAPROXIES)('requests by TLS on %s', (haproxy) => {
  test('are answered with the certificate of their host name, by HTTP/2 too, and others by none', async () => {
    const [one, other] = [
      await makeCertificate({ names: [HOST] }),
      await makeCertificate({ names: ['*.b.example.com'] }),
    ];
    await using lab = await openLab(haproxy, one, other);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const b = { loadBalancer: 'b', hostnames: ['*.b.example.com'] };
    await balancer.apply(tableOf([poolOf([app])], [secured([app], one), secured([app], other, b)]));
    await checked(balancer, [app]);
    expect(await getSecurely(lab.https, HOST)).toMatchObject({ status: 200, names: `DNS:${HOST}` });
    expect(await getSecurely(lab.https, 'x.b.example.com')).toMatchObject({
      status: 200,
      names: 'DNS:*.b.example.com',
    });
    expect(await callByHttp2(`https://${HOST}:${lab.https}`)).toMatchObject({ status: 200, body: 'v1\n' });
    await expect(getSecurely(lab.https, 'c.example.com')).rejects.toThrow();
    await expect(getSecurely(lab.https, 'x.y.b.example.com')).rejects.toThrow();
    expect(await balancer.observe()).toMatchObject({
      table: { routes: [{ certificate: one.certificate }, { certificate: other.certificate }] },
    });
    expect(await lab.shell('ls -l /var/lib/fairlead/host/certificates')).not.toMatch(/^-rw-(?!------)/m);
  });

  test('get another certificate without a reload, and nobody is cut off', async () => {
    const [one, other] = [
      await makeCertificate({ names: [HOST] }),
      await makeCertificate({ names: [HOST, 'new.example.com'] }),
    ];
    await using lab = await openLab(haproxy, one, other);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([app])], [secured([app], one)]));
    await checked(balancer, [app]);
    lab.log.length = 0;
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }));
    const kept = () => getSecurely(lab.https, HOST, { agent });
    expect(await kept()).toMatchObject({ status: 200, names: `DNS:${HOST}` });
    await balancer.apply(tableOf([poolOf([app])], [secured([app], other)]));
    expect(await kept()).toMatchObject({ status: 200, names: `DNS:${HOST}` });
    expect(await getSecurely(lab.https, HOST)).toMatchObject({
      status: 200,
      names: expect.stringContaining('new.') as string,
    });
    expect(lab.log).toEqual([]);
    expect(await lab.shell('ls /var/lib/fairlead/host/certificates')).toBe(`${other.certificate.id}.pem\n`);
    // The first is not even in HAProxy's memory any more.
    using cli = closing(await lab.cli());
    const [worker] = await cli.workers();
    expect(await cli.worker(worker.pid, 'show ssl cert')).not.toContain(one.certificate.id);
  });

  test('keep the one of before where HAProxy refuses the new one, and everything else goes on', async () => {
    const [good, weak] = [
      await makeCertificate({ names: [HOST] }),
      await makeCertificate({ names: [HOST], rsaBits: 512 }),
    ];
    await using lab = await openLab(haproxy, good, weak);
    const [v1, v2] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([v1, v2])], [secured([v1], good)]));
    await checked(balancer, [v1]);
    const bare = { loadBalancer: 'bare', hostnames: ['bare.example.com'] };
    await balancer.apply(tableOf([poolOf([v1, v2])], [secured([v2], weak), secured([v2], weak, bare)]));
    const { refusals = [] } = await balancer.observe();
    expect(refusals.map(({ loadBalancer, reason }) => `${loadBalancer} ${reason}`)).toEqual([
      'web no-certificate',
      'bare no-certificate',
    ]);
    expect(refusals[0]?.message).toMatch(
      /^The certificate of web cannot be served, the one of before stays: .+certificate/,
    );
    expect(refusals[1]?.message).toContain('it has none');
    await checked(balancer, [v2]);
    expect(await getSecurely(lab.https, HOST)).toMatchObject({ status: 200, names: `DNS:${HOST}` });
    await expect(getSecurely(lab.https, 'bare.example.com')).rejects.toThrow();
    expect((await lab.get('bare.example.com')).status).toBe(200);
    await balancer.apply(tableOf([poolOf([v1, v2])], [secured([v2], good)]));
    expect(await balancer.observe()).not.toHaveProperty('refusals');
  });

  test('come back with the same certificates after a crash, also to a reconciler that has just begun', async () => {
    const [one, other] = [
      await makeCertificate({ names: [HOST] }),
      await makeCertificate({ names: [HOST, 'b.example.com'] }),
    ];
    await using lab = await openLab(haproxy, one, other);
    const app = await lab.upstream('v1');
    const first = lab.balancer();
    await first.apply(tableOf([poolOf([app])], [secured([app], one)]));
    await first.apply(tableOf([poolOf([app])], [secured([app], other)]));
    await checked(first, [app]);
    await lab.docker.getContainer(lab.container).restart({ t: 0 });
    await until(async () => (await getSecurely(lab.https, HOST).catch(() => undefined))?.names.includes('b.') === true);
    lab.pems.clear();
    const next = lab.balancer();
    await until(async () => (await next.observe()).state === 'running');
    await next.apply(tableOf([poolOf([app])], [secured([app], other)]));
    expect(await next.observe()).not.toHaveProperty('refusals');
    expect(await getSecurely(lab.https, HOST)).toMatchObject({ names: expect.stringContaining('b.') as string });
  });

  test('have a certificate again whose file somebody has changed', async () => {
    const one = await makeCertificate({ names: [HOST] });
    await using lab = await openLab(haproxy, one);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const table = tableOf([poolOf([app])], [secured([app], one)]);
    await balancer.apply(table);
    await checked(balancer, [app]);
    const file = `/var/lib/fairlead/host/certificates/${one.certificate.id}.pem`;
    await lab.shell(`echo nothing >${file}`);
    expect((await balancer.observe()).deviation).toContain('certificates/');
    await balancer.apply(table);
    expect(await balancer.observe()).not.toHaveProperty('deviation');
    expect(await lab.shell(`cat ${file}`)).toBe(one.pem);
    expect(await getSecurely(lab.https, HOST)).toMatchObject({ status: 200 });
  });

  test('are served with a chain that is as long as HAProxy takes in a command, and longer', async () => {
    const first = await makeCertificate({ names: [HOST] });
    const [long, longer] = [
      await makeCertificate({ names: [HOST, 'long.example.com'], chain: 20 }),
      await makeCertificate({ names: [HOST, 'longer.example.com'], chain: 60 }),
    ];
    expect(long.pem.length).toBeGreaterThan(11_000);
    expect(longer.pem.length).toBeGreaterThan(16_000);
    await using lab = await openLab(haproxy, first, long, longer);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    for (const each of [first, long, longer]) {
      await balancer.apply(tableOf([poolOf([app])], [secured([app], each)]));
      const { names } = await getSecurely(lab.https, HOST);
      expect(names.split(', ').sort()).toEqual(each.certificate.names.map((name) => `DNS:${name}`));
    }
    expect(lab.log.filter((line) => line === 'reloaded HAProxy')).toHaveLength(1);
  });

  test('are where all others are sent to, and the only ones that are taken, as the route says', async () => {
    const one = await makeCertificate({ names: [HOST] });
    await using lab = await openLab(haproxy, one);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const path = (name: string) => ({ loadBalancer: name, path: `/${name}`, stripPath: true });
    await balancer.apply(
      tableOf(
        [poolOf([app])],
        [
          secured([app], one, { entry: { ...BY_TLS, forceHttps: true } }),
          secured([app], one, { ...path('secure'), entry: { ...BY_TLS, http: false } }),
          routeTo([memberOf(app)], path('plain')),
          routeTo([memberOf(app)], { ...path('coming'), entry: { ...BY_TLS, forceHttps: true } }),
        ],
      ),
    );
    await checked(balancer, [app]);
    const sent = await lab.get(`${HOST.toUpperCase()}:${lab.port}`, '/a%20b?c=d');
    expect([sent.status, sent.headers.location]).toEqual([308, `https://${HOST}:${lab.https}/a%20b?c=d`]);
    expect(await getSecurely(lab.https, HOST, { path: '/headers' })).toMatchObject({ status: 200 });
    expect([
      (await lab.get(HOST, '/secure')).status,
      (await getSecurely(lab.https, HOST, { path: '/secure' })).status,
    ]).toEqual([421, 200]);
    expect([
      (await lab.get(HOST, '/plain')).status,
      (await getSecurely(lab.https, HOST, { path: '/plain' })).status,
    ]).toEqual([200, 421]);
    // As long as it has no certificate nobody is sent to where nothing is.
    expect([
      (await lab.get(HOST, '/coming')).status,
      (await getSecurely(lab.https, HOST, { path: '/coming' })).status,
    ]).toEqual([200, 421]);
  });

  test('have an authority answered by http before there is a certificate, whatever else the route does', async () => {
    await using lab = await openLab(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const entry = { http: false, https: true, forceHttps: false };
    await balancer.apply(tableOf([poolOf([app])], [secured([app], undefined, { entry, challenge: 'thumb-print' })]));
    const place = '/.well-known/acme-challenge';
    expect(await lab.get(HOST.toUpperCase(), `${place}/to-ken_1`)).toMatchObject({
      status: 200,
      body: 'to-ken_1.thumb-print',
    });
    expect((await lab.get(HOST, `${place}/to<ken`)).status).toBe(421);
    expect((await lab.get('other.example.com', `${place}/token`)).status).toBe(404);
    expect((await balancer.observe()).table?.routes[0]?.challenge).toBe('thumb-print');
  });
});

/** It speaks HTTP/2 and nothing else, and says how it went in a trailer, as gRPC does. */
const GRPC = `require('node:http2').createServer().on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end('called');
}).listen(8080)`;

test.each(HAPROXIES)('HTTP/2 reaches members that speak nothing else, trailers and all, on %s', async (haproxy) => {
  const one = await makeCertificate({ names: [HOST] });
  await using lab = await openLab(haproxy, one);
  const app = await lab.script(GRPC);
  const balancer = lab.balancer();
  const pool = { ...poolOf([app]), check: { type: 'tcp' as const, port: 8080 } };
  const route = (member: Partial<Member>) =>
    tableOf([pool], [routeTo([memberOf(app, member)], { entry: BY_TLS, certificate: one.certificate })]);
  await balancer.apply(route({ protocol: 'h2c' }));
  await checked(balancer, [app]);
  const called = { status: 200, body: 'called', trailers: { 'grpc-status': '0' } };
  expect(await callByHttp2(`http://${HOST}:${lab.port}`)).toEqual(called);
  expect(await callByHttp2(`https://${HOST}:${lab.https}`)).toEqual(called);
  expect(await lab.get(HOST)).toMatchObject({ status: 200, body: 'called' });
  // Another protocol is another server, and no reload.
  lab.log.length = 0;
  await balancer.apply(route({}));
  await until(async () => (await lab.get(HOST)).status === 502);
  expect(lab.log).toEqual([]);
});

describe.each(HAPROXIES)('what the host does not have, on %s', (haproxy) => {
  test('keeps one listener from opening and nothing else from changing, until it is there', async () => {
    const tcp = await freePort();
    await using lab = await openLab(haproxy);
    const [one, app] = [await makeCertificate({ names: [HOST] }), await lab.upstream('v1')];
    lab.pems.set(one.certificate.id, one.pem);
    const balancer = lab.balancer({ tcp: { from: tcp, to: tcp } });
    await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)])]));
    await checked(balancer, [app]);
    const table = tableOf(
      [poolOf([app])],
      [
        secured([app], one),
        routeTo([memberOf(app)], { loadBalancer: 'db', hostnames: [], listen: tcp }),
        routeTo([memberOf(app)], { loadBalancer: 'new', hostnames: ['new.example.com'] }),
      ],
    );
    const taken = [await occupy(tcp), await occupy(lab.https)];
    await balancer.apply(table);
    expect((await lab.get('new.example.com')).status).toBe(200);
    const { refusals = [], ...others } = await balancer.observe();
    expect(others).toMatchObject({ state: 'running', table });
    expect(others).not.toHaveProperty('problem');
    expect(refusals.map(({ loadBalancer, reason, message }) => `${loadBalancer} ${reason}: ${message}`)).toEqual([
      `web host-port-conflict: Port ${lab.https} of the host is taken by somebody else; it is listened on once it is free.`,
      `db host-port-conflict: Port ${tcp} of the host is taken by somebody else; it is listened on once it is free.`,
    ]);
    for (const each of taken) await each[Symbol.asyncDispose]();
    await balancer.apply(table);
    expect(await balancer.observe()).not.toHaveProperty('refusals');
    expect(await getSecurely(lab.https, HOST)).toMatchObject({ status: 200 });
  });

  test('is the same for addresses of its own', async () => {
    const tcp = await freePort();
    await using lab = await openLab(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer({ tcp: { from: tcp, to: tcp } });
    const at = (loadBalancer: string, ...externalIPs: string[]) =>
      routeTo([memberOf(app)], { loadBalancer, hostnames: [], listen: tcp, externalIPs });
    const own = routeTo([memberOf(app)], {
      loadBalancer: 'own',
      hostnames: ['own.example.com'],
      externalIPs: ['127.0.0.9'],
    });
    await balancer.apply(tableOf([poolOf([app])], [at('here', '127.0.0.7'), at('away', '192.0.2.7'), own]));
    await checked(balancer, [app]);
    expect((await balancer.observe()).refusals).toMatchObject([
      { loadBalancer: 'away', reason: 'address-not-allowed', message: 'The host has no address 192.0.2.7.' },
    ]);
    expect((await lab.get('own.example.com')).status).toBe(421);
    const answers = await Promise.all([statusAt('127.0.0.7', tcp), statusAt('127.0.0.9', lab.port, 'own.example.com')]);
    expect(answers).toEqual([200, 200]);
    await expect(statusAt('127.0.0.1', tcp)).rejects.toThrow('ECONNREFUSED');
  });
});

function disposable(agent: Agent): Agent & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

function closing<Item extends { close(): void }>(item: Item): Item & Disposable {
  return Object.assign(item, { [Symbol.dispose]: () => item.close() });
}

/** Listens at all addresses. */
async function occupy(port: number): Promise<AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '0.0.0.0', resolve));
  return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

function statusAt(address: string, port: number, host = 'x'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port, headers: { host }, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', reject).end();
  });
}
