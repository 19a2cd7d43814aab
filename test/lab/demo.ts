import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Scenario } from '../support/scenario.ts';
import { makeStack, serveHttp } from './git-hosts.ts';
import { startLoad, type LoadReport, USUAL_LOAD } from './load.ts';

/**
 * `npm run demo`: the main job with real parts. A repository behind a password, the built reconciler as a process of its
 * own, a Docker engine, HAProxy, and requests that are counted. It fails when anything is not as it says.
 */

const EXAMPLE = fileURLToPath(new URL('../../examples/hello/hello.yaml', import.meta.url));
const HOSTNAME = 'hello.example.com';
const FILE = 'hello.yaml';
const PASSWORD = 'not a secret';

const LOAD = { ...USUAL_LOAD, hostHeader: HOSTNAME };

const say = (text: string) => void process.stdout.write(`${text}\n`);
const title = (text: string) => say(`\n== ${text}`);
const shown = (text: string) => say(text.trimEnd().replaceAll(/^/gm, '   | '));

const things = makeStack();
try {
  const scenario = await setUp();
  await firstPush(scenario);
  await swapUnderLoad(scenario);
  await brokenPush(scenario);
  await wayBack(scenario);
  await showStatus(scenario);
  await farewell(scenario);
} finally {
  await things.disposeAsync();
}

async function setUp(): Promise<Scenario> {
  title('The host says what it follows, in fairlead.yaml, and the reconciler starts');
  const repository: Parameters<typeof Scenario.create>[0] = {
    repository: async ({ bare }, directory) => {
      const server = things.use(await serveHttp(dirname(bare), PASSWORD));
      await writeFile(join(directory, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
      const credentials = `{ username: ada, passwordFile: ${join(directory, 'password')} }`;
      return `{ url: "${server.url}", branch: main, interval: 1s, credentials: ${credentials} }`;
    },
  };
  const scenario = things.use(await Scenario.create(repository));
  shown(await readFile(join(scenario.directory, 'fairlead.yaml'), 'utf8'));
  say('   $ fairlead run');
  scenario.run();
  return scenario;
}

async function firstPush(scenario: Scenario): Promise<void> {
  title('A push: two instances of a service, and a route to it');
  const text = await manifest('v1');
  shown(text);
  await scenario.repository.push({ [FILE]: text }, 'Say hello');
  await curl(scenario, 'v1');
  await settled(scenario, 'v1');
}

async function swapUnderLoad(scenario: Scenario): Promise<void> {
  title('A push of version v2: green-blue, under load');
  say(`   image: lab/app:v1 → lab/app:v2, while ${describeLoad()} go through the balancer`);
  const load = things.use(startLoad({ ...LOAD, port: scenario.httpPort }));
  await scenario.repository.push({ [FILE]: await manifest('v2') }, 'Say hello in version 2');
  await curl(scenario, 'v2');
  await settled(scenario, 'v2');
  count(await load.stop());
}

async function brokenPush(scenario: Scenario): Promise<void> {
  title('A broken push: nothing changes, and the status says where it is wrong');
  const before = JSON.stringify(await scenario.containers());
  const broken = (await manifest('v3')).replace('instances:', 'instnces:');
  const tried = await scenario.repository.push({ [FILE]: broken }, 'Break it');
  const status = await scenario.reports('the push is refused', (each) => each.revision.tried === tried);
  for (const { file = '', line = 0, column = 0, message } of status.problems)
    shown(`${file}:${line}:${column}: ${message}`);
  if (JSON.stringify(await scenario.containers()) !== before) throw new Error('The broken push changed containers.');
  say('   containers before and after: the same');
}

async function wayBack(scenario: Scenario): Promise<void> {
  title('git revert, twice: away with the broken commit, and back to v1, whose containers are kept');
  await scenario.repository.revert();
  const load = things.use(startLoad({ ...LOAD, port: scenario.httpPort }));
  await scenario.repository.push({ [FILE]: await manifest('v1') }, 'Revert "Say hello in version 2"');
  await curl(scenario, 'v1');
  await settled(scenario, 'v1');
  count(await load.stop());
}

async function showStatus(scenario: Scenario): Promise<void> {
  const branch = `fairlead/${scenario.cluster}`;
  title(`The status, committed to the branch ${branch}`);
  shown((await scenario.repository.subjects(branch)).map((subject) => `commit: ${subject}`).join('\n'));
  say('');
  shown((await scenario.repository.file(branch, 'STATUS.md')) ?? '');
}

/** Somebody at a terminal may look around; elsewhere the demo is over. */
async function farewell(scenario: Scenario): Promise<void> {
  title('Look for yourself');
  say(`   curl -H 'Host: ${HOSTNAME}' http://127.0.0.1:${scenario.httpPort}/`);
  say(
    `   cd ${scenario.directory} && node ${fileURLToPath(new URL('../../dist/main.js', import.meta.url))} status hello`,
  );
  say(`   git -C ${scenario.repository.origin.bare} show fairlead/${scenario.cluster}:STATUS.md`);
  if (!process.stdin.isTTY) return;
  say('\nCtrl-C ends it and removes everything again.');
  await once(process, 'SIGINT');
}

/** The example of the docs, with the lab's image and short times. */
async function manifest(tag: string): Promise<string> {
  const example = await readFile(EXAMPLE, 'utf8');
  return example
    .replace('registry.example.com/hello:v1', `lab/app:${tag}`)
    .replace(/^update:.*$/m, 'update: { strategy: green-blue, monitor: 2s, timeout: 60s, keepOld: 10m }');
}

async function curl(scenario: Scenario, body: string): Promise<void> {
  await scenario.answers(HOSTNAME, { body });
  say(`   $ curl -H 'Host: ${HOSTNAME}' http://127.0.0.1:${scenario.httpPort}/`);
  shown(body);
}

async function settled(scenario: Scenario, version: string): Promise<void> {
  const isSettled = (each: { services: readonly { version: string; state: string }[] }) =>
    each.services[0]?.version === version && each.services[0].state === 'steady';
  await scenario.reports(`${version} is steady`, isSettled);
}

function describeLoad(): string {
  return `${LOAD.ratePerSecond} requests/s, ${LOAD.newConnectionsPerSecond} new connections/s and ${LOAD.idleConnections} idle ones`;
}

function count(report: LoadReport): void {
  const bodies = Object.entries(report.bodies).map(([body, times]) => `${times} of ${body}`);
  say(`   ${report.requests} requests (${bodies.join(', ')}) in ${report.seconds} s, ${report.failureCount} failed`);
  if (report.failureCount > 0) throw new Error(`Requests failed: ${JSON.stringify(report.failures, null, 1)}`);
}
