import { Agent } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
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
import { startLoad } from '../support/balancer-load.ts';
import { dockerHost, until } from '../support/docker.ts';

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1', 'lab/app:v2']));

/** Reloads take a change that no command can make: here one more route. */
const extraRoute = (name: string) => routeTo([], { loadBalancer: name, hostnames: [`${name}.example.com`] });

describe.each(HAPROXIES)('traffic through the balancer on %s', (haproxy) => {
  test('loses no request when the colours switch', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const apply = (active: 'a' | 'b') =>
      balancer.apply(tableOf([poolOf([blue, green])], [routeTo([memberOf(blue)], { active }, [memberOf(green)])]));
    await apply('a');
    await checked(balancer, [blue, green]);
    const load = startLoad(lab, { clients: 20, pause: 5, expected: ['v1', 'v2'] });
    for (const colour of ['b', 'a', 'b'] as const) {
      await load.answered(300);
      await apply(colour);
    }
    await load.answered(300);
    const { failures, bodies } = await load.stop();
    expect(failures).toEqual([]);
    expect(bodies).toEqual(new Set(['v1', 'v2']));
    expect((await lab.get('web.example.com')).body).toBe('v2\n');
  });

  test('loses no request when it reloads, not even on connections that were idle', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const route = routeTo([memberOf(app)]);
    await balancer.apply(tableOf([poolOf([app])], [route]));
    await checked(balancer, [app]);
    const busy = startLoad(lab, { clients: 10, pause: 5, expected: ['v1'] });
    const idle = startLoad(lab, { clients: 50, pause: 1500, expected: ['v1'] });
    for (const name of ['one', 'two']) {
      await balancer.apply(tableOf([poolOf([app])], [route, extraRoute(name)]));
      await idle.answered(100);
    }
    expect([...(await busy.stop()).failures, ...(await idle.stop()).failures]).toEqual([]);
    expect(lab.log).toEqual(['reloaded HAProxy', 'reloaded HAProxy']);
  });

  test('sends nothing to a member whose check fails, however often it reloads', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [ill, well] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const [pool, route] = [poolOf([ill, well]), routeTo([memberOf(ill), memberOf(well)])];
    await balancer.apply(tableOf([pool], [route]));
    await checked(balancer, [ill, well]);
    await getDirect(ill, '/health?status=500', 'POST');
    await checked(balancer, [ill], 'down');
    const load = startLoad(lab, { clients: 20, pause: 1, expected: ['v2'] });
    for (const name of ['one', 'two', 'three']) await balancer.apply(tableOf([pool], [route, extraRoute(name)]));
    expect((await load.stop()).failures).toEqual([]);
    expect((await balancer.observe()).checks[`${pool.name}/${serverId(ill)}`]?.check).toBe('down');
  });

  test('moves the kept connections of an old worker too, and counts it until it has gone', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const pool = poolOf([blue, green]);
    const route = (active: 'a' | 'b') => routeTo([memberOf(blue)], { active }, [memberOf(green)]);
    await balancer.apply(tableOf([pool], [route('a')]));
    await checked(balancer, [blue, green]);
    const slow = lab.get('web.example.com', '/slow?ms=4000');
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    await lab.get('web.example.com', '/', kept);
    await until(async () => (await balancer.observe()).members[`web/a/${serverId(blue)}`]?.sessions === 1);
    await balancer.apply(tableOf([pool], [route('a'), extraRoute('one')]));
    expect(await balancer.observe()).toMatchObject({ oldWorkers: 1, reloadedAgo: expect.any(Number) as number });
    await balancer.apply(tableOf([pool], [route('b'), extraRoute('one')]));
    expect((await lab.get('web.example.com', '/', kept)).body).toBe('v2\n');
    expect(await slow).toMatchObject({ status: 200, body: 'v1\n' });
    await until(async () => (await balancer.observe()).oldWorkers === 0);
    kept.destroy();
  });

  test('lets what runs run on after a reload, as long as the limits of its route', async () => {
    await using lab = await BalancerLab.open(haproxy, { hardStopAfter: 1000 });
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)])]));
    await checked(balancer, [app]);
    const slow = lab.get('web.example.com', '/slow?ms=5000');
    await until(async () => (await balancer.observe()).members[`web/a/${serverId(app)}`]?.sessions === 1);
    await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)]), extraRoute('one')]));
    await until(async () => ((await balancer.observe()).reloadedAgo ?? 0) >= 2000);
    expect(await slow).toMatchObject({ status: 200, body: 'v1\n' });
  });

  test('keeps an old worker on members that it knows when the new ones came after it', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const pool = poolOf([blue, green]);
    await balancer.apply(tableOf([pool], [routeTo([memberOf(blue)])]));
    await checked(balancer, [blue, green]);
    const load = startLoad(lab, { clients: 20, pause: 700, expected: ['v1', 'v2'] });
    await load.answered(20);
    await balancer.apply(tableOf([pool], [routeTo([memberOf(blue)]), extraRoute('one')]));
    await balancer.apply(
      tableOf([pool], [routeTo([memberOf(blue)], { active: 'b' }, [memberOf(green)]), extraRoute('one')]),
    );
    await load.answered(60);
    const { failures, bodies } = await load.stop();
    expect(failures).toEqual([]);
    expect(bodies).toEqual(new Set(['v1', 'v2']));
  });
});
