import { setTimeout as delay } from 'node:timers/promises';
import { desire } from '../src/core/desire.ts';
import { NO_MEMORY } from '../src/core/rollout/memory.ts';
import { plan } from '../src/core/plan/plan.ts';
import { openCluster } from '../test/support/docker.ts';
import { readManifests } from '../src/manifest/read.ts';
import { Scenario } from '../test/support/scenario.ts';
import { startLoad } from '../test/lab/load.ts';
import { median, row, timed } from './measure.ts';

/** `npm run bench`: what the main job costs on this machine. Compare figures of one run with each other only. */

const SERVICES = 50;
const ROUNDS = 3;
const PASSES = 20;
const PRUNE = { budget: { maxFraction: 0.2, maxCount: 3 }, all: false };

await using scenario = await Scenario.create();
const create: number[] = [];
const replace: number[] = [];
const idle: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  create.push(await timed(() => apply(manifests('a'))));
  idle.push(await timed(() => apply(manifests('a'))));
  replace.push(await timed(() => apply(manifests('b'))));
  await apply('', '--prune-all');
}
row(`create ${SERVICES} services (fairlead apply)`, median(create));
row(`replace ${SERVICES} services (recreate)`, median(replace), median(create));
row('nothing to do (whole process)', median(idle), median(create));
row(`a pass with nothing to do, ${SERVICES} services`, median(await passes()), median(create));
await swap();

async function apply(yaml: string, ...flags: string[]): Promise<void> {
  const folder = await scenario.manifests(yaml);
  const { code, stderr } = await scenario.fairlead('apply', folder, '--yes', ...flags);
  if (code !== 0) throw new Error(`fairlead apply ended with ${String(code)}:\n${stderr}`);
}

function manifests(value: string): string {
  const one = (index: number) => `kind: Service
name: s${index}
image: lab/busybox:1
environment: { VALUE: ${value} }
stopGracePeriod: 1s
update: { strategy: recreate, monitor: 0s }
`;
  return Array.from({ length: SERVICES }, (_, index) => one(index)).join('---\n');
}

/** Observing and planning inside one process, without what starting it costs. */
async function passes(): Promise<number[]> {
  await apply(manifests('a'));
  const { runtime } = openCluster(scenario.host, scenario.cluster);
  const wanted = readManifests([{ path: 'bench.yaml', text: manifests('a') }]);
  const desired = desire(wanted.manifests, {
    cluster: scenario.cluster,
    revision: { id: 'bench', message: '', author: '', at: 0 },
  });
  await runtime.observe();
  const times: number[] = [];
  for (let count = 0; count < PASSES; count++) {
    times.push(
      await timed(async () => {
        const balancer = { state: 'absent', checks: {}, members: {}, oldWorkers: 0 } as const;
        const made = plan(desired, { runtime: await runtime.observe(), balancer }, NO_MEMORY, Date.now(), PRUNE);
        if (made.changes.length > 0) throw new Error(`There is something to do: ${JSON.stringify(made.changes)}`);
      }),
    );
  }
  return times;
}

/** Requests that fail while green-blue swaps go on. */
async function swap(): Promise<void> {
  await using other = await Scenario.create();
  other.run();
  const push = (tag: string) => other.repository.push({ 'web.yaml': web(tag) }, tag);
  await push('v1');
  await other.answers('web.example.com', { body: 'v1' });
  const load = startLoad({
    port: other.httpPort,
    hostHeader: 'web.example.com',
    path: '/',
    ratePerSecond: 500,
    newConnectionsPerSecond: 50,
    idleConnections: 20,
    slow: { path: '/slow?ms=1500', everyMs: 500 },
    allowedBodies: ['v1', 'v2'],
  });
  for (const tag of ['v2', 'v1', 'v2']) {
    await push(tag);
    await other.answers('web.example.com', { body: tag });
    await delay(1000);
  }
  const { requests, failureCount, p50, p99 } = await load.stop();
  row('failed requests in three swaps', failureCount, requests, '');
  row('an answer, median', p50);
  row('an answer, 99 of 100', p99, p50);
}

function web(tag: string): string {
  return `kind: Service
name: web
image: lab/app:${tag}
instances: 2
ports: [8080]
healthCheck: { http: { path: /health } }
update: { strategy: green-blue, monitor: 500ms }
---
kind: LoadBalancer
name: web
hostnames: [web.example.com]
service: web
port: 8080
`;
}
