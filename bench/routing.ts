import type { Route, RoutingTable } from '../src/core/routing.ts';
import { NOTHING_REFUSED } from '../src/haproxy/admission.ts';
import { renderConfig } from '../src/haproxy/config.ts';
import { mapLines, routeMap } from '../src/haproxy/routes.ts';
import type { ConfigSettings } from '../src/haproxy/settings.ts';
import { BalancerLab, checked, memberOf, poolOf, routeTo, tableOf } from '../test/support/balancer-lab.ts';
import { median, repeated, row } from './measure.ts';

const SETTINGS: ConfigSettings = {
  directory: '/var/lib/fairlead/host',
  http: { address: '0.0.0.0', port: 80, shown: 80 },
  hardStopAfter: 3_600_000,
  control: { address: '127.1.2.3', port: 20_000, secret: 'fd00::1' },
  admission: NOTHING_REFUSED,
  accessLog: true,
};
/** Each has two backends. */
const ROUTES = 1_000;
const SWITCHES = 40;
const COMMANDS = 500;

/** What the balancer's own work costs: a config for many routes, a reload with them, a switch, a command. */
export async function routing(): Promise<void> {
  const [few, many] = [await rendered(1_000), await rendered(5_000)];
  row('a config and a map of 1,000 routes', few);
  row('a config and a map of 5,000 routes', many, { beside: few, bar: 100, ratioBar: 6 });
  await using lab = await BalancerLab.open('lab/haproxy:3.0');
  const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
  const balancer = lab.balancer();
  const others = routesTo(ROUTES);
  const table = (active: 'a' | 'b', routes: readonly Route[]) =>
    tableOf([poolOf([blue, green])], [routeTo([memberOf(blue)], { active }, [memberOf(green)]), ...routes]);
  await balancer.apply(table('a', []));
  await checked(balancer, [blue, green]);
  let active: 'a' | 'b' = 'a';
  const switches = await repeated(SWITCHES, () => balancer.apply(table((active = active === 'a' ? 'b' : 'a'), [])));
  row('a switch: recorded, made and seen in each worker, median', median(switches), { bar: 150 });
  row('the same, 95 of 100', quantile(switches, 0.95), { bar: 150 });
  const cli = await lab.cli();
  const [{ pid }] = await cli.workers();
  const file = '/var/lib/fairlead/host/routes.map';
  const commands = await repeated(COMMANDS, () => cli.worker(pid, `set map ${file} web.example.com/ web.${active}`));
  row('`set map`, 99 of 100', quantile(commands, 0.99), { bar: 10 });
  cli.close();
  await balancer.apply(table(active, others));
  const reloads = await repeated(5, async () => {
    await (await lab.cli()).reload();
    const next = await lab.cli();
    await next.workers();
    next.close();
  });
  row(`a reload with ${(2 * ROUTES).toLocaleString('en')} backends`, median(reloads), { bar: 250 });
}

/** Milliseconds for so many routes, each to a service of its own. */
async function rendered(count: number): Promise<number> {
  const table: RoutingTable = { version: 1, checks: [], routes: routesTo(count) };
  const render = () => {
    const slots = {};
    return Promise.resolve([renderConfig(table, SETTINGS, slots), mapLines(routeMap(table, slots))]);
  };
  return median(await repeated(9, render));
}

function routesTo(count: number): readonly Route[] {
  return Array.from({ length: count }, (_, index) =>
    routeTo([], { loadBalancer: `other-${index}`, hostnames: [`other-${index}.example.com`] }),
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
