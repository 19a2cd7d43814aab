import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { sleeper, yaml } from '../../support/yaml.ts';
import { planOf } from '../idempotence/plans.ts';

/** A migration before each release, a backup by the clock, and what people do with both by hand. */

const migrate = (version: string, script: string, fields: object = {}) => ({
  kind: 'Job',
  name: 'migrate',
  image: 'lab/busybox:1',
  version,
  pullPolicy: 'never',
  command: ['sh', '-c', script],
  dependsOn: ['db'],
  ...fields,
});
const DB = sleeper('db');
const web = (version: string) =>
  sleeper('web', { version, pullPolicy: 'never', dependsOn: ['migrate'], update: { monitor: '200ms' } });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
});
afterAll(() => scenario[Symbol.asyncDispose]());

async function apply(...documents: object[]) {
  return await scenario.fairlead('apply', await scenario.manifests(yaml(...documents)), '--yes');
}

/** Of each container of the service or job, the oldest first. */
async function lives(name: string) {
  const label = [`io.fairlead.cluster=${scenario.cluster}`, `io.fairlead.service=${name}`];
  const listed = await scenario.docker.listContainers({ all: true, filters: { label } });
  const inspected = await Promise.all(listed.map(({ Id }) => scenario.docker.getContainer(Id).inspect()));
  return inspected
    .map(({ Id, State, Config }) => ({
      id: Id,
      version: Config.Labels['io.fairlead.version'],
      status: State.Status,
      exitCode: State.ExitCode,
      startedAt: Date.parse(State.StartedAt),
      finishedAt: Date.parse(State.FinishedAt),
    }))
    .sort((a, b) => a.startedAt - b.startedAt);
}

it('runs a migration to its end before what depends on it starts', async () => {
  const { code, stdout, stderr } = await apply(DB, migrate('1', 'echo tables made; sleep 1'), web('1'));
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('Done: 2 of 2 services steady, 1 job done.');
  const [[run], [front]] = [await lives('migrate'), await lives('web')];
  expect(run).toMatchObject({ status: 'exited', exitCode: 0 });
  expect(front?.startedAt).toBeGreaterThanOrEqual(run?.finishedAt ?? Infinity);
  expect((await planOf(scenario, 'manifests')).changes).toEqual([]);
  expect((await scenario.fairlead('logs', 'migrate')).stdout).toContain('tables made');
  expect((await scenario.fairlead('status')).stdout).toMatch(/succeeded +migrate +job .*run 1 succeeded/);
});

it('does not run it again for the same release, also where its container was cleaned up', async () => {
  const [run] = await lives('migrate');
  await scenario.docker.getContainer(run?.id ?? '').remove();
  const { code, stderr } = await apply(DB, migrate('1', 'echo tables made; sleep 1'), web('2'));
  expect(code, stderr).toBe(0);
  expect(await lives('migrate')).toEqual([]);
  expect(await lives('web')).toMatchObject([{ version: '2' }]);
});

it('stops before what depends on a migration that fails, and says why', async () => {
  const before = await lives('web');
  const plan = await scenario.fairlead(
    'plan',
    await scenario.manifests(yaml(DB, migrate('2', 'echo no such table >&2; exit 3'), web('3'))),
  );
  expect(plan.stdout).toContain('+ Job migrate  create  migrate@');
  const { code, stdout, stderr } = await apply(DB, migrate('2', 'echo no such table >&2; exit 3'), web('3'));
  expect(code).toBe(1);
  const said = stdout + stderr;
  expect(said).toContain('failed: exited with code 3.');
  expect(said).toContain('no such table');
  expect(said).toContain('web waits for migrate (job-failed).');
  expect(await lives('web')).toEqual(before);
  expect(await lives('migrate')).toMatchObject([{ version: '2', exitCode: 3 }]);
});

