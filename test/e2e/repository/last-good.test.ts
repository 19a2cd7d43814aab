import { expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { sleeper, yaml } from '../../support/yaml.ts';
import { runs } from './runs.ts';

/** A revision is taken whole or not at all, by this process and the next one. */

const good = (instances: number) => ({ 'web.yaml': yaml(sleeper('web', { instances })) });
const broken = { ...good(3), 'other.yaml': 'kind: Service\nname: other\nimage: lab/busybox:1\nprots: [80]\n' };

it.concurrent('keeps the last good revision, drift and all, also after it was killed', async () => {
  await using scenario = await Scenario.create();
  const taken = await scenario.repository.push(good(2), 'Begin');
  const first = scenario.run();
  const before = await runs(scenario, 2);
  const refused = await scenario.repository.push(broken, 'Break it');
  const status = await scenario.reports('it is refused', (each) => each.revision.tried === refused);
  expect(status).toMatchObject({
    ready: false,
    revision: { lastGood: taken },
    problems: [{ layer: 'validation', reason: 'schema', file: 'other.yaml', line: 4, column: 1, path: 'prots' }],
  });
  expect(await scenario.runningIds()).toEqual(before);
  expect((await scenario.fairlead('status')).stdout).toContain('other.yaml:4:1: schema: ');

  await first.stop('SIGKILL');
  await scenario.docker.getContainer(before[0] ?? '').remove({ force: true });
  const second = scenario.run();
  expect(await runs(scenario, 2)).toContain(before[1]);
  await until('the next process refuses it too', () => second.log.includes('refused'), { seen: () => second.log });
  const [healed = ''] = (await scenario.runningIds()).filter((each) => !before.includes(each));
  await scenario.docker.getContainer(healed).remove({ force: true });
  await until('that one is gone', async () => !(await scenario.runningIds()).includes(healed));
  expect(await runs(scenario, 2)).toContain(before[1]);

  const repaired = await scenario.repository.push(good(3), 'Repair it');
  const after = await scenario.reports('it is taken', (each) => each.revision.applied === repaired);
  expect({ ready: after.ready, problems: after.problems }).toEqual({ ready: true, problems: [] });
  expect((await scenario.fairlead('status')).stdout).not.toContain('other.yaml');
  expect(await scenario.runningIds()).toHaveLength(3);
});

it.concurrent('makes nothing anew that the host has ceased to allow, and stops nothing for it', async () => {
  await using scenario = await Scenario.create({ config: 'policy: { bindMounts: [/etc/*] }' });
  const powerful = sleeper('root', { mounts: ['/etc/hostname:/name:ro'], instances: 2 });
  await scenario.repository.push({ 'app.yaml': yaml(powerful, sleeper('web')) }, 'Begin');
  const first = scenario.run();
  await runs(scenario, 3);
  await first.stop();
  const lost = Object.keys(await scenario.containers()).filter((name) => name.endsWith('-1'));
  for (const name of lost) await scenario.docker.getContainer(name).remove({ force: true });

  const flags = ['--policy-bind-mounts', ''];
  const second = scenario.run(...flags);
  const status = await scenario.reports('it is refused', ({ problems }) => problems.length > 1);
  expect(status.problems.map(({ reason, object }) => [reason, object])).toEqual([
    ['policy', 'root'],
    ['policy', 'root'],
  ]);
  await until('the other service is healed', async () => (await scenario.runningIds()).length === 2);
  await scenario.reports(
    'that is all',
    ({ services }) => services.find(({ name }) => name === 'web')?.state === 'steady',
  );
  const left = Object.entries(await scenario.containers()).map(
    ([name, state]) => `${name.split('-')[1] ?? ''} ${state}`,
  );
  expect(left.sort()).toEqual(['root running', 'web running']);
  const told = await scenario.fairlead('status', ...flags);
  expect(told.stdout).toContain("policy: The host's policy does not allow the bind mount of /etc/hostname");
  expect(await second.stop()).toBe(0);
});

it.concurrent('tells what is wrong with the very first revision', async () => {
  await using scenario = await Scenario.create();
  const refused = await scenario.repository.push(broken, 'Begin badly');
  scenario.run();
  const status = await scenario.reports('it is refused', (each) => each.revision.tried === refused);
  expect(status).toMatchObject({ ready: false, revision: { lastGood: '', applied: '' }, services: [] });
  expect(status.problems).toMatchObject([{ reason: 'schema', file: 'other.yaml', line: 4, column: 1 }]);
  expect(await scenario.containers()).toEqual({});
  await scenario.repository.push(good(1), 'Begin well');
  await runs(scenario, 1);
});

it.concurrent('holds where the state directory is lost and the newest revision is broken', async () => {
  await using scenario = await Scenario.create();
  await scenario.repository.push(good(2), 'Begin');
  const first = scenario.run();
  const before = await runs(scenario, 2);
  await first.stop();
  const refused = await scenario.repository.push(broken, 'Break it');
  scenario.run('--state-dir', `${scenario.directory}/new-state`);
  const status = await scenario.reports('it is refused', (each) => each.revision.tried === refused);
  expect(status.problems.map((each) => each.reason)).toEqual(['schema']);
  expect(await scenario.runningIds()).toEqual(before);
});
