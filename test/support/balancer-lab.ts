import { request, type Agent, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import type Docker from 'dockerode';
import type { MemberHealth, ObservedBalancer } from '../../src/core/observed.ts';
import type { ContainerHost } from '../../src/core/container-host.ts';
import type { Balancer } from '../../src/core/ports.ts';
import {
  PLAIN_ENTRY,
  PLAIN_TRAFFIC,
  type CheckPool,
  type Member,
  type Route,
  type RoutingTable,
} from '../../src/core/routing.ts';
import { createBalancer } from '../../src/haproxy/balancer.ts';
import { Cli } from '../../src/haproxy/cli.ts';
import { readControl, type BalancerSettings } from '../../src/haproxy/container.ts';
import { freePort } from '../lab/free-port.ts';
import { openCluster, until } from './docker.ts';

/** A container that members of routes lead to. */
export interface Upstream {
  readonly id: string;
  readonly address: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

const TIMEOUTS = { connect: 10_000, client: 50_000, server: 50_000, tunnel: 3_600_000 };

/** The oldest that works, the one that most tests run with, and one of the default image's line. */
export const HAPROXIES = ['lab/haproxy:2.6', 'lab/haproxy:3.0', 'lab/haproxy:3.2'];

/** A balancer with a cluster of its own on the engine, and containers to balance. */
export class BalancerLab implements AsyncDisposable {
  readonly docker: Docker;
  readonly host: ContainerHost;
  readonly cluster: string;
  readonly port: number;
  readonly settings: BalancerSettings;
  /** What the balancers of this lab said that they did. */
  readonly log: string[] = [];
  readonly network: string;
  /** Certificates with their keys, by id. */
  readonly pems = new Map<string, string>();
  private readonly opened: Balancer[] = [];
  private readonly dispose: () => PromiseLike<void>;

  private constructor(haproxy: string, port: number, settings: Partial<BalancerSettings>) {
    const { docker, host, name, ...cluster } = openCluster();
    this.docker = docker;
    this.host = host;
    this.cluster = name;
    this.network = `fairlead-${name}`;
    this.dispose = () => cluster[Symbol.asyncDispose]();
    this.port = port;
    this.settings = {
      image: haproxy,
      http: port,
      https: 0,
      bind: '127.0.0.1',
      network: 'host',
      hardStopAfter: 30_000,
      accessLog: true,
      ...settings,
    };
  }

  static async open(haproxy: string, settings: Partial<BalancerSettings> = {}): Promise<BalancerLab> {
    const lab = new BalancerLab(haproxy, await freePort(), settings);
    const labels = { 'io.fairlead.cluster': lab.cluster, 'io.fairlead.role': 'network' };
    await lab.docker.createNetwork({ Name: lab.network, Labels: labels });
    return lab;
  }

  /** Another reconciler's view of the same balancer, or one with other settings. */
  balancer(settings: Partial<BalancerSettings> = {}, host: ContainerHost = this.host): Balancer {
    const balancer = createBalancer({
      host,
      cluster: this.cluster,
      settings: { ...this.settings, ...settings },
      labels: { 'io.fairlead.cluster': this.cluster, 'io.fairlead.role': 'balancer' },
      networks: ['default'],
      pem: (id) => this.pems.get(id),
      now: Date.now,
      log: (line) => this.log.push(line),
    });
    this.opened.push(balancer);
    return balancer;
  }

  /** Starts a release of the lab's application. */
  upstream(release: string, environment: Readonly<Record<string, string>> = {}): Promise<Upstream> {
    const env = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
    return this.start({ Image: `lab/app:${release}`, Env: env });
  }

  /** Starts a script of Node's. */
  script(source: string): Promise<Upstream> {
    return this.start({ Image: 'lab/node:20', Cmd: ['node', '--eval', source] });
  }

  /** Starts a HAProxy with a config by hand. */
  haproxy(config: string, network = this.network): Promise<Upstream> {
    const script = 'printf "%s" "$0" >/tmp/haproxy.cfg && exec haproxy -f /tmp/haproxy.cfg';
    return this.start({ Image: 'lab/haproxy:3.0', Cmd: ['sh', '-c', script, config] }, network);
  }

  private async start(
    options: Pick<Docker.ContainerCreateOptions, 'Image' | 'Env' | 'Cmd'>,
    network = this.network,
  ): Promise<Upstream> {
    const container = await this.docker.createContainer({
      ...options,
      Labels: { 'io.fairlead.cluster': this.cluster },
      HostConfig: { NetworkMode: network },
    });
    await container.start();
    const { NetworkSettings } = await container.inspect();
    return { id: container.id, address: NetworkSettings.Networks[this.network]?.IPAddress ?? '' };
  }

  /** One request to the balancer. */
  get(host: string, path = '/', agent?: Agent): Promise<Answer> {
    return get({ host: '127.0.0.1', port: this.port, path, headers: { host }, ...(agent ? { agent } : {}) });
  }

  /** A request with this cookie: who answers, and which cookie it gives. */
  async visit(cookie?: string): Promise<{ readonly instance: string; readonly cookie: string | undefined }> {
    const headers = { host: 'web.example.com', ...(cookie !== undefined && { cookie: cookie.split(';')[0] }) };
    const answer = await get({ host: '127.0.0.1', port: this.port, path: '/', headers });
    return { instance: String(answer.headers['x-instance']), cookie: answer.headers['set-cookie']?.[0] };
  }

  /** The status that answers an upload whose body never comes to its end. */
  stalledUpload(host: string, path: string): Promise<number> {
    const headers = { host, 'content-length': 10 };
    return new Promise((resolve, reject) => {
      const upload = request({ host: '127.0.0.1', port: this.port, method: 'POST', path, headers }, (response) => {
        resolve(response.statusCode ?? 0);
        upload.destroy();
      });
      upload.on('error', reject).write('begun');
    });
  }

  get container(): string {
    return `fairlead-${this.cluster}-balancer`;
  }

  /** Runs a script in the balancer's container, beside what the balancer itself runs there. */
  async shell(script: string): Promise<string> {
    const stream = await this.host.exec(this.container, ['sh', '-c', script]);
    let output = '';
    for await (const chunk of stream.output) output += chunk;
    return output;
  }

  /** HAProxy's command line, beside the balancer's own. */
  async cli(): Promise<Cli> {
    const control = readControl(await this.shell('cat /var/lib/fairlead/*/control'));
    return await Cli.open(this.host, this.container, control, false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.balancer().remove();
    for (const balancer of this.opened) balancer.close();
    await this.dispose();
  }
}

/** One request to a member's own port. */
export function getDirect({ address }: Upstream, path: string, method = 'GET'): Promise<Answer> {
  return get({ host: address, port: 8080, path, method });
}

function get(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

export function serverId({ address }: Upstream): string {
  return `web-3f9c1a2-1-${address.replaceAll('.', '-')}`;
}

/** A pool that asks each of them for `/health`. */
export function poolOf(servers: readonly Upstream[], name = 'web.http.8080.1a2b3c4'): CheckPool {
  return {
    name,
    service: 'web',
    check: { type: 'http', path: '/health', port: 8080, status: '200-399' },
    timeout: 1000,
    servers: servers.map((server) => ({ id: serverId(server), address: server.address })),
  };
}

export function memberOf(upstream: Upstream, change: Partial<Member> = {}): Member {
  return {
    id: serverId(upstream),
    instance: 'web-3f9c1a2-1',
    service: 'web',
    release: '3f9c1a2',
    slot: 1,
    address: upstream.address,
    port: 8080,
    check: 'web.http.8080.1a2b3c4',
    state: 'active',
    since: 0,
    ...change,
  };
}

/** `web.example.com/` to colour a, with these members. */
export function routeTo(a: readonly Member[], change: Partial<Route> = {}, b: readonly Member[] = []): Route {
  return {
    loadBalancer: 'web',
    hostnames: ['web.example.com'],
    path: '/',
    stripPath: false,
    entry: PLAIN_ENTRY,
    traffic: PLAIN_TRAFFIC,
    timeouts: TIMEOUTS,
    active: 'a',
    switchedAt: 0,
    pools: { a: { set: 'web', members: a }, b: { set: '', members: b } },
    previews: [],
    ...change,
  };
}

export function tableOf(checks: readonly CheckPool[], routes: readonly Route[]): RoutingTable {
  return { version: 1, checks, routes };
}

/** Observes until the check of each of them says so. */
export async function checked(balancer: Balancer, servers: readonly Upstream[], state: MemberHealth['check'] = 'up') {
  const all = (observed: ObservedBalancer) =>
    servers.every((server) => observed.checks[`web.http.8080.1a2b3c4/${serverId(server)}`]?.check === state);
  await until(async () => all(await balancer.observe()));
}
