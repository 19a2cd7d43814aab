import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Change } from '../../../src/core/plan/plan.ts';
import { execIn } from '../../support/docker.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, sleeper, yaml } from '../../support/yaml.ts';
import { containersOf, type Container } from '../updates/app.ts';

/** What keeps data: it writes down when it starts, when it is asked to stop, and when it has done so. */

const STOP_TAKES = 3;
const START_TAKES = 2;
const PROGRAM = `echo started >> /data/log
trap 'echo stopping >> /data/log; sleep ${STOP_TAKES}; echo stopped >> /data/log; exit 0' TERM
node --max-old-space-size=64 /app.mjs &
wait $!`;
const OTHER = sleeper('other');

let scenario: Scenario;

function db(tag: string, volume = 'data'): object {
  return app('db', {
    image: `lab/app:${tag}`,
    command: ['sh', '-c', PROGRAM],
    environment: { START_DELAY_MS: String(START_TAKES * 1000) },
    mounts: [{ type: 'volume', source: volume, target: '/data' }],
    stopGracePeriod: '30s',
    healthCheck: {
      command: ['wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/health'],
      interval: '500ms',
      timeout: '2s',
      retries: 30,
    },
    update: { monitor: '500ms', timeout: '30s' },
  });
}

async function push(message: string, ...documents: readonly object[]): Promise<void> {
  await scenario.repository.push({ 'all.yaml': yaml(...documents, OTHER) }, message);
}

/** The one that runs and has passed its trial, once it is there. */
async function settled(tag: string, isIt: (container: Container) => boolean = () => true): Promise<Container> {
  const ask = async () => {
    const up = (await containersOf(scenario, 'db')).filter((each) => each.state === 'running');
    const [only] = up;
    if (only === undefined || up.length > 1) return undefined;
    return only.tag === tag && only.restartPolicy === 'unless-stopped' && isIt(only) ? only : undefined;
  };
  return await until(`db runs, ${tag}, and is settled`, ask, { within: 60_000, seen: () => scenario.logs() });
}

async function linesOf({ id }: Container, file: string): Promise<string[]> {
  const text = await execIn(scenario.docker, id, ['cat', `/data/${file}`]);
  return text.split(/\r?\n/).filter((line) => line !== '');
}

/** What was written before is there, and no two have ever written at once. */
async function isIntact(container: Container, stops: number): Promise<void> {
  expect(await linesOf(container, 'note')).toEqual(['kept']);
  const lives = Array.from({ length: stops }, () => ['started', 'stopping', 'stopped']).flat();
  expect(await linesOf(container, 'log')).toEqual([...lives, 'started']);
}

/** What a plan for these manifests warns of, which says the same as a text. */
async function warnings(document: object): Promise<Change['warnings']> {
  const folder = await scenario.manifests(yaml(document, OTHER));
  const json = await scenario.fairlead('plan', folder, '--format', 'json');
  const { changes } = JSON.parse(json.stdout) as { changes: readonly Change[] };
  const { stdout } = await scenario.fairlead('plan', folder);
  const found = changes.flatMap((each) => each.warnings);
  for (const { code, message } of found) expect(stdout).toContain(`warning (${code}): ${message}\n`);
  return found;
}

beforeAll(async () => {
  scenario = await Scenario.create();
  scenario.run();
  await push('db v1', db('v1'));
  const { id } = await settled('v1');
  await execIn(scenario.docker, id, ['sh', '-c', 'echo kept > /data/note']);
});
afterAll(() => scenario[Symbol.asyncDispose]());

it('is known to leave a gap before it has left one', async () => {
  const message =
    'db does not answer between the stop of the old and the start of the new: two releases cannot share what they write to.';
  expect(await warnings(db('v2'))).toEqual([{ code: 'gap', message }]);
});

it('is given the time that it takes to stop, and awaited when it starts', async () => {
  const before = await settled('v1');
  await push('db v2', db('v2'));
  const status = await scenario.reports('v2 is steady', ({ services }) =>
    services.some((each) => each.name === 'db' && each.version === 'v2' && each.state === 'steady'),
  );
  expect(status.services.find(({ name }) => name === 'db')?.running).toBe(1);
  const now = await settled('v2');
  expect(now.id).not.toBe(before.id);
  await isIntact(now, 1);
});

it('is known to leave a gap as long as its last one', async () => {
  const [gap, ...others] = await warnings(db('v3'));
  expect(others).toEqual([]);
  const [, seconds] = /; last time that took (\d+\.\d) s\.$/.exec(gap?.message ?? '') ?? expect.fail(gap?.message);
  expect(Number(seconds)).toBeGreaterThan(STOP_TAKES + START_TAKES);
  expect(Number(seconds)).toBeLessThan(60);
});

it('is told where its data would stay', async () => {
  const { cluster } = scenario;
  const [, changed] = await warnings(db('v2', 'fresh'));
  expect(changed?.code).toBe('changed-volume');
  expect(changed?.message).toContain(
    `${cluster}-fresh begins empty unless it exists already, and the data stay in ${cluster}-data;`,
  );
});

it('has its data where an update failed', async () => {
  const before = await settled('v2');
  await push('db exits', db('exits'));
  await scenario.reports('it is rolled back', ({ services }) =>
    services.some((each) => each.name === 'db' && each.state === 'rolled-back'),
  );
  const now = await settled('v2', ({ startedAt }) => startedAt !== before.startedAt);
  expect(now.id).toBe(before.id);
  expect(await linesOf(now, 'note')).toEqual(['kept']);
  // The failed release has started, and was not asked to stop.
  const expected = ['started', 'stopping', 'stopped', 'started', 'started'];
  expect((await linesOf(now, 'log')).slice(-expected.length)).toEqual(expected);
});

it('has its data when its manifest is back', async () => {
  const gone = async () => (await containersOf(scenario, 'db')).length === 0;
  await push('no db any more');
  await until('db is removed', gone, { within: 60_000, seen: () => scenario.logs() });
  const { Volumes } = await scenario.docker.listVolumes();
  expect(Volumes.map(({ Name }) => Name)).toContain(`${scenario.cluster}-data`);
  await push('db is back', db('v2'));
  expect(await linesOf(await settled('v2'), 'note')).toEqual(['kept']);
});

it('has its data after a restart that somebody asked for', async () => {
  const before = await settled('v2');
  const { code, stderr } = await scenario.fairlead('restart', 'db');
  expect(code, stderr).toBe(0);
  const now = await settled('v2', ({ id }) => id !== before.id);
  expect(await linesOf(now, 'note')).toEqual(['kept']);
});

it('has its data where somebody has removed its container', async () => {
  const before = await settled('v2');
  await scenario.docker.getContainer(before.id).remove({ force: true, v: true });
  const now = await settled('v2', ({ id }) => id !== before.id);
  expect(await linesOf(now, 'note')).toEqual(['kept']);
});
