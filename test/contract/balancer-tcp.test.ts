import { connect, createServer, type Socket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { PLAIN_TRAFFIC, type Route } from '../../src/core/routing.ts';
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
import { dockerHost, until } from '../support/docker.ts';

beforeAll(() => ensureImages(dockerHost(), [...HAPROXIES, 'lab/app:v1', 'lab/app:v2']));

/** A route of connections to these. */
const listenerTo = (listen: number, apps: readonly Upstream[], change: Partial<Route> = {}) =>
  routeTo(
    apps.map((each) => memberOf(each)),
    { loadBalancer: `tcp${listen}`, hostnames: [], listen, ...change },
  );

/** A connection, kept for one question after the other. */
class Client implements Disposable {
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static async open(port: number): Promise<Client> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => undefined);
    return new Client(socket);
  }

  /** The release that answers; undefined: the connection is over. */
  async ask(): Promise<string | undefined> {
    this.socket.write('GET / HTTP/1.1\r\nhost: any\r\n\r\n');
    return await new Promise((resolve) => {
      this.socket.once('data', (data) => resolve(/v\d/.exec(data.toString())?.[0]));
      this.socket.once('close', () => resolve(undefined));
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** What one connection of its own is answered. */
async function ask(port: number): Promise<string | undefined> {
  using client = await Client.open(port);
  return await client.ask();
}

/** Two ports side by side. */
async function freePair(): Promise<{ readonly from: number; readonly to: number }> {
  for (;;) {
    const from = await freePort();
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen(from + 1, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return { from, to: from + 1 };
  }
}

/** A range of the host's ports that nobody uses. */
async function freeRange(): Promise<{ readonly from: number; readonly to: number }> {
  const ports = [await freePort(), await freePort(), await freePort()].sort((a, b) => a - b);
  return { from: ports[0] ?? 0, to: ports[2] ?? 0 };
}

describe.each(HAPROXIES)('connections through the balancer on %s', (haproxy) => {
  test('stay where they are when the colours switch, and new ones go on', async () => {
    const tcp = await freeRange();
    await using lab = await BalancerLab.open(haproxy, { tcp });
    const [blue, green] = [await lab.upstream('v1'), await lab.upstream('v2')];
    const balancer = lab.balancer();
    const route = (active: 'a' | 'b') =>
      listenerTo(tcp.from, [blue], {
        active,
        pools: { a: { set: 'web', members: [memberOf(blue)] }, b: { set: 'web', members: [memberOf(green)] } },
      });
    await balancer.apply(tableOf([poolOf([blue, green])], [route('a')]));
    await checked(balancer, [blue, green]);
    using kept = await Client.open(tcp.from);
    expect([await kept.ask(), await ask(tcp.from)]).toEqual(['v1', 'v1']);
    await balancer.apply(tableOf([poolOf([blue, green])], [route('b')]));
    expect([await kept.ask(), await ask(tcp.from)]).toEqual(['v1', 'v2']);
    expect(lab.log).toEqual([]);
  });

  test('outlive reloads that bring new ports, and a port that goes answers nobody', async () => {
    const tcp = await freeRange();
    await using lab = await BalancerLab.open(haproxy, { tcp });
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const [one, other] = [listenerTo(tcp.from, [app]), listenerTo(tcp.to, [app])];
    await balancer.apply(tableOf([poolOf([app])], [one]));
    await checked(balancer, [app]);
    using kept = await Client.open(tcp.from);
    expect(await kept.ask()).toBe('v1');
    await balancer.apply(tableOf([poolOf([app])], [one, other]));
    expect([await kept.ask(), await ask(tcp.from), await ask(tcp.to)]).toEqual(['v1', 'v1', 'v1']);
    expect(await balancer.observe()).toMatchObject({ table: { routes: [{ listen: tcp.from }, { listen: tcp.to }] } });
    await balancer.apply(tableOf([poolOf([app])], [one]));
    await until(async () => (await ask(tcp.to).catch(() => undefined)) === undefined);
    expect(await kept.ask()).toBe('v1');
  });

  test('are taken from addresses on the list alone', async () => {
    const tcp = await freeRange();
    await using lab = await BalancerLab.open(haproxy, { tcp });
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    const allowing = (...allow: string[]) =>
      balancer.apply(tableOf([poolOf([app])], [listenerTo(tcp.from, [app], { traffic: { ...PLAIN_TRAFFIC, allow } })]));
    await allowing('127.0.0.0/8');
    await checked(balancer, [app]);
    expect(await ask(tcp.from)).toBe('v1');
    await allowing('10.0.0.0/8');
    await until(async () => (await ask(tcp.from).catch(() => undefined)) === undefined);
  });

  test('come by published ports on a bridge, whose container stays the same for another listener', async () => {
    const tcp = await freePair();
    await using lab = await BalancerLab.open(haproxy, { tcp, network: 'bridge' });
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([app])], [listenerTo(tcp.from, [app])]));
    await checked(balancer, [app]);
    expect(await ask(tcp.from)).toBe('v1');
    const { Id } = await lab.docker.getContainer(lab.container).inspect();
    await balancer.apply(tableOf([poolOf([app])], [listenerTo(tcp.from, [app]), listenerTo(tcp.to, [app])]));
    await until(async () => (await ask(tcp.to).catch(() => undefined)) === 'v1');
    expect((await lab.docker.getContainer(lab.container).inspect()).Id).toBe(Id);
  });

  test('nobody reaches them by a host name', async () => {
    const tcp = await freeRange();
    await using lab = await BalancerLab.open(haproxy, { tcp });
    const app = await lab.upstream('v1');
    const balancer = lab.balancer();
    await balancer.apply(tableOf([poolOf([app])], [listenerTo(tcp.from, [app]), routeTo([memberOf(app)])]));
    await checked(balancer, [app]);
    // Whatever stands in the map beside host names: the port is cut off before it is looked for.
    for (const host of [`!tcp:${tcp.from}`, '!tcp', '!']) expect((await lab.get(host)).status).toBe(404);
    expect((await lab.get('web.example.com')).status).toBe(200);
  });
});
