import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { yaml } from '../../support/yaml.ts';
import { containersOf, type Container } from '../updates/app.ts';

/** What somebody else does to the runs of jobs is seen at once, said, and put right where it can be. */

const SEEN_WITHIN = 8_000;
const job = (name: string, fields: object) => ({
  kind: 'Job',
  name,
  image: 'lab/busybox:1',
  command: ['sleep', '1000000'],
  stopSignal: 'SIGKILL',
  ...fields,
});

let scenario: Scenario;
let running: RunningFairlead;
beforeAll(async () => {
  scenario = await Scenario.create({ interval: '25s' });
  const jobs = [job('leap', { schedule: '0 0 29 2 *' }), job('import', {})];
  await scenario.repository.push({ 'jobs.yaml': yaml(...jobs) }, 'Import, and keep leap days');
  running = scenario.run();
  await only('leap', ({ state }) => state === 'created');
  await only('import', ({ state }) => state === 'running');
});
afterAll(() => scenario[Symbol.asyncDispose]());

/** The only container of a job, once it is as it should be. */
async function only(name: string, isRight: (container: Container) => boolean): Promise<Container> {
  let seen: readonly Container[] = [];
  const ask = async () => {
    seen = await containersOf(scenario, name);
    const [container] = seen;
    return seen.length === 1 && container !== undefined && isRight(container) ? container : undefined;
  };
  return await until(`${name} is right`, ask, { within: 90_000, seen: () => JSON.stringify(seen, null, 1) });
}

async function sees(told: RegExp, hit: () => Promise<unknown>): Promise<void> {
  const mark = running.log.length;
  await hit();
  const isTold = () => running.events(mark).some((event) => told.test(event));
  await until(`an event that matches ${String(told)}`, isTold, { within: SEEN_WITHIN, seen: () => running.log });
}

it('makes the next run anew where it was removed', async () => {
  const before = await only('leap', () => true);
  await sees(/^leap: fell .* removed from outside before it began/, () =>
    scenario.docker.getContainer(before.id).remove(),
  );
  await only('leap', ({ id, state }) => id !== before.id && state === 'created');
});

it('lets a run that was paused go on', async () => {
  const { id, startedAt } = await only('import', () => true);
  await sees(/^import: paused .* was paused from outside/, () => scenario.docker.getContainer(id).pause());
  const now = await only('import', ({ state }) => state === 'running');
  expect([now.id, now.startedAt]).toEqual([id, startedAt]);
});

/** What happens in the moment of a step is not told from that: the one before has shown that it is over. */
it('makes the next run anew where it was renamed', async () => {
  const before = await only('leap', () => true);
  await sees(/^leap: changed .* name is /, () =>
    scenario.docker.getContainer(before.id).rename({ name: `${scenario.cluster}-stranger` }),
  );
  await only('leap', ({ id, state }) => id !== before.id && state === 'created');
});

it('takes a run that was killed for one that has failed, and begins no other one', async () => {
  const { id } = await only('import', () => true);
  await sees(/^import: failed .* failed after .*137/, () => scenario.docker.getContainer(id).kill());
  const { jobs } = await scenario.reports('it has failed', (status) => status.jobs[0]?.state === 'failed');
  expect(jobs).toMatchObject([{ name: 'import', problem: { reason: 'job-failed' } }, { name: 'leap' }]);
  await scenario.repository.push({ 'note.txt': 'nothing\n' }, 'Change nothing');
  await scenario.reports('the commit was taken', ({ revision }) => revision.message === 'Change nothing');
  expect(await only('import', () => true)).toMatchObject({ id, state: 'exited' });
});
