import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startPrivateEngine } from '../../../script/engine.mjs';
import { ensureImages } from '../../../script/images.mjs';
import { freePort } from '../../lab/free-port.ts';
import { makeStack } from '../../lab/git-hosts.ts';
import { startRegistry } from '../../lab/registry.ts';
import { makePem } from '../../support/certificate-maker.ts';
import { buildImage, OPINIONATED } from '../../support/opinionated-image.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { said, sayable } from '../../support/schema-words.ts';
import { casesAmid, CERTIFICATES, LISTENED, PORTS_NEEDED, ROUTED, type Case, type Surroundings } from './cases.ts';
import { applied, planOf, type PlanDocument } from './plans.ts';

/** Each field of a service, of a job and of a load balancer: applied, seen again after the engine has restarted, changed, applied. All at the same time. */

const HOST = 'node: { capabilities: [ssd] }';
const POLICY =
  'policy: { bindMounts: ["/**"], privileged: true, capabilities: [ALL], devices: ["/dev/**"], externalIPs: [127.0.0.0/8, "::1"] }';
/** For networks of so many containers, where other engines of this machine have taken the usual addresses. */
const ROOM = '--default-address-pool=base=10.208.0.0/12,size=20';
const RESET = 'FROM lab/busybox:1\nENTRYPOINT [""]\nCMD ["sleep", "3600"]\n';
const LIMIT = 600_000;
/** Of the same number and names as those of the surroundings that the tests find. */
const NAMES = casesAmid({ ports: [], published: 'somewhere', digest: 'sha256:0' });

const stack = makeStack();
let engine: Awaited<ReturnType<typeof startPrivateEngine>>;
let scenario: Scenario;
/** The plans that were made after each act. */
const plans = new Map<string, PlanDocument>();

beforeAll(async () => {
  engine = stack.use(await startPrivateEngine({ extraArgs: [ROOM] }));
  await ensureImages(engine.host, ['lab/busybox:1', 'lab/haproxy:3.0']);
  const folder = await certificates();
  const tcp = `${LISTENED.from}-${LISTENED.to}`;
  const env = { FAIRLEAD_BALANCER_TCP: tcp, FAIRLEAD_BALANCER_CERTIFICATES: folder };
  scenario = await Scenario.create({ host: engine.host, config: `${HOST}\n${POLICY}`, env });
  await buildImage(scenario.docker, 'lab/opinionated:1', OPINIONATED);
  await buildImage(scenario.docker, 'lab/reset:1', RESET);
  const cases = casesAmid(await surroundings());
  await write('before', cases);
  await applied(scenario, 'before');
  plans.set('created', await planOf(scenario, 'before'));
  await engine.restart();
  await everythingRuns();
  plans.set('restarted', await planOf(scenario, 'before'));
  await write('after', cases);
  plans.set('changed', await planOf(scenario, 'after'));
  await applied(scenario, 'after');
  plans.set('applied', await planOf(scenario, 'after'));
}, LIMIT);
/** The containers go with their engine. */
afterAll(async () => {
  await stack.disposeAsync();
  await rm(scenario.directory, { recursive: true });
});

async function certificates(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-certificates-'));
  stack.use({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  for (const name of CERTIFICATES) await writeFile(join(folder, name), await makePem({ names: ['*.example.com'] }));
  return folder;
}

async function surroundings(): Promise<Surroundings> {
  const registry = stack.use(await startRegistry());
  const digest = await registry.push(engine.host, 'lab/busybox:1', 'fields', '1');
  const ports: number[] = [];
  while (ports.length < PORTS_NEEDED) ports.push(await freePort());
  return { ports, published: `${registry.host}/fields`, digest };
}

/** One folder with all cases as they are at this time. */
async function write(time: 'before' | 'after', cases: readonly Case[]): Promise<void> {
  const documents = cases.map((each, index) => `kind: ${each.kind}\nname: ${nameOf(index)}\n${each[time]}\n`);
  const folder = await scenario.manifests([...ROUTED, ...documents].join('---\n'), time);
  for (const file of ['first', 'second'])
    await writeFile(join(scenario.directory, folder, `${file}.env`), `FROM_A_FILE=${file}\n`);
}

function nameOf(index: number): string {
  return `case-${index + 1}`;
}

async function everythingRuns(): Promise<void> {
  const isRunning = async () => Object.values(await scenario.containers()).every((state) => state === 'running');
  await until('all containers run again', () => isRunning().catch(() => false), { within: 60_000 });
}

describe.each(NAMES.map((each, index) => ({ ...each, name: nameOf(index) })))('$what', ({ name, differ }) => {
  const changesAfter = (act: string) => plans.get(act)?.changes.filter((each) => each.name === name);

  it('is in no plan once it is applied, nor after the engine has restarted', () => {
    expect(changesAfter('created')).toEqual([]);
    expect(changesAfter('restarted')).toEqual([]);
  });

  it(differ.length === 0 ? 'is one meaning in two spellings' : 'is all that differs when it changes', () => {
    const fields = changesAfter('changed')?.flatMap((each) => each.fields.map(({ path }) => path));
    expect(fields).toEqual(differ);
    expect(changesAfter('applied')).toEqual([]);
  });
});

/** What these tests cannot have, what makes no difference that they could see, and what has tests of its own. */
const ELSEWHERE = /^(Service|LoadBalancer|Job)\.(apiVersion|name|gpus|update\.preview|tls\.acme(\.email)?)$/;

it('is each field that the schema knows', () => {
  const manifests = NAMES.flatMap(({ kind, before, after }) =>
    [before, after].map((text) => ({ kind, ...(parse(text) as object) })),
  );
  const words = new Set(manifests.flatMap((each) => said(each)));
  const all = [...sayable('service'), ...sayable('load-balancer'), ...sayable('job')];
  const fields = all.filter((word) => !/ as | = /.test(word) && !ELSEWHERE.test(word));
  expect(fields.filter((field) => !words.has(field))).toEqual([]);
});

it('leaves nothing that could not be done', () => {
  for (const { problems, unscheduled } of plans.values()) expect([...problems, ...unscheduled]).toEqual([]);
});
