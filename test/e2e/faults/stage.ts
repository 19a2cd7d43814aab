import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { makeStack, serveHttp, type HttpHost, type Origin } from '../../lab/git-hosts.ts';
import type { Registry } from '../../lab/registry.ts';
import { startRelay, type Relay } from '../../lab/relay.ts';
import { EngineProxy } from '../../support/engine-proxy.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** Of its repository. */
export const PASSWORD = 'of-the-stage';
const CONFIG = 'status: { enabled: false }';

export interface Registries {
  readonly open: Registry;
  /** Lets nobody in without a password. */
  readonly locked: Registry;
}

/** A cluster that runs v1 of a service, and everything around it that may fail: engine, registry, balancer, repository. */
export class Stage implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly proxy: EngineProxy;
  readonly git: HttpHost;
  readonly relay: Relay;
  private readonly registries: Registries;
  private readonly stack: ReturnType<typeof makeStack>;

  private constructor(
    parts: Pick<Stage, 'scenario' | 'proxy' | 'git' | 'relay'> & { registries: Registries },
    stack: ReturnType<typeof makeStack>,
  ) {
    this.scenario = parts.scenario;
    this.proxy = parts.proxy;
    this.git = parts.git;
    this.relay = parts.relay;
    this.registries = parts.registries;
    this.stack = stack;
  }

  static async open(registries: Registries, balancerImage: string): Promise<Stage> {
    const stack = makeStack();
    const proxy = stack.use(await EngineProxy.open());
    const relay = stack.use(await startRelay(registries.open.host));
    const served: { git?: HttpHost } = {};
    const repository = async (_: unknown, directory: string) => {
      served.git = stack.use(await serveHttp(directory, PASSWORD));
      await writeFile(join(directory, 'token'), `${PASSWORD}\n`, { mode: 0o600 });
      return `{ url: "${served.git.url}", interval: 15s, credentials: { passwordFile: ${join(directory, 'token')} } }`;
    };
    const settings = { through: proxy.host, repository, balancerImage, config: CONFIG };
    const scenario = stack.use(await Scenario.create(settings));
    if (served.git === undefined) throw new Error('The scenario has asked for no repository.');
    const stage = new Stage({ scenario, proxy, relay, git: served.git, registries }, stack);
    await stage.begin().catch(async (error: unknown) => {
      await stage[Symbol.asyncDispose]();
      throw error;
    });
    return stage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy.heal();
    await this.stack.disposeAsync();
  }

  /** v2 with these fields, and another route, for which the balancer has to be reloaded. */
  async update(fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const web = app('web', { image: this.image, update: { monitor: '200ms', timeout: '10s' }, ...fields });
    const manifests = yaml(
      web,
      loadBalancer('web'),
      loadBalancer('web', { name: 'more', hostnames: ['more.example.com'] }),
    );
    return await this.origin.push({ 'app.yaml': manifests }, 'Update', ['--force']);
  }

  /** Where its image comes from wants a password that it has not, or lets it in again. */
  lock(isLocked: boolean): void {
    const { locked, open } = this.registries;
    this.relay.target = (isLocked ? locked : open).host;
  }

  /** Puts v2 into the registry, or takes it away. */
  async publish(isThere: boolean): Promise<void> {
    const { scenario } = this;
    const registry = this.registries.open;
    if (isThere) await registry.push(scenario.host, 'lab/app:v2', scenario.cluster, 'v2');
    else await registry.remove(scenario.cluster, await registry.digest(scenario.cluster, 'v2'));
  }

  /** What the process last wrote of itself, which needs neither engine nor remote. */
  async status(): Promise<StatusReport | undefined> {
    const file = join(this.scenario.directory, 'state', 'status.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as StatusReport);
  }

  /** The same, where there must be one. */
  async lastStatus(): Promise<StatusReport> {
    return (await this.status()) ?? (await this.reports('there is one', () => true));
  }

  /** Waits for a status of which the condition holds. */
  async reports(what: string, condition: (status: StatusReport) => boolean, within = 60_000): Promise<StatusReport> {
    let last: StatusReport | undefined;
    const ask = async () => {
      last = await this.status();
      return last !== undefined && condition(last) && last;
    };
    const seen = () => `${JSON.stringify(last, null, 1)}\n${this.scenario.logs()}`;
    return await until(`a status in which ${what}`, ask, { within, every: 200, seen });
  }

  get origin(): Origin {
    return this.scenario.repository.origin;
  }

  private get image(): string {
    return `${this.relay.host}/${this.scenario.cluster}:v2`;
  }

  private async begin(): Promise<void> {
    await mkdir(join(this.scenario.directory, 'state'), { recursive: true });
    await this.publish(true);
    const manifests = yaml(app('web'), loadBalancer('web'));
    await this.scenario.repository.push({ 'app.yaml': manifests }, 'Begin');
    this.scenario.run();
    await this.scenario.answers('web.example.com', { body: 'v1' });
    await this.reports('all is well', (each) => each.ready);
  }
}

/** All that it says is wrong. */
export function reasonsIn({ problems, services, loadBalancers }: StatusReport): string[] {
  const all = [...problems, ...[...services, ...loadBalancers].flatMap(({ problem }) => problem ?? [])];
  return [...new Set(all.map(({ reason }) => reason))].sort();
}
