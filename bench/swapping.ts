import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../test/lab/free-port.ts';
import { startLoad, USUAL_LOAD, type Load } from '../test/lab/load.ts';
import type { RunningFairlead } from '../test/support/fairlead.ts';
import { Scenario } from '../test/support/scenario.ts';
import { until } from '../test/support/until.ts';
import { remark, row } from './measure.ts';

/** What the repository says; each change of it is a commit. */
interface Wanted {
  readonly tag: string;
  readonly strategy: 'green-blue' | 'rolling';
  readonly instances: number;
  /** Of the canary beside the others' 100. */
  readonly weight: number;
  /** How many listeners there are beside the routes. */
  readonly listeners: number;
}

const FIRST: Wanted = { tag: 'v1', strategy: 'green-blue', instances: 2, weight: 10, listeners: 0 };
const LISTENERS = 50;
const COMPOSE_SWAPS = 3;
/** Two of them are under way at once. */
const LOAD = { ...USUAL_LOAD, ratePerSecond: 300 };

/** Requests that fail while everything that moves requests goes on, and while compose replaces the same service. */
export async function swapping(): Promise<void> {
  const from = 20_200;
  const tcp = `${from}-${from + LISTENERS - 1}`;
  await using scenario = await Scenario.create({ env: { FAIRLEAD_BALANCER_TCP: tcp }, interval: '200ms' });
  const running = scenario.run();
  let wanted = FIRST;
  /** Gives once the log says what the commit brings about. */
  const commit = async (change: Partial<Wanted>, told: RegExp) => {
    wanted = { ...wanted, ...change };
    const place = running.log.length;
    await scenario.repository.push({ 'all.yaml': manifests(wanted, from) }, JSON.stringify(change));
    await until(String(told), () => told.test(running.log.slice(place)), { within: 120_000, every: 20 });
  };
  await scenario.repository.push({ 'all.yaml': manifests(wanted, from) }, 'first');
  for (const host of ['web', 'shares']) await scenario.answers(`${host}.example.com`, {});
  await until('all is steady', () => /canary has reached a steady state/.test(running.log));
  const loads = ['web', 'shares'].map((host) =>
    startLoad({ ...LOAD, port: scenario.httpPort, hostHeader: `${host}.example.com` }),
  );
  const steady = /web has reached a steady state/;
  const counted = counting(loads);
  for (let swap = 0; swap < 20; swap += 1) await commit({ tag: swap % 2 === 0 ? 'v2' : 'v1' }, steady);
  await counted('20 green-blue swaps');
  for (let update = 0; update < 10; update += 1)
    await commit({ strategy: 'rolling', tag: update % 2 === 0 ? 'v2' : 'v1' }, steady);
  await counted('10 rolling updates');
  for (let change = 1; change <= 20; change += 1) await commit({ weight: 10 + change }, /routed/);
  await counted('20 changes of weights');
  for (let listeners = 1; listeners <= LISTENERS; listeners += 1) await commit({ listeners }, /reloaded HAProxy/);
  await counted(`${LISTENERS} reloads`);
  for (const instances of [1, 8, 1]) await commit({ instances }, steady);
  await counted('scale 1 → 8 → 1');
  const [web, shares] = await Promise.all(loads.map((load) => load.stop()));
  row('failed requests in all of it (of all)', (web?.failureCount ?? 0) + (shares?.failureCount ?? 0), {
    beside: (web?.requests ?? 0) + (shares?.requests ?? 0),
    unit: '',
    bar: 0,
  });
  row('an answer meanwhile, median', web?.p50 ?? Number.NaN);
  row('an answer meanwhile, 99 of 100', web?.p99 ?? Number.NaN, { beside: web?.p50 ?? Number.NaN });
  await stopped(running);
  await composing(scenario);
}

function manifests({ tag, strategy, instances, weight, listeners }: Wanted, from: number): string {
  const service = (name: string, version: string, count: number, update: string) => `kind: Service
name: ${name}
image: lab/app:${version}
instances: ${count}
cpu: 0.01
memory: 32
ports: [8080]
healthCheck: { http: { path: /health } }
update: ${update}
`;
  const route = (name: string, to: string, place = `hostnames: [${name}.example.com]`) => `kind: LoadBalancer
name: ${name}
${place}
${to}
port: 8080
`;
  return [
    service('web', tag, instances, `{ strategy: ${strategy}, monitor: 500ms, keepOld: 0s, drain: 5s }`),
    service('canary', 'v2', 1, '{ strategy: rolling }'),
    route('web', 'service: web'),
    route('shares', `backends: [{ service: web, weight: 100 }, { service: canary, weight: ${weight} }]`),
    ...Array.from({ length: listeners }, (_, index) =>
      route(`tcp${index}`, 'service: web', `protocol: tcp\nlisten: ${from + index}`),
    ),
  ].join('---\n');
}

/** Prints how many requests have failed since the last time. */
function counting(loads: readonly Load[]): (what: string) => Promise<void> {
  let before = { requests: 0, failureCount: 0 };
  return async (what) => {
    // What is under way shows how it ends.
    await delay(2_000);
    const reports = await Promise.all(loads.map((load) => load.progress()));
    const sum = (of: 'requests' | 'failureCount') => reports.reduce((all, each) => all + each[of], 0);
    const now = { requests: sum('requests'), failureCount: sum('failureCount') };
    row(`failed requests in ${what} (of all)`, now.failureCount - before.failureCount, {
      beside: now.requests - before.requests,
      unit: '',
      bar: 0,
    });
    for (const { kind, message } of reports.flatMap(({ failures }) => failures).slice(0, 3))
      remark(`  ${kind}: ${message}`);
    before = now;
  };
}

async function stopped(running: RunningFairlead): Promise<void> {
  await running[Symbol.asyncDispose]();
}

/** The same application, replaced by docker compose under the same load. */
async function composing({ directory, host }: Scenario): Promise<void> {
  const port = await freePort();
  const compose = async (...args: string[]) =>
    await promisify(execFile)('docker', ['--host', host, 'compose', ...args], { cwd: directory });
  const up = async (tag: string) => {
    const ports = `ports: ["127.0.0.1:${port}:8080"]`;
    await writeFile(join(directory, 'compose.yaml'), `services: { web: { image: "lab/app:${tag}", ${ports} } }\n`);
    await compose('up', '--detach', '--wait', '--timeout', '5');
  };
  try {
    await compose('version');
  } catch {
    remark('docker compose is not installed here: nothing to compare with');
    return;
  }
  await up('v1');
  await using load = startLoad({ ...LOAD, port, hostHeader: 'web.example.com' });
  for (let swap = 0; swap < COMPOSE_SWAPS; swap += 1) {
    await delay(2_000);
    await up(swap % 2 === 0 ? 'v2' : 'v1');
  }
  await delay(2_000);
  const { requests, failureCount } = await load.stop();
  row(`failed requests in ${COMPOSE_SWAPS} times \`compose up -d\` (of all)`, failureCount, {
    beside: requests,
    unit: '',
  });
  await compose('down', '--timeout', '1');
}
