import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ExecStream } from '../../src/core/container-host.ts';
import { ensureImages } from '../../script/images.mjs';
import {
  BalancerLab,
  HAPROXIES,
  checked,
  memberOf,
  poolOf,
  routeTo,
  serverId,
  tableOf,
} from '../support/balancer-lab.ts';
import { crash, dockerHost, until } from '../support/docker.ts';
import { faultyHost } from '../support/faulty-host.ts';

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1', 'lab/app:v2']));

const FILES = '/var/lib/fairlead/host';

describe.concurrent.each(HAPROXIES)('the balancer on %s in trouble', (haproxy) => {
  async function openOnBridge(): Promise<BalancerLab> {
    const lab = await BalancerLab.open(haproxy, { network: 'bridge' });
    const Labels = { 'io.fairlead.cluster': lab.cluster, 'io.fairlead.role': 'network' };
    await lab.docker.createNetwork({ Name: `${lab.network}-names`, Labels });
    return lab;
  }

  const isRefused = (lab: BalancerLab) =>
    lab.get('web.example.com').then(
      () => false,
      () => true,
    );

  /** An engine that hangs up each time that this is said, as if who says it had ended there. */
  const cutting = (lab: BalancerLab, said: RegExp) =>
    faultyHost(lab.host, said, (stream) => {
      stream.close();
      return Promise.resolve();
    });

  /** Two releases behind one route that leads to v1. */
  async function serving(lab: BalancerLab) {
    const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const table = (active: 'a' | 'b') =>
      tableOf([poolOf([blue, green])], [routeTo([memberOf(blue)], { active }, [memberOf(green)])]);
    await balancer.apply(table('a'));
    await checked(balancer, [blue, green]);
    const body = async () => (await lab.get('web.example.com')).body.trim();
    return { balancer, table, body };
  }

  test('comes back with the same routes and members when its process is killed', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    await it.balancer.apply(it.table('b'));
    const before = await it.balancer.observe();
    await crash(lab.docker, lab.container);
    await until(async () => (await it.body().catch(String)) === 'v2');
    await until(async () => (await it.balancer.observe()).state === 'running');
    expect((await it.balancer.observe()).table).toEqual(before.table);
  });

  test('starts although who made it ended before it had a config, also after a look', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const blue = await lab.upstream('v1');
    const table = tableOf([poolOf([blue])], [routeTo([memberOf(blue)])]);
    const ended = lab.balancer({}, cutting(lab, /haproxy -c/));
    await expect(ended.apply(table)).rejects.toMatchObject({ reason: 'balancer-unreachable' });
    expect(await lab.shell(`ls ${FILES}`)).not.toMatch(/haproxy-.*\.cfg/);
    const next = lab.balancer();
    expect(await next.observe()).toMatchObject({ state: 'unreachable' });
    await next.apply(table);
    await checked(next, [blue]);
    expect((await lab.get('web.example.com')).body.trim()).toBe('v1');
  });

  test('clears away what a process that ended has left half written', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    await lab.shell(`cd ${FILES} && touch candidate.cfg routes.map.new`);
    await lab.balancer().apply(it.table('b'));
    expect(await lab.shell(`ls ${FILES}`)).not.toMatch(/candidate|\.new/);
  });

  test('is made again with its routes when its container was removed', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    await lab.docker.getContainer(lab.container).remove({ force: true });
    expect(await it.balancer.observe()).toMatchObject({ state: 'absent' });
    await it.balancer.apply(it.table('a'));
    expect(await it.body()).toBe('v1');
  });

  test('keeps what it serves when HAProxy refuses the new config', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const impossible = lab.balancer({ hardStopAfter: 2 ** 40 });
    await expect(impossible.apply(it.table('b'))).rejects.toMatchObject({
      reason: 'config-rejected',
      message: expect.stringContaining('hard-stop-after') as string,
    });
    expect(await it.body()).toBe('v1');
    expect((await impossible.observe()).problem).toMatchObject({ reason: 'config-rejected' });
    await it.balancer.apply(it.table('b'));
    expect(await it.body()).toBe('v2');
    await crash(lab.docker, lab.container);
    await until(async () => (await it.body().catch(String)) === 'v2');
  });

  test('refuses values that would break out of their place', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const evil = routeTo([], { loadBalancer: 'evil', hostnames: ["x' if TRUE\n"] });
    await expect(it.balancer.apply(tableOf([], [evil]))).rejects.toMatchObject({
      reason: 'config-rejected',
      message: expect.stringContaining('hostname') as string,
    });
    expect(await it.body()).toBe('v1');
  });

  test('puts the good config back when a reload fails', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const spoil = () => lab.shell(`for f in ${FILES}/haproxy-*.cfg; do echo nonsense >>$f; done`);
    const unlucky = lab.balancer({}, faultyHost(lab.host, /^reload\n/, spoil));
    const more = tableOf(it.table('b').checks, [
      ...it.table('b').routes,
      routeTo([], { loadBalancer: 'more', path: '/more' }),
    ]);
    await expect(unlucky.apply(more)).rejects.toMatchObject({
      reason: 'reload-failed',
      message: expect.stringContaining('nonsense') as string,
    });
    expect(await it.body()).toBe('v1');
    expect(await lab.shell(`cat ${FILES}/haproxy-*.cfg`)).not.toContain('nonsense');
    expect((await unlucky.observe()).table).toEqual(it.table('a'));
    await lab.balancer().apply(more);
    expect(await it.body()).toBe('v2');
  });

  test('does not take for a stranger who ended before a reload', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const more = tableOf(it.table('a').checks, [
      ...it.table('a').routes,
      routeTo([], { loadBalancer: 'more', path: '/more' }),
    ]);
    const ended = faultyHost(lab.host, /^reload\n/, () => new Promise(() => undefined));
    const balancer = lab.balancer({}, ended);
    const applied = balancer.apply(more);
    applied.catch(() => undefined);
    await until(async () => (await lab.shell(`cat ${FILES}/routes.map`)).includes('/more'));
    expect(await lab.balancer().observe()).not.toHaveProperty('deviation');
    balancer.close();
    await expect(applied).rejects.toMatchObject({ reason: 'balancer-unreachable' });
  });

  test.each(['haproxy-*.cfg', 'routes.map', 'table.json'])(
    'tells that somebody wrote into %s, and puts it right',
    async (file) => {
      await using lab = await BalancerLab.open(haproxy);
      const it = await serving(lab);
      expect(await it.balancer.observe()).not.toHaveProperty('deviation');
      await lab.shell(`for f in ${FILES}/${file}; do echo '# by hand' >>$f; done`);
      const deviation = expect.stringMatching(/^its file .* is not as Fairlead left it$/) as string;
      expect(await it.balancer.observe()).toMatchObject({ deviation });
      const next = lab.balancer();
      if (file !== 'table.json') expect(await next.observe()).toMatchObject({ deviation });
      await next.apply(it.table('a'));
      expect(await next.observe()).not.toHaveProperty('deviation');
      expect(await lab.shell(`cat ${FILES}/${file}`)).not.toContain('by hand');
      expect(await it.body()).toBe('v1');
    },
  );

  test('shows and finishes a switch that was recorded but not made', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const dies = async (stream: ExecStream) => {
      await Promise.resolve();
      stream.close();
    };
    const dying = lab.balancer({}, faultyHost(lab.host, /prepare map/, dies));
    await expect(dying.apply(it.table('b'))).rejects.toMatchObject({ reason: 'balancer-unreachable' });
    const next = lab.balancer();
    const { table } = await next.observe();
    expect(await it.body()).toBe('v1');
    expect(table?.routes[0]?.active).toBe('a');
    await next.apply(it.table('b'));
    expect(await it.body()).toBe('v2');
    expect((await next.observe()).table).toEqual(it.table('b'));
  });

  test('is read back by another reconciler', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const before = await it.balancer.observe();
    it.balancer.close();
    expect(await lab.balancer().observe()).toEqual(before);
  });

  test('changes nothing when the table is the same', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const files = () => lab.shell(`cd ${FILES}; ls -li --full-time 2>/dev/null || ls -lei`);
    await it.balancer.apply(it.table('a'));
    const before = await files();
    const [log, { table }] = [[...lab.log], await it.balancer.observe()];
    await it.balancer.apply(it.table('a'));
    await lab.balancer().apply(it.table('a'));
    expect(await files()).toBe(before);
    expect(lab.log).toEqual(log);
    expect((await it.balancer.observe()).table).toEqual(table);
  });

  test('serves on another port when it is told to, with the same routes', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    await using other = await BalancerLab.open(haproxy);
    const moved = lab.balancer({ http: other.port });
    expect((await moved.observe()).table).toEqual(it.table('a'));
    await moved.apply(it.table('a'));
    await until(async () => (await other.get('web.example.com').catch(() => undefined))?.body === 'v1\n');
    await expect(lab.get('web.example.com')).rejects.toThrow('ECONNREFUSED');
  });

  test('checks while something else has its port, and has it only as long as there is a route', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const [unrouted, routed] = [tableOf([poolOf([app])], []), tableOf([poolOf([app])], [routeTo([memberOf(app)])])];
    const stranger = createServer().listen(lab.port, '127.0.0.1');
    await once(stranger, 'listening');
    await balancer.apply(unrouted);
    await checked(balancer, [app]);
    await new Promise((resolve) => stranger.close(resolve));
    for (let round = 0; round < 2; round++) {
      await balancer.apply(routed);
      expect((await lab.get('web.example.com')).body).toBe('v1\n');
      expect((await balancer.observe()).table).toEqual(routed);
      await balancer.apply(unrouted);
      await until(() => isRefused(lab));
      expect((await balancer.observe()).table).toEqual(unrouted);
      await checked(balancer, [app]);
    }
  });

  test('lets nobody drive it who does not know the secret', async () => {
    await using lab = await BalancerLab.open(haproxy);
    const it = await serving(lab);
    const [address = '', port = ''] = (await lab.shell(`cat ${FILES}/control`)).split(' ');
    const heard = (greeting: string) =>
      new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(Number(port), address, () => socket.write(`${greeting}show proc\n`));
        socket.on('data', (data) => (text += String(data))).on('error', () => undefined);
        socket.on('close', () => resolve(text));
      });
    expect(await heard('')).toBe('');
    expect(await heard('PROXY TCP6 fd00::1 ::1 1 1\r\n')).toBe('');
    expect(await it.body()).toBe('v1');
  });

  test('runs without root and capabilities on a bridge', async () => {
    await using lab = await openOnBridge();
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)])]));
    await checked(balancer, [app]);
    expect((await lab.get('web.example.com')).body).toBe('v1\n');
    expect(await lab.shell('id -u; grep CapEff /proc/self/status')).toBe('99\nCapEff:\t0000000000000000\n');
    await balancer.apply(
      tableOf([poolOf([app])], [routeTo([memberOf(app)]), routeTo([], { loadBalancer: 'more', path: '/more' })]),
    );
    expect((await balancer.observe()).members[`web/a/${serverId(app)}`]).toMatchObject({ check: 'up' });
  });

  test('answers on a bridge as long as there is a route', async () => {
    await using lab = await openOnBridge();
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([app])], []));
    await checked(balancer, [app]);
    for (let round = 0; round < 2; round++) {
      await balancer.apply(tableOf([poolOf([app])], [routeTo([memberOf(app)])]));
      expect((await lab.get('web.example.com')).body).toBe('v1\n');
      await balancer.apply(tableOf([poolOf([app])], []));
      await until(() => isRefused(lab));
    }
  });
});