it('runs a job by hand, with its output and its exit code, and what waited for it goes on', async () => {
  const refused = await scenario.fairlead('job', 'run', 'migrte');
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('has no job migrte. Its jobs: migrate.');
  const failed = await scenario.fairlead('job', 'run', 'migrate');
  expect(failed).toMatchObject({ code: 3, stdout: '' });
  expect(failed.stderr).toContain('no such table');
  expect(await scenario.fairlead('retry', 'migrate')).toMatchObject({
    code: 1,
    stderr: 'migrate is a job; fairlead job run migrate runs it once more.\n',
  });
  const { code, stderr } = await apply(DB, migrate('3', 'test -e /flag/done || exit 4', FLAG), web('3'));
  expect(code, stderr).toBe(1);
  await scenario.docker.getVolume(`${scenario.cluster}-flag`).inspect();
  await setFlag();
  expect(await scenario.fairlead('job', 'run', 'migrate')).toMatchObject({ code: 0 });
  const after = await apply(DB, migrate('3', 'test -e /flag/done || exit 4', FLAG), web('3'));
  expect(after.code, after.stderr).toBe(0);
  expect(await lives('web')).toMatchObject([{ version: '3' }]);
});

const FLAG = { mounts: [{ type: 'volume', source: 'flag', target: '/flag' }] };

/** What the release needs is put right by hand. */
async function setFlag(): Promise<void> {
  const helper = await scenario.docker.createContainer({
    Image: 'lab/busybox:1',
    Cmd: ['touch', '/flag/done'],
    HostConfig: { Binds: [`${scenario.cluster}-flag:/flag`] },
  });
  await helper.start();
  await helper.wait();
  await helper.remove();
}

it('is tried again by Docker, and stopped when its time is over', async () => {
  const flaky = 'test -e /flag/tried && exit 0; touch /flag/tried; exit 1';
  const { code, stderr } = await apply(DB, migrate('4', flaky, { ...FLAG, retries: 2 }), web('3'));
  expect(code, stderr).toBe(0);
  expect((await scenario.fairlead('status', 'migrate')).stdout).toMatch(/succeeded .* exit code 0 {2}retries 1/);
  const late = await apply(DB, migrate('5', 'sleep 1000', { timeout: '1s', stopSignal: 'SIGKILL' }), web('3'));
  expect(late.code).toBe(1);
  expect(late.stdout + late.stderr).toContain('was stopped before its end; its timeout is 1 s');
});

it('runs by its schedule, to the second, once for each time, and keeps as many runs as it is told', async () => {
  const backup = { ...migrate('1', 'date'), name: 'backup', schedule: '* * * * *', history: 1 };
  const folder = await scenario.manifests(yaml(DB, backup));
  const applied = await apply(DB, backup);
  expect(applied.code, applied.stderr).toBe(0);
  expect(await lives('backup')).toMatchObject([{ status: 'created' }]);
  expect((await scenario.fairlead('status', 'backup')).stdout).toMatch(/scheduled +backup .* next 20/);
  await using running = scenario.run(folder);
  const ended = async () => (await lives('backup')).filter(({ status }) => status === 'exited');
  const first = await until('the first run', async () => (await ended())[0], { within: 90_000 });
  expect(first.exitCode).toBe(0);
  expect(first.startedAt % 60_000).toBeLessThan(3_000);
  const next = async () => (await lives('backup')).filter(({ status }) => status === 'created').length === 1;
  await until('the next run is made', next, { within: 10_000 });
  expect(await scenario.fairlead('job', 'run', 'backup')).toMatchObject({ code: 0 });
  const isTold = () => running.log.includes('ran the job backup');
  await until('the run by hand is told', isTold, { within: 30_000, seen: () => running.log });
  await until('the older run is gone', async () => (await ended()).every(({ id }) => id !== first.id), {
    within: 10_000,
  });
});

it('goes with its manifest', async () => {
  const { code, stderr } = await apply(DB);
  expect(code, stderr).toBe(0);
  expect([...(await lives('backup')), ...(await lives('migrate'))]).toEqual([]);
});
