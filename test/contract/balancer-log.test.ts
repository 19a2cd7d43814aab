import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import type { Balancer } from '../../src/core/ports.ts';
import type { HandledRequest } from '../../src/core/requests.ts';
import { BalancerLab, HAPROXIES, checked, memberOf, poolOf, routeTo, tableOf } from '../support/balancer-lab.ts';
import { dockerHost, until } from '../support/docker.ts';

/** Whatever is asked of the balancer is told by its container's log. */

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1']));

async function logged(balancer: Balancer, tail = 100): Promise<HandledRequest[]> {
  const found: HandledRequest[] = [];
  const { signal } = new AbortController();
  for await (const each of balancer.requests({ tail, follow: false, wanted: () => true, signal })) found.push(each);
  return found;
}

/** Docker takes a moment to have what was written. */
async function untilLogged(balancer: Balancer, count: number): Promise<HandledRequest[]> {
  await until(async () => (await logged(balancer)).length >= count);
  return await logged(balancer);
}

const WEB = { service: 'web', release: '3f9c1a2', slot: 1 };

describe.concurrent.each(HAPROXIES)('the log of requests on %s', (haproxy) => {
  test('has each request, whoever answers it, without its query, and no check', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const empty = routeTo([], { loadBalancer: 'empty', hostnames: ['empty.example.com'] });
    await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)]), empty]));
    await checked(balancer, [app]);
    const since = Date.now();
    const { body } = await lab.get('web.example.com', '/slow?ms=300&token=secret');
    await lab.get('empty.example.com:8000', '/');
    await lab.get('nobody.example.com', `/"\\]'status=500`);
    const requests = await untilLogged(balancer, 3);
    expect(requests).toMatchObject([
      { client: '127.0.0.1', method: 'GET', host: 'web.example.com', path: '/slow', status: 200, loadBalancer: 'web' },
      { host: 'empty.example.com:8000', path: '/', status: 503, loadBalancer: 'empty' },
      { host: 'nobody.example.com', status: 404 },
    ]);
    const [first, second, third] = requests;
    expect(first).toMatchObject({ member: WEB, termination: '--', retries: 0 });
    expect(first?.bytes).toBeGreaterThan(body.length);
    expect(first?.firstByte).toBeGreaterThanOrEqual(300);
    expect(first?.duration).toBeGreaterThanOrEqual(first?.firstByte ?? Infinity);
    expect(Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(since + 300);
    expect(second).not.toHaveProperty('member');
    expect(third).not.toHaveProperty('loadBalancer');
    expect(third?.path).toBe(`/%22\\]'status=500`);
    expect(JSON.stringify(requests)).not.toMatch(/secret|health/);
  });

  test('goes on over a reload, also for what was asked before it', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const route = routeTo([memberOf(app)]);
    await balancer.apply(tableOf([poolOf([app])], [route]));
    await checked(balancer, [app]);
    const slow = lab.get('web.example.com', '/slow?ms=3000');
    await until(async () => (await balancer.observe()).members[`web/a/${memberOf(app).id}`]?.sessions === 1);
    const another = routeTo([], { loadBalancer: 'one', hostnames: ['one.example.com'] });
    await balancer.apply(tableOf([poolOf([app])], [route, another]));
    expect(lab.log).toContain('reloaded HAProxy');
    await lab.get('web.example.com', '/env');
    await slow;
    expect((await untilLogged(balancer, 2)).map(({ path }) => path)).toEqual(['/env', '/slow']);
  });

  test('tells what comes while somebody looks, until they have enough', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const balancer = lab.balancer();
    await balancer.apply(tableOf([], [routeTo([])]));
    for (const path of ['/a', '/b', '/c']) await lab.get('web.example.com', path);
    await untilLogged(balancer, 3);
    const leaving = new AbortController();
    const wanted = ({ path }: HandledRequest) => path !== '/c';
    const seen: (string | undefined)[] = [];
    for await (const { path } of balancer.requests({ tail: 1, follow: true, wanted, signal: leaving.signal })) {
      seen.push(path);
      if (path === '/b') for (const next of ['/c', '/d']) await lab.get('web.example.com', next);
      else leaving.abort();
    }
    expect(seen).toEqual(['/b', '/d']);
  });

  test('is followed over a restart of the container, and into another one', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const balancer = lab.balancer();
    const table = tableOf([], [routeTo([])]);
    await balancer.apply(table);
    const ask = (path: string) => lab.get('web.example.com', path).then(Boolean, () => false);
    await ask('/a');
    await untilLogged(balancer, 1);
    const leaving = new AbortController();
    const seen: (string | undefined)[] = [];
    const options = { tail: 1, follow: true, wanted: () => true, signal: leaving.signal };
    for await (const { path } of balancer.requests(options)) {
      seen.push(path);
      if (path === '/c') leaving.abort();
      const container = lab.docker.getContainer(lab.container);
      if (path === '/a') {
        await container.restart({ t: 1 });
        await until(() => ask('/b'));
      } else if (path === '/b') {
        await container.remove({ force: true });
        await balancer.apply(table);
        await until(() => ask('/c'));
      }
    }
    expect(seen).toEqual(['/a', '/b', '/c']);
  });

  test('ends and begins with a reload, in the same container', async () => {
    await using lab = await BalancerLab.open(haproxy, { accessLog: false });
    const table = tableOf([], [routeTo([])]);
    await lab.balancer().apply(table);
    const before = await lab.host.find(lab.container);
    await lab.get('web.example.com', '/unseen');
    const balancer = lab.balancer({ accessLog: true });
    await balancer.apply(table);
    // The worker of before still takes what comes while the new one begins.
    await until(async () => {
      await lab.get('web.example.com', '/seen');
      return (await logged(balancer)).length > 0;
    });
    expect(new Set((await logged(balancer)).map(({ path }) => path))).toEqual(new Set(['/seen']));
    expect(lab.log).toEqual(['reloaded HAProxy']);
    expect(await lab.host.find(lab.container)).toEqual(before);
  });
});
