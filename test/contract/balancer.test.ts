import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { readStat } from '../../src/haproxy/live.ts';
import { probeOf } from '../../src/haproxy/probes.ts';
import {
  BalancerLab,
  HAPROXIES,
  checked,
  getDirect,
  memberOf,
  poolOf,
  routeTo,
  serverId,
  tableOf,
} from '../support/balancer-lab.ts';
import { dockerHost, until } from '../support/docker.ts';

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1', 'lab/app:v2']));

describe.concurrent.each(HAPROXIES)('the balancer on %s', (haproxy) => {
  test('is absent until a table is applied, then runs and tells the table', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const balancer = lab.balancer();
    expect(await balancer.observe()).toMatchObject({ state: 'absent' });
    const table = tableOf([], [routeTo([])]);
    await balancer.apply(table);
    const nothing = { checks: {}, members: {}, queues: { web: 0 }, oldWorkers: 0 };
    expect(await balancer.observe()).toEqual({ state: 'running', table, ...nothing });
  });

  test('answers 404 where there is no route and 503 where there are no members', async () => {
    await using lab = await BalancerLab.open(haproxy);
    await lab.balancer().apply(tableOf([], [routeTo([], { path: '/app' })]));
    expect(await lab.get('other.example.com', '/app')).toMatchObject({ status: 404 });
    expect(await lab.get('web.example.com', '/')).toMatchObject({ status: 404 });
    expect(await lab.get('web.example.com', '/app')).toMatchObject({
      status: 503,
      body: 'Load balancer web has no member that answers.',
    });
  });

  test('routes by host without case and port, and by the longest path at segment borders', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const routes = ['/', '/api', '/api/v2'].map((path, index) => routeTo([], { loadBalancer: `lb${index}`, path }));
    await lab.balancer().apply(tableOf([], routes));
    const routeOf = async (host: string, path: string) =>
      /Load balancer (\w+)/.exec((await lab.get(host, path)).body)?.[1];
    expect(await routeOf('WEB.Example.COM:8080', '/')).toBe('lb0');
    expect(await routeOf('web.example.com', '/apix')).toBe('lb0');
    expect(await routeOf('web.example.com', '/API')).toBe('lb0');
    expect(await routeOf('web.example.com', '/api')).toBe('lb1');
    expect(await routeOf('web.example.com', '/api?x=/api/v2')).toBe('lb1');
    expect(await routeOf('web.example.com', '/api/v20')).toBe('lb1');
    expect(await routeOf('web.example.com', '/api/v2/')).toBe('lb2');
    expect(await routeOf('web.example.com.evil.example', '/api')).toBeUndefined();
  });

  test('takes the path off and says who asked, where the route wants it', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const route = routeTo([memberOf(app)], { path: '/a.p', stripPath: true });
    await balancer.apply(tableOf([poolOf([app])], [route]));
    await checked(balancer, [app]);
    expect(await lab.get('web.example.com', '/a.p')).toMatchObject({ status: 200, body: 'v1\n' });
    expect(await lab.get('web.example.com', '/axp/headers')).toMatchObject({ status: 404 });
    const headers = JSON.parse((await lab.get('web.example.com', '/a.p/headers')).body) as Record<string, string>;
    expect(headers).toMatchObject({
      host: 'web.example.com',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  test('takes every sign that a manifest may have in a path', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const signs = 'aZ09-._~!$&()*+,;=:@%';
    const check = { type: 'http' as const, path: `/health?${signs}/?`, port: 8080, status: '200-399' };
    const route = routeTo([memberOf(app)], { path: `/${signs}`, stripPath: true });
    await balancer.apply(tableOf([{ ...poolOf([app]), check }], [route]));
    await checked(balancer, [app]);
    expect(await lab.get('web.example.com', `/${signs}/headers`)).toMatchObject({ status: 200 });
    expect(await lab.get('web.example.com', `/${signs}x/headers`)).toMatchObject({ status: 404 });
  });

  test('sends a member nothing before its check has passed', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const late = await lab.upstream('v1');
    await until(async () => (await getDirect(late, '/health?status=500', 'POST').catch(() => undefined)) !== undefined);
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([late])], [routeTo([memberOf(late)])]));
    const answers = [await lab.get('web.example.com'), await lab.get('web.example.com')];
    await checked(balancer, [late], 'down');
    answers.push(await lab.get('web.example.com'));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    await getDirect(late, '/health?status=200', 'POST');
    await until(async () => (await lab.get('web.example.com')).body === 'v1\n');
    expect((await balancer.observe()).members[`web/a/${serverId(late)}`]).toMatchObject({
      check: 'up',
      description: 'L7OK',
    });
  });

  test('asks a new member at once, whenever it would be its turn', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [app, other] = [await lab.upstream('v1'), await lab.upstream('v1')];
    const [balancer, pool] = [lab.balancer(), poolOf([])];
    await balancer.apply(tableOf([pool], [routeTo([])]));
    const cli = await lab.cli();
    const [{ pid }] = await cli.workers();
    const statOf = async (name: string) => {
      await balancer.observe();
      return readStat(await cli.worker(pid, 'show stat -1 4 -1')).get(name);
    };
    const [first, second] = [`check:${pool.name}/s1`, `check:${pool.name}/s2`];
    // Then its turn never comes.
    await cli.worker(pid, `disable health ${first}`);
    await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)])]));
    // HAProxy's word for one that is up and is not asked.
    await until(async () => (await statOf(first))?.status === 'no check');
    expect((await lab.get('web.example.com')).body).toBe('v1\n');
    // One that is asked itself needs no probe any more, and neither does a free slot.
    await balancer.apply(tableOf([poolOf([app, other])], [routeTo([memberOf(app), memberOf(other)])]));
    await until(async () => (await statOf(second))?.check === 'L7OK' && (await statOf(probeOf(second))) === undefined);
    expect(await statOf(probeOf(first))).toBeDefined();
    await balancer.apply(tableOf([poolOf([other])], [routeTo([memberOf(other)])]));
    expect(await statOf(probeOf(first))).toBeUndefined();
    cli.close();
  });

  test('waits for the answer to a check as long as the pool says, and notices a member that hangs', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const check = { type: 'http' as const, path: '/slow?ms=1500', port: 8080, status: '200' };
    await balancer.apply(tableOf([{ ...poolOf([app]), check, timeout: 2000 }], [routeTo([memberOf(app)])]));
    await checked(balancer, [app]);
    expect(await lab.get('web.example.com')).toMatchObject({ status: 200 });
    await lab.docker.getContainer(app.id).pause();
    await checked(balancer, [app], 'down');
    expect(await lab.get('web.example.com')).toMatchObject({ status: 503 });
  });

  test('waits for a client as long as its route says, from 3.0 on', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const route = routeTo([memberOf(app)]);
    const patientFor = (name: string, client: number) => ({
      ...route,
      loadBalancer: name,
      hostnames: [`${name}.example.com`],
      timeouts: { ...route.timeouts, client },
    });
    await balancer.apply(tableOf([poolOf([app])], [route, patientFor('hasty', 1000), patientFor('calm', 90_000)]));
    await checked(balancer, [app]);
    const answers = await Promise.all([
      lab.stalledUpload('web.example.com', '/slow?ms=2500'),
      lab.stalledUpload('hasty.example.com', '/slow?ms=300'),
      lab.get('hasty.example.com', '/slow?ms=2500').then(({ status }) => status),
      lab.stalledUpload('hasty.example.com', '/slow?ms=2500'),
    ]);
    expect(answers).toEqual([200, 200, 200, haproxy.endsWith('2.6') ? 200 : 400]);
  });

  test('leads previews to the idle colour, before and after a switch', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const apply = (active: 'a' | 'b') =>
      balancer.apply(
        tableOf(
          [poolOf([blue, green])],
          [routeTo([memberOf(blue)], { active, previews: ['new.example.com'] }, [memberOf(green)])],
        ),
      );
    await apply('a');
    await checked(balancer, [blue, green]);
    expect([(await lab.get('web.example.com')).body, (await lab.get('new.example.com')).body]).toEqual([
      'v1\n',
      'v2\n',
    ]);
    await apply('b');
    expect([(await lab.get('web.example.com')).body, (await lab.get('new.example.com')).body]).toEqual([
      'v2\n',
      'v1\n',
    ]);
  });

  test('lets a draining member finish, and sends it nothing new', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [old, young] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const pool = poolOf([old, young]);
    await balancer.apply(tableOf([pool], [routeTo([memberOf(old)])]));
    await checked(balancer, [old, young]);
    const slow = lab.get('web.example.com', '/slow?ms=1500');
    const sessions = async () => (await balancer.observe()).members[`web/a/${serverId(old)}`]?.sessions;
    await until(async () => (await sessions()) === 1);
    await balancer.apply(tableOf([pool], [routeTo([memberOf(old, { state: 'draining' }), memberOf(young)])]));
    expect((await lab.get('web.example.com')).body).toBe('v2\n');
    expect(await sessions()).toBe(1);
    expect(await slow).toMatchObject({ status: 200, body: 'v1\n' });
    await until(async () => (await sessions()) === 0);
    await balancer.apply(tableOf([poolOf([young])], [routeTo([memberOf(young)])]));
    expect(Object.keys((await balancer.observe()).members)).toEqual([`web/a/${serverId(young)}`]);
  });
});
