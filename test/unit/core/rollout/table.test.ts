import { describe, expect, it } from 'vitest';
import type { Manifest, Service } from '../../../../src/core/model.ts';
import type { Instance } from '../../../../src/core/observed.ts';
import { detours } from '../../../../src/core/rollout/table.ts';
import type { Pool, Route, RoutingTable } from '../../../../src/core/routing.ts';
import { checked, desiredBy, NOW, planOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const LATER = NOW + 60_000;
const web = service({ instances: 2 });
const api = service({ name: 'api', instances: 2, container: { image: 'api:v1' } });
const webs = [1, 2].map((slot) => instanceOf(web, slot));
const apis = [1, 2].map((slot) => instanceOf(api, slot, { address: `10.0.1.${slot}` }));

function tableOf(situation: Situation): RoutingTable {
  return planOf(situation).table;
}

/** The table once every check has passed that the first one asks for. */
function served(wanted: readonly Manifest[], instances: readonly Instance[]): RoutingTable {
  return tableOf({ wanted, instances, balancer: checked(tableOf({ wanted, instances })) });
}

function routeOf({ routes }: RoutingTable): Route {
  const [route] = routes;
  if (route === undefined) throw new Error('There is no route.');
  return route;
}

/** `web: web-1 web-2(draining)` */
function textOf({ set, members }: Pool): string {
  const names = members.map(
    ({ service: name, slot, state }) => `${name}-${slot}${state === 'active' ? '' : `(${state})`}`,
  );
  return `${set}: ${names.join(' ')}`;
}

function poolsOf(table: RoutingTable): string[] {
  const { active, pools } = routeOf(table);
  return [textOf(pools[active]), textOf(pools[active === 'a' ? 'b' : 'a'])];
}

describe('a new route', () => {
  it('leads nowhere before somebody is ready, and asks everybody who is up', () => {
    const unknown = webs.map((each) => ({ ...each, discoverable: false }));
    const table = tableOf({ wanted: [web, loadBalancer()], instances: unknown });
    expect(poolsOf(table)).toEqual(['web: ', ': ']);
    const [check] = table.checks;
    expect(check).toMatchObject({ service: 'web', check: { type: 'tcp', port: 8080 }, timeout: 1000 });
    expect(check?.servers.map((each) => each.address)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('leads to all that are ready, by addresses that never mean another container', () => {
    const table = served([web, loadBalancer({ port: 9090 })], webs);
    expect(routeOf(table)).toMatchObject({ loadBalancer: 'web', active: 'a', switchedAt: 0, previews: [] });
    const [member] = routeOf(table).pools.a.members;
    expect(member).toEqual({
      id: `web-${webs[0]?.release ?? ''}-1-10-0-0-1`,
      instance: webs[0]?.name,
      service: 'web',
      release: webs[0]?.release,
      slot: 1,
      address: '10.0.0.1',
      port: 9090,
      check: table.checks[0]?.name,
      state: 'active',
      since: NOW,
    });
  });

  it('takes from its manifest what a request has to look like', () => {
    const wanted = { hostnames: ['a.example.com', 'b.example.com'], path: '/shop', stripPath: true };
    const green = service({ update: { preview: 'green.example.com' } });
    const route = routeOf(tableOf({ wanted: [green, loadBalancer(wanted)] }));
    expect(route).toMatchObject({ ...wanted, previews: ['green.example.com'], timeouts: loadBalancer().timeouts });
  });

  it('follows the http check of the service, else the connection to its own port', () => {
    const wanted = [loadBalancer({ port: 9090 }), loadBalancer({ name: 'web2', port: 8080 })];
    const checksOf = (of: Service) => {
      const { routes } = served([of, ...wanted], webs);
      return routes.map(({ pools }) => pools.a.members[0]?.check.split('.').slice(0, 3).join('.'));
    };
    expect(checksOf(web)).toEqual(['web.tcp.9090', 'web.tcp.8080']);
    const http = { path: '/', port: 7070, status: '200' };
    const healthCheck = { http, interval: 1, timeout: 1, retries: 1, startPeriod: 0, restart: true };
    expect(checksOf({ ...web, healthCheck })).toEqual(['web.http.7070', 'web.http.7070']);
  });

  it('follows the check of the load balancer, where it has one, and no other one does', () => {
    const healthCheck = {
      port: 9090,
      http: { path: '/ready', status: '200' },
      interval: 500,
      timeout: 500,
      rise: 1,
      fall: 2,
    };
    const wanted = [web, loadBalancer({ healthCheck }), loadBalancer({ name: 'plain', path: '/plain' })];
    const table = served(wanted, webs);
    expect(table.routes.map(({ pools }) => pools.a.members[0]?.check.split('.').slice(0, 3).join('.'))).toEqual([
      'web.tcp.8080',
      'web.http.9090',
    ]);
    expect(table.checks.find(({ pace }) => pace !== undefined)).toMatchObject({
      check: { type: 'http', path: '/ready', port: 9090 },
      pace: { interval: 500, rise: 1, fall: 2 },
    });
  });

  it('leads to nobody who has no address', () => {
    const { address: _, ...homeless } = instanceOf(web);
    expect(tableOf({ wanted: [web, loadBalancer()], instances: [homeless] }).checks).toEqual([]);
  });
});

describe('checks', () => {
  it.each([
    ['running', 1],
    ['restarting', 1],
    ['paused', 0],
    ['exited', 0],
    ['created', 0],
  ] as const)('of an instance that is %s ask %i', (state, servers) => {
    const { checks } = tableOf({ wanted: [web, loadBalancer()], instances: [instanceOf(web, 1, { state })] });
    expect(checks.flatMap((each) => each.servers)).toHaveLength(servers);
  });

  it('go on as they are for a member until it has passed the one that is wanted now', () => {
    const before = served([web, loadBalancer()], webs);
    const wanted = [web, loadBalancer({ port: 9090 })];
    const portsOf = (table: RoutingTable) => routeOf(table).pools.a.members.map((each) => each.port);
    const asked = tableOf({ wanted, instances: webs, balancer: checked(before) });
    expect(portsOf(asked)).toEqual([8080, 8080]);
    expect(asked.checks.map(({ check }) => check.port)).toEqual([8080, 9090]);
    const [one] = routeOf(asked).pools.a.members;
    const half = tableOf({ wanted, instances: webs, balancer: checked(asked, 'up', { [one?.id ?? '']: 'starting' }) });
    expect(portsOf(half)).toEqual([8080, 9090]);
    const passed = tableOf({ wanted, instances: webs, balancer: checked(half) });
    expect(portsOf(passed)).toEqual([9090, 9090]);
    const done = tableOf({ wanted, instances: webs, balancer: checked(passed) });
    expect(done.checks.map(({ check }) => check.port)).toEqual([9090]);
  });
});

describe('the table of the next look', () => {
  const wanted = [web, loadBalancer()];
  const before = served(wanted, webs);

  it('is the same while nothing changes, also later', () => {
    expect(tableOf({ wanted, instances: webs, balancer: checked(before), now: LATER })).toEqual(before);
  });

  it('lets go who is not wanted any more, and remembers since when', () => {
    const fewer = [{ ...web, instances: 1 }, loadBalancer()];
    const table = tableOf({ wanted: fewer, instances: webs, balancer: checked(before), now: LATER });
    expect(poolsOf(table)).toEqual(['web: web-1 web-2(draining)', ': ']);
    expect(routeOf(table).pools.a.members.map((each) => each.since)).toEqual([NOW, LATER]);
    const next = tableOf({ wanted: fewer, instances: webs, balancer: checked(table), now: LATER + 9 });
    expect(next).toEqual(table);
  });

  it('waits for nobody until it is as late as it was by the clock of an earlier process', () => {
    const fewer = [{ ...web, instances: 1 }, loadBalancer()];
    const ahead = tableOf({ wanted: fewer, instances: webs, balancer: checked(before), now: LATER });
    const table = tableOf({ wanted: fewer, instances: webs, balancer: checked(ahead), now: NOW });
    expect(routeOf(table).pools.a.members.map((each) => each.since)).toEqual([NOW, NOW]);
  });

  it('forgets who is gone, and who is up no more', () => {
    const [first, second] = webs;
    const table = (...instances: Instance[]) => tableOf({ wanted, instances, balancer: checked(before) });
    if (first === undefined || second === undefined) throw new Error('no instances');
    expect(poolsOf(table(first))).toEqual(['web: web-1', ': ']);
    expect(poolsOf(table(first, { ...second, state: 'exited' }))).toEqual(['web: web-1', ': ']);
  });

  it('takes somebody back who was on his way out', () => {
    const draining = tableOf({
      wanted: [{ ...web, instances: 1 }, loadBalancer()],
      instances: webs,
      balancer: checked(before),
    });
    const table = tableOf({ wanted, instances: webs, balancer: checked(draining), now: LATER });
    expect(poolsOf(table)).toEqual(['web: web-1 web-2', ': ']);
    expect(routeOf(table).pools.a.members.map((each) => each.since)).toEqual([NOW, LATER]);
  });
});

describe('a route that is to lead to another service', () => {
  const wanted = [web, api, loadBalancer({ service: 'api' })];
  const before = served([web, api, loadBalancer()], [...webs, ...apis]);
  const asked = tableOf({ wanted, instances: [...webs, ...apis], balancer: checked(before) });
  const apiIds = asked.checks.find((each) => each.service === 'api')?.servers.map((each) => each.id) ?? [];

  it('stays where it is until all of the other are ready', () => {
    const unready = checked(asked, 'up', { [apiIds[1] ?? '']: 'down' });
    const table = tableOf({ wanted, instances: [...webs, ...apis], balancer: unready });
    expect(routeOf(table)).toMatchObject({ active: 'a', switchedAt: 0 });
    expect(poolsOf(table)).toEqual(['web: web-1 web-2', 'api: api-1 api-2']);
    expect(detours(desiredBy({ wanted }), table)).toEqual(['web']);
  });

  it('stays where it is until the balancer has asked those who serve by their name alone', () => {
    expect(poolsOf(asked)).toEqual(['web: web-1 web-2', 'api: api-1 api-2']);
    expect(apiIds).toHaveLength(2);
  });

  it('then switches to the other colour, and the old members drain', () => {
    const instances = [...webs, ...apis];
    const table = tableOf({ wanted, instances, balancer: checked(asked), now: LATER });
    expect(routeOf(table)).toMatchObject({ active: 'b', switchedAt: LATER });
    expect(poolsOf(table)).toEqual(['api: api-1 api-2', 'web: web-1 web-2']);
    const next = tableOf({ wanted, instances, balancer: checked(table), now: LATER + 1 });
    expect(routeOf(next)).toMatchObject({ active: 'b', switchedAt: LATER });
    expect(poolsOf(next)).toEqual(['api: api-1 api-2', 'web: web-1(draining) web-2(draining)']);
    expect(detours(desiredBy({ wanted }), next)).toEqual([]);
    const earlier = tableOf({ wanted, instances, balancer: checked(next), now: LATER - 9 });
    expect(routeOf(earlier)).toMatchObject({ active: 'b', switchedAt: LATER - 9 });
  });

  it('stays where it is while none of the other is there, or wanted', () => {
    const balancer = checked(asked);
    const none = [web, { ...api, instances: 0 }, loadBalancer({ service: 'api' })];
    for (const situation of [
      { wanted, instances: webs },
      { wanted: none, instances: webs },
    ]) {
      expect(poolsOf(tableOf({ ...situation, balancer }))[0]).toBe('web: web-1 web-2');
    }
  });

  it('stays where nobody serves while the one it leaves is wanted and the other is not there', () => {
    const table = tableOf({ wanted, instances: [], balancer: checked(asked) });
    expect(routeOf(table)).toMatchObject({ active: 'a', switchedAt: 0 });
    const over = tableOf({ wanted: wanted.slice(1), instances: [], balancer: checked(asked) });
    expect(routeOf(over)).toMatchObject({ active: 'b', switchedAt: NOW });
  });

  it('takes the first that is ready where nobody serves any more', () => {
    const unready = checked(asked, 'up', { [apiIds[1] ?? '']: 'starting' });
    const gone = webs.map((each) => ({ ...each, state: 'exited' as const }));
    const table = tableOf({ wanted, instances: [...gone, ...apis], balancer: unready });
    expect(routeOf(table)).toMatchObject({ active: 'b', switchedAt: NOW });
    expect(poolsOf(table)[0]).toBe('api: api-1 api-2');
  });
});

describe('a route to several services', () => {
  const instances = [...webs, ...apis];
  const shares = (one: number, other: number) =>
    loadBalancer({
      backends: [
        { service: 'api', weight: one },
        { service: 'web', weight: other },
      ],
    });
  const wanted = [web, api, shares(10, 90)];
  const alone = served([web, api, loadBalancer()], instances);
  const asked = tableOf({ wanted, instances, balancer: checked(alone) });
  const both = tableOf({ wanted, instances, balancer: checked(asked), now: LATER });
  const weightsOf = (table: RoutingTable) => {
    const { active, pools } = routeOf(table);
    return pools[active].members.map(({ service: name, weight }) => `${name} ${weight ?? ''}`);
  };

  it('begins when all of the one that joins are ready, whoever is there already', () => {
    const [one, two] = asked.checks.find((each) => each.service === 'api')?.servers.map(({ id }) => id) ?? [];
    const [there] = asked.checks.find((each) => each.service === 'web')?.servers.map(({ id }) => id) ?? [];
    const unready = checked(asked, 'up', { [one ?? '']: 'down' });
    const waiting = tableOf({ wanted, instances, balancer: unready });
    expect(poolsOf(waiting)[0]).toBe('web: web-1 web-2');
    expect(detours(desiredBy({ wanted }), waiting)).toEqual(['web']);
    const ill = checked(asked, 'up', { [there ?? '']: 'down' });
    expect(poolsOf(tableOf({ wanted, instances, balancer: ill }))[0]).toBe('api+web: api-1 api-2 web-1 web-2');
    expect(two).toBeDefined();
  });

  it('gives each its share, whatever number of members it has', () => {
    expect(routeOf(both)).toMatchObject({ active: 'b', switchedAt: LATER });
    expect(routeOf(both).pools.b.weights).toEqual({ api: 10, web: 90 });
    expect(weightsOf(both)).toEqual(['api 28', 'api 28', 'web 256', 'web 256']);
    const fewer = [{ ...web, instances: 1 }, api, shares(10, 90)];
    const next = tableOf({ wanted: fewer, instances: [...webs.slice(0, 1), ...apis], balancer: checked(both) });
    expect(weightsOf(next)).toEqual(['api 14', 'api 14', 'web 256']);
    expect(weightsOf(alone)).toEqual(['web ', 'web ']);
  });

  it('takes other shares where it is, also none', () => {
    const half = tableOf({ wanted: [web, api, shares(50, 50)], instances, balancer: checked(both), now: LATER + 1 });
    expect(routeOf(half)).toMatchObject({ active: 'b', switchedAt: LATER });
    expect(weightsOf(half)).toEqual(['api 256', 'api 256', 'web 256', 'web 256']);
    const drained = tableOf({ wanted: [web, api, shares(0, 100)], instances, balancer: checked(half), now: LATER + 2 });
    expect(weightsOf(drained)).toEqual(['api 0', 'api 0', 'web 256', 'web 256']);
  });

  it('goes over to one of them at once, and what stays is not drained', () => {
    const over = [web, api, loadBalancer({ service: 'api' })];
    const table = tableOf({ wanted: over, instances, balancer: checked(both), now: LATER + 1 });
    expect(routeOf(table)).toMatchObject({ active: 'a' });
    expect(poolsOf(table)).toEqual([
      'api: api-1 api-2 web-1(draining) web-2(draining)',
      'api+web: api-1 api-2 web-1 web-2',
    ]);
    expect(weightsOf(table)).toEqual(['api ', 'api ', 'web ', 'web ']);
  });

  it('keeps the shares that it has while none of those that are to get some answers', () => {
    const nobody = checked(
      both,
      'up',
      Object.fromEntries(
        both.checks
          .filter(({ service: of }) => of === 'api')
          .flatMap(({ servers }) => servers.map(({ id }) => [id, 'down' as const])),
      ),
    );
    const turned = [web, api, shares(100, 0)];
    const table = tableOf({ wanted: turned, instances, balancer: nobody, now: LATER + 1 });
    expect(weightsOf(table)).toEqual(['api 28', 'api 28', 'web 256', 'web 256']);
    expect(detours(desiredBy({ wanted: turned }), table)).toEqual(['web']);
    const left = tableOf({
      wanted: [web, api, loadBalancer({ service: 'api' })],
      instances,
      balancer: nobody,
      now: LATER + 1,
    });
    expect(routeOf(left).active).toBe('b');
    expect(weightsOf(left)).toEqual(['api 28', 'api 28', 'web 256', 'web 256']);
  });

  it('leaves one of them only when all of those that stay are ready', () => {
    const [one] = both.checks.find((each) => each.service === 'api')?.servers.map(({ id }) => id) ?? [];
    const half = checked(both, 'up', { [one ?? '']: 'down' });
    const over = [web, api, loadBalancer({ service: 'api' })];
    expect(routeOf(tableOf({ wanted: over, instances, balancer: half })).active).toBe('b');
  });

  it('has nobody left in the colour that it has left, once they have had their time', () => {
    const over = [web, api, loadBalancer({ service: 'api' })];
    const left = tableOf({ wanted: over, instances, balancer: checked(both), now: LATER });
    const next = tableOf({ wanted: over, instances, balancer: checked(left), now: LATER + 1 });
    expect(poolsOf(next)[1]).toBe('api+web: api-1(draining) api-2(draining) web-1(draining) web-2(draining)');
    const end = LATER + 1 + web.update.drain;
    expect(poolsOf(tableOf({ wanted: over, instances, balancer: checked(next), now: end - 1 }))[1]).toContain('web-1');
    expect(poolsOf(tableOf({ wanted: over, instances, balancer: checked(next), now: end }))[1]).toBe(': ');
  });

  it('does not wait for one that is to get nothing', () => {
    const none = [web, { ...api, instances: 0 }, shares(0, 100)];
    const table = tableOf({ wanted: none, instances: webs, balancer: checked(alone) });
    expect(poolsOf(table)[0]).toBe('api+web: web-1 web-2');
  });
});

describe('a service that is updated while an instance of the release before the last ends its requests', () => {
  const release = (tag: string) => service({ instances: 2, container: { image: `web:${tag}` } });
  const [first, second, third] = [release('v1'), release('v2'), release('v3')];
  const instances = [
    instanceOf(first, 1),
    ...[1, 2].map((slot) => instanceOf(second, slot, { address: `10.0.1.${slot}` })),
  ];
  const tagsOf = (table: RoutingTable) =>
    routeOf(table).pools.a.members.map(({ release: id, slot, state }) => {
      return `${id === instances[0]?.release ? 'v1' : 'v2'}-${slot} ${state}`;
    });

  it('leads on to those that have followed it', () => {
    const before = served([first, loadBalancer()], instances.slice(0, 1));
    const asked = tableOf({ wanted: [second, loadBalancer()], instances, balancer: checked(before) });
    const left = tableOf({ wanted: [second, loadBalancer()], instances, balancer: checked(asked) });
    expect(tagsOf(left).sort()).toEqual(['v1-1 draining', 'v2-1 active', 'v2-2 active']);
    const next = tableOf({ wanted: [third, loadBalancer()], instances, balancer: checked(left), now: LATER });
    expect(tagsOf(next).sort()).toEqual(['v1-1 draining', 'v2-1 active', 'v2-2 active']);
  });
});
