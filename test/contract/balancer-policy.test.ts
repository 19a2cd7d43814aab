import { Agent, request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { PLAIN_TRAFFIC, type Route } from '../../src/core/routing.ts';
import {
  BalancerLab,
  HAPROXIES,
  checked,
  memberOf,
  poolOf,
  routeTo,
  serverId,
  tableOf,
  type Upstream,
} from '../support/balancer-lab.ts';
import { startLoad } from '../support/balancer-load.ts';
import { dockerHost, until } from '../support/docker.ts';

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1', 'lab/app:v2']));

const CLIENTS = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 2}`);

const withTraffic = (apps: readonly Upstream[], traffic: Partial<Route['traffic']>, change: Partial<Route> = {}) =>
  tableOf(
    [poolOf(apps)],
    [
      routeTo(
        apps.map((each) => memberOf(each)),
        { ...change, traffic: { ...PLAIN_TRAFFIC, ...traffic } },
      ),
    ],
  );

/** Which instance answers a client of this address. */
function answererOf(lab: BalancerLab, localAddress: string): Promise<string> {
  const options = { host: '127.0.0.1', port: lab.port, localAddress, headers: { host: 'web.example.com' } };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      response.resume();
      resolve(String(response.headers['x-instance']));
    })
      .on('error', reject)
      .end();
  });
}

describe.concurrent.each(HAPROXIES)('what a route says of its traffic, on %s', (haproxy) => {
  test('a wildcard stands for one label, and for no name that is written out', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const to = (loadBalancer: string, hostname: string, path = '/') =>
      routeTo([], { loadBalancer, hostnames: [hostname], path });
    await lab
      .balancer()
      .apply(
        tableOf([], [to('any', '*.example.com'), to('anyapi', '*.example.com', '/api'), to('one', 'www.example.com')]),
      );
    const routeOf = async (host: string, path = '/') =>
      /Load balancer (\w+)/.exec((await lab.get(host, path)).body)?.[1];
    expect(await routeOf('Www.example.com:80', '/api')).toBe('one');
    expect(await routeOf('a.example.com')).toBe('any');
    expect(await routeOf('a.EXAMPLE.com:80', '/api/x')).toBe('anyapi');
    expect(await routeOf('a.b.example.com')).toBeUndefined();
    expect(await routeOf('example.com')).toBeUndefined();
  });

  test('addresses that are not on its list get 403', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const balancer = lab.balancer();
    const many = Array.from({ length: 120 }, (_, index) => `10.1.${index}.0/24`);
    const statusOf = async (allow: readonly string[]) => {
      await balancer.apply(withTraffic([], { allow }));
      // A kept connection may be answered once more by the worker before.
      return (await lab.get('web.example.com', '/', new Agent())).status;
    };
    expect(await statusOf(['10.0.0.0/8', 'fd00::/64'])).toBe(403);
    expect(await statusOf([...many, '127.0.0.1/32'])).toBe(503);
    expect((await lab.get('web.example.com')).body).toBe('Load balancer web has no member that answers.');
  });

  test('a client stays with its instance by its address, and most do when another one leaves', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const apps = [await lab.upstream('v1'), await lab.upstream('v1'), await lab.upstream('v1')];
    const balancer = lab.balancer();
    await balancer.apply(withTraffic(apps, { algorithm: 'source' }));
    await checked(balancer, apps);
    const answerers = () => Promise.all(CLIENTS.map((client) => answererOf(lab, client)));
    const first = await answerers();
    expect(new Set(first).size).toBeGreaterThan(1);
    expect(await answerers()).toEqual(first);
    const gone = apps.find(({ id }) => id.startsWith(first[0] ?? '')) ?? apps[0];
    await balancer.apply(
      withTraffic(
        apps.filter((each) => each !== gone),
        { algorithm: 'source' },
      ),
    );
    const then = await answerers();
    const stayed = first.flatMap((each, index) => (gone?.id.startsWith(each) ? [] : [[each, then[index]]]));
    expect(stayed.filter(([before, after]) => before === after).length).toBe(stayed.length);
  });

  test('the least busy instance gets the next request', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const apps = [await lab.upstream('v1'), await lab.upstream('v1')];
    const balancer = lab.balancer();
    await balancer.apply(withTraffic(apps, { algorithm: 'leastconn' }));
    await checked(balancer, apps);
    const busy = lab.get('web.example.com', '/slow?ms=5000');
    await until(async () => Object.values((await balancer.observe()).members).some(({ sessions }) => sessions > 0));
    const others: string[] = [];
    for (let request = 0; request < 6; request += 1) others.push(await answererOf(lab, '127.0.0.1'));
    expect(new Set(others).size).toBe(1);
    const { status, headers } = await busy;
    expect(status).toBe(200);
    expect(headers['x-instance']).not.toBe(others[0]);
  });

  test('requests beyond its limit wait, and a limit changes without a reload', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const timeouts = { connect: 3000, client: 50_000, server: 50_000, tunnel: 50_000 };
    await balancer.apply(withTraffic([app], { maxConnections: 2 }, { timeouts }));
    await checked(balancer, [app]);
    const statuses = async () => {
      const agent = new Agent();
      const answers = await Promise.all([1, 2, 3].map(() => lab.get('web.example.com', '/slow?ms=5000', agent)));
      agent.destroy();
      return answers.map(({ status }) => status).sort();
    };
    const first = statuses();
    await until(async () => (await balancer.observe()).queues?.['web'] === 1);
    expect((await balancer.observe()).members[`web/a/${serverId(app)}`]).toMatchObject({ sessions: 2 });
    expect(await first).toEqual([200, 200, 503]);
    expect(await balancer.observe()).toMatchObject({ queues: { web: 0 } });
    await balancer.apply(withTraffic([app], { maxConnections: 3 }, { timeouts }));
    expect(await statuses()).toEqual([200, 200, 200]);
    expect(lab.log).toEqual([]);
    await balancer.apply(withTraffic([app], {}, { timeouts }));
    expect(lab.log).toEqual(['reloaded HAProxy']);
  });

  test('shares change while requests go on, without a reload', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [one, other] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const share = (weight: number) =>
      balancer.apply(
        tableOf([poolOf([one, other])], [routeTo([memberOf(one, { weight: 256 }), memberOf(other, { weight })])]),
      );
    await share(0);
    await checked(balancer, [one, other]);
    const load = startLoad(lab, { clients: 10, pause: 1, expected: ['v1', 'v2'] });
    for (let change = 0; change < 20; change += 1) {
      await share(change % 2 === 0 ? 256 : 1);
      await load.answered(50);
    }
    const { failures, bodies } = await load.stop();
    expect(failures).toEqual([]);
    expect(bodies).toEqual(new Set(['v1', 'v2']));
    await share(64);
    const answers = await Promise.all(Array.from({ length: 50 }, () => lab.get('web.example.com')));
    expect(Math.abs(answers.filter(({ body }) => body === 'v2\n').length - 10)).toBeLessThanOrEqual(2);
    await share(0);
    expect((await Promise.all([1, 2, 3].map(() => lab.get('web.example.com')))).map(({ body }) => body)).toEqual(
      Array(3).fill('v1\n'),
    );
    expect(lab.log).toEqual([]);
  });

  test('a check of its own decides at its own pace', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const own = poolOf([app], 'web.http.8080.0wn0wn0');
    const pools = [poolOf([app]), { ...own, pace: { interval: 200, rise: 1, fall: 1 } }];
    await balancer.apply(tableOf(pools, [routeTo([memberOf(app, { check: own.name })])]));
    await until(async () => (await lab.get('web.example.com')).status === 200);
    const cli = await lab.cli();
    const [{ pid }] = await cli.workers();
    // That of the service says nothing of this route.
    await cli.worker(pid, `set server check:${poolOf([]).name}/s1 health down`);
    expect((await lab.get('web.example.com')).status).toBe(200);
    await cli.worker(pid, `disable health check:${own.name}/s1`);
    await cli.worker(pid, `set server check:${own.name}/s1 health down`);
    expect((await lab.get('web.example.com')).status).toBe(503);
    cli.close();
  });

  test('a client stays with its instance by a cookie until that one leaves', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const apps = [await lab.upstream('v1'), await lab.upstream('v1'), await lab.upstream('v1')];
    const balancer = lab.balancer();
    await balancer.apply(withTraffic(apps, { affinity: 'cookie' }));
    await checked(balancer, apps);
    const first = await lab.visit();
    expect(first.cookie).toMatch(/^fairlead-web=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
    const visits = async (cookie: string | undefined) => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => lab.visit(cookie)));
      return {
        answerers: new Set(answers.map(({ instance }) => instance)),
        cookies: new Set(answers.map((each) => each.cookie)),
      };
    };
    expect(await visits(first.cookie)).toEqual({
      answerers: new Set([first.instance]),
      cookies: new Set([undefined]),
    });
    expect((await visits(undefined)).answerers.size).toBe(3);
    expect((await visits('fairlead-web=0123456789abcdef')).cookies.size).toBe(3);
    // A reload changes nothing about it.
    await balancer.apply(withTraffic(apps, { affinity: 'cookie', allow: ['127.0.0.0/8'] }));
    expect((await visits(first.cookie)).answerers).toEqual(new Set([first.instance]));
    const leaves = apps.find(({ id }) => id.startsWith(first.instance)) ?? apps[0];
    const members = apps.map((each) => memberOf(each, each === leaves ? { state: 'draining' } : {}));
    const traffic = { ...PLAIN_TRAFFIC, affinity: 'cookie' as const, allow: ['127.0.0.0/8'] };
    await balancer.apply(tableOf([poolOf(apps)], [routeTo(members, { traffic })]));
    const then = await lab.visit(first.cookie);
    expect(then.cookie).toBeDefined();
    expect(then.instance).not.toBe(first.instance);
    expect((await visits(then.cookie)).answerers).toEqual(new Set([then.instance]));
  });
});
