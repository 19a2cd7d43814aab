import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { sleeper, yaml } from '../../support/yaml.ts';
import { runs } from './runs.ts';

/** What happens to repositories behind one's back: what runs goes on, and nobody has to lend a hand afterwards. */

const manifests = (instances: number) => ({ 'app.yaml': yaml(sleeper('web', { instances })) });

/** A reconciler that keeps two instances already. */
async function following(): Promise<Scenario> {
  const scenario = await Scenario.create();
  await scenario.repository.push(manifests(1), 'Regretted later');
  await scenario.repository.push(manifests(2), 'Begin');
  scenario.run();
  await runs(scenario, 2);
  return scenario;
}

/** The status as the state directory has it, which needs no remote. */
async function ownStatus(scenario: Scenario): Promise<StatusReport> {
  return JSON.parse(await readFile(join(scenario.directory, 'state', 'status.json'), 'utf8')) as StatusReport;
}

it.concurrent('follows a history that was rewritten', async () => {
  await using scenario = await following();
  await scenario.repository.origin.checkout('reset', '--quiet', '--hard', 'HEAD~1');
  const revision = await scenario.repository.origin.push(manifests(3), 'Otherwise', ['--force']);
  await runs(scenario, 3);
  const status = await scenario.reports('the new history is applied', (each) => each.revision.applied === revision);
  expect(status).toMatchObject({ ready: true, revision: { message: 'Otherwise' } });
});

it.concurrent('goes on with what it has while the branch is gone, and says which others there are', async () => {
  await using scenario = await following();
  const before = await scenario.runningIds();
  const { git } = scenario.repository.origin;
  const tip = (await git('rev-parse', 'main')).trim();
  await git('branch', '--move', 'main', 'old-main');
  const status = await scenario.reports('the branch is missed', (each) => each.problems.length > 0);
  expect(status.problems).toMatchObject([{ layer: 'git', reason: 'unreachable' }]);
  expect(status.problems[0]?.message).toContain(`has no branch main (it has fairlead/${scenario.cluster}, old-main)`);
  expect({ ready: status.ready, applied: status.revision.applied }).toEqual({ ready: false, applied: tip });
  expect(await scenario.runningIds()).toEqual(before);
  await git('branch', '--move', 'old-main', 'main');
  await scenario.reports('it is back', (each) => each.ready && each.problems.length === 0);
  expect(await scenario.runningIds()).toEqual(before);
});

it.concurrent('heals what falls while the remote is away, and takes what was pushed once it is back', async () => {
  await using scenario = await following();
  const { bare } = scenario.repository.origin;
  await rename(bare, `${bare}.away`);
  await until('it is missed', () => scenario.logs().includes('does not exist'));
  const [first = '', second = ''] = await scenario.runningIds();
  await scenario.docker.getContainer(first).remove({ force: true });
  await until('the first is gone', async () => !(await scenario.runningIds()).includes(first));
  expect(await runs(scenario, 2)).toContain(second);
  await until('the state directory tells', async () => (await ownStatus(scenario)).problems.length > 0);
  expect((await ownStatus(scenario)).problems[0]).toMatchObject({ layer: 'git', reason: 'unreachable' });
  await rename(`${bare}.away`, bare);
  const revision = await scenario.repository.push(manifests(3), 'Back');
  const status = await scenario.reports('it is followed again', (each) => each.revision.applied === revision);
  expect({ ready: status.ready, problems: status.problems }).toEqual({ ready: true, problems: [] });
  expect(status.events.map((each) => each.message)).toContainEqual(expect.stringContaining('does not exist'));
});
