import { expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { sleeper, yaml } from '../../support/yaml.ts';
import { runs } from './runs.ts';

/** An empty or broken repository must not end everything: what is removed in great number has to be meant. */

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const manifests = (...names: readonly string[]) => ({ 'deploy/app.yaml': yaml(...names.map((name) => sleeper(name))) });

/** A reconciler that keeps these services already, out of the folder `deploy`. */
async function keeping(...names: readonly string[]): Promise<Scenario> {
  const scenario = await Scenario.create({
    repository: (origin) => Promise.resolve(`{ url: "${origin.bare}", path: deploy, interval: 1s, allowFile: true }`),
  });
  await scenario.repository.push(manifests(...names), 'Begin');
  scenario.run();
  await runs(scenario, names.length);
  return scenario;
}

const services = async (scenario: Scenario) =>
  Object.keys(await scenario.containers())
    .map((name) => name.split('-')[1] ?? '')
    .sort();

it.concurrent('removes no more than the budget, until a commit names the number', async () => {
  await using scenario = await keeping(...NAMES);
  const before = await scenario.runningIds();
  const pushed = await scenario.repository.push(manifests('a'), 'Clean up');
  const refused = await scenario.reports('it is refused', (each) => each.revision.lastGood === pushed);
  expect(refused.problems).toMatchObject([{ layer: 'update', reason: 'prune-refused' }]);
  expect(refused.problems[0]?.message).toContain('4 services would be removed (b, c, d, e): more than 3 at once');
  expect(refused.problems[0]?.message).toContain('"Fairlead-Prune: 4"');
  expect(await scenario.runningIds()).toEqual(before);

  await scenario.repository.push(manifests('a'), 'Clean up\n\nIt is meant.\n\nFairlead-Prune: 4');
  await runs(scenario, 1);
  expect(await services(scenario)).toEqual(['a']);
});

it.concurrent('removes nothing at all for an empty folder, or for none', async () => {
  await using scenario = await keeping('a', 'b');
  const before = await scenario.runningIds();
  const empty = await scenario.repository.push({ 'deploy/README.txt': 'Nothing here.' }, 'Empty it');
  const refused = await scenario.reports('the empty folder is refused', (each) => each.revision.lastGood === empty);
  expect(refused.problems).toMatchObject([{ reason: 'prune-refused' }]);
  expect(refused.problems[0]?.message).toContain('the repository has no services at all');
  expect(await scenario.runningIds()).toEqual(before);

  await scenario.repository.push({ 'README.txt': 'No folder.' }, 'Remove it');
  const missing = await scenario.reports('the missing folder is told', (each) =>
    each.problems.some((problem) => problem.message.includes('has no folder deploy')),
  );
  expect(missing.problems.map((each) => each.reason)).toEqual(expect.arrayContaining(['unreachable']));
  expect(await scenario.runningIds()).toEqual(before);

  await scenario.repository.push(manifests('b'), 'Put one back');
  await runs(scenario, 1);
  expect(await services(scenario)).toEqual(['b']);
});

it.concurrent('is bounded for apply too, until --prune-all', async () => {
  await using scenario = await Scenario.create();
  await scenario.manifests(yaml(sleeper('a'), sleeper('b')));
  expect((await scenario.fairlead('apply', 'manifests', '--yes')).code).toBe(0);
  await scenario.manifests('');
  const refused = await scenario.fairlead('apply', 'manifests', '--yes');
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('error: 2 services would be removed (a, b): the repository has no services at all.');
  expect(await services(scenario)).toEqual(['a', 'b']);
  expect((await scenario.fairlead('apply', 'manifests', '--yes', '--prune-all')).code).toBe(0);
  expect(await scenario.containers()).toEqual({});
});
