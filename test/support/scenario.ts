import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatusReport } from '../../src/core/status/status.ts';
import { freePort } from '../lab/free-port.ts';
import type { Origin } from '../lab/git-hosts.ts';
import { dockerAt, dockerHost, freshCluster, removeCluster } from './docker.ts';
import { fairlead, RunningFairlead, type Ended, type Place } from './fairlead.ts';
import { TestRepository } from './repository.ts';
import { until } from './until.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Settings {
  readonly host?: string;
  /** What Fairlead takes for the engine; default: the engine. */
  readonly through?: string;
  /** Further lines of fairlead.yaml. */
  readonly config?: string;
  readonly balancerImage?: string;
  /** Further fields of `balancer`. */
  readonly balancer?: string;
  /** Default: a free one. */
  readonly httpPort?: number;
  /** Of its processes, beside the tests' own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Between two looks at the repository, and at an engine that tells of nothing; default: `1s`. */
  readonly interval?: string;
  /** The value of `repository` in fairlead.yaml; default: the bare repository as a file. */
  readonly repository?: (origin: Origin, directory: string) => Promise<string>;
}

/** A cluster of its own on the lab's engine, followed from a repository of its own, as a user would set it up. */
export class Scenario {
  readonly cluster = freshCluster();
  readonly directory: string;
  readonly repository: TestRepository;
  readonly host: string;
  readonly docker;
  readonly httpPort: number;
  readonly httpsPort: number;
  private readonly place: Place;
  private readonly runs: RunningFairlead[] = [];

  private constructor(
    place: Place,
    repository: TestRepository,
    { http, https }: { http: number; https: number },
    host: string,
  ) {
    this.place = place;
    this.directory = place.cwd;
    this.repository = repository;
    this.httpPort = http;
    this.httpsPort = https;
    this.host = host;
    this.docker = dockerAt(host);
  }

  static async create(settings: Settings = {}): Promise<Scenario> {
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-e2e-'));
    const repository = await TestRepository.create(directory);
    const place = { cwd: directory, ...(settings.env !== undefined && { env: settings.env }) };
    const ports = { http: settings.httpPort ?? (await freePort()), https: await freePort() };
    const scenario = new Scenario(place, repository, ports, settings.host ?? dockerHost());
    await writeFile(join(directory, 'fairlead.yaml'), await scenario.configuration(settings));
    return scenario;
  }

  /** `fairlead ARGS` in the scenario's folder, where fairlead.yaml is. */
  async fairlead(...args: string[]): Promise<Ended> {
    return await fairlead(args, this.place);
  }

  /** Starts the reconciler on the repository, or on a folder. */
  run(...args: string[]): RunningFairlead {
    const running = new RunningFairlead(['run', ...args], this.place);
    this.runs.push(running);
    return running;
  }

  /** Writes manifests into a folder of the scenario, for commands that take one; returns its path. */
  async manifests(yaml: string, folder = 'manifests'): Promise<string> {
    await mkdir(join(this.directory, folder), { recursive: true });
    await writeFile(join(this.directory, folder, 'app.yaml'), yaml);
    return folder;
  }

  /** One request through the balancer, on a connection of its own. */
  async get(host: string, path = '/', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.httpPort, path, headers: { host, ...headers }, agent: false };
      const sent = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response
          .on('error', reject)
          .on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
      });
      sent.on('error', reject).end();
    });
  }

  /** Waits until a request gets this answer. */
  async answers(
    host: string,
    expected: { status?: number; body?: string },
    path = '/',
    within = 60_000,
  ): Promise<Answer> {
    let last = 'no answer at all';
    const matches = async () => {
      const answer = await this.get(host, path).catch((error: unknown) => void (last = String(error)));
      if (answer === undefined) return undefined;
      last = `${answer.status} ${answer.body}`;
      const isRight =
        answer.status === (expected.status ?? 200) &&
        (expected.body === undefined || answer.body.trim() === expected.body);
      return isRight ? answer : undefined;
    };
    return await until(`${host}${path} answers ${JSON.stringify(expected)}`, matches, {
      within,
      seen: () => `${last}\n${this.logs()}`,
    });
  }

  /** The status as it was committed to its branch; undefined before the first commit. */
  async status(): Promise<StatusReport | undefined> {
    const text = await this.repository.file(`fairlead/${this.cluster}`, 'status.json');
    return text === undefined ? undefined : (JSON.parse(text) as StatusReport);
  }

  /** Waits for a committed status of which the condition holds. */
  async reports(what: string, condition: (status: StatusReport) => boolean, within = 60_000): Promise<StatusReport> {
    let last: StatusReport | undefined;
    const matches = async () => {
      last = await this.status();
      return last !== undefined && condition(last) ? last : undefined;
    };
    return await until(`a status in which ${what}`, matches, {
      within,
      every: 250,
      seen: () => `${JSON.stringify(last, null, 1)}\n${this.logs()}`,
    });
  }

  /** Containers of services, by name, with their state. */
  async containers(): Promise<Record<string, string>> {
    const filters = { label: [`io.fairlead.cluster=${this.cluster}`, 'io.fairlead.role=service'] };
    const list = await this.docker.listContainers({ all: true, filters });
    return Object.fromEntries(list.map((each) => [(each.Names[0] ?? '').slice(1), each.State]));
  }

  /** Process ids of HAProxy's master and workers, which a reload changes. */
  async workers(): Promise<string[]> {
    const { Titles, Processes } = (await this.docker.getContainer(`fairlead-${this.cluster}-balancer`).top()) as {
      Titles: string[];
      Processes: string[][];
    };
    const [pid, command] = [Titles.indexOf('PID'), Titles.findIndex((title) => /^(CMD|COMMAND)$/.test(title))];
    const own = Processes.filter((row) => row[command]?.includes('haproxy -'));
    return own.map((row) => row[pid] ?? '').sort();
  }

  /** Ids of the running containers of services, sorted. */
  async runningIds(): Promise<string[]> {
    const filters = { label: [`io.fairlead.cluster=${this.cluster}`, 'io.fairlead.role=service'] };
    return (await this.docker.listContainers({ filters })).map((each) => each.Id).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.runs) await running[Symbol.asyncDispose]();
    await removeCluster(this.docker, this.cluster);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** The last lines of all reconcilers. */
  logs(): string {
    return this.runs.map((each) => each.log.split('\n').slice(-30).join('\n')).join('\n');
  }

  private async configuration({
    config = '',
    balancerImage = 'lab/haproxy:3.0',
    balancer = '',
    repository,
    through = this.host,
    interval = '1s',
  }: Settings): Promise<string> {
    const { origin } = this.repository;
    const file = `{ url: "file://${origin.bare}", branch: main, interval: ${interval}, allowFile: true }`;
    return `cluster: ${this.cluster}
repository: ${(await repository?.(origin, this.directory)) ?? file}
docker: { host: "${through}" }
stateDir: ${join(this.directory, 'state')}
balancer: { image: "${balancerImage}", http: ${this.httpPort}, https: ${this.httpsPort}${balancer === '' ? '' : `, ${balancer}`} }
${config}`;
  }
}
