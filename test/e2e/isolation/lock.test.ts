import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { sleeper, yaml } from '../../support/yaml.ts';

/** One reconciler a state directory: the second one refuses to start, and can as soon as the first one is dead. */

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  await scenario.manifests(yaml(sleeper('web')));
  await scenario.repository.push({ 'app.yaml': yaml(sleeper('web')) }, 'Begin');
});
afterAll(() => scenario[Symbol.asyncDispose]());

const steadyBy = (running: RunningFairlead) =>
  until('it has brought all up', () => running.log.includes('web has reached a steady state'), {
    seen: () => running.log,
  });

it('refuses a second reconciler and an apply while the first one lives, but lets others look', async () => {
  const first = scenario.run();
  await steadyBy(first);
  const before = await scenario.runningIds();
  const refusal = {
    code: 1,
    stdout: '',
    stderr: `error: Another fairlead works with the state directory ${scenario.directory}/state; stop it first, or give this one its own with --state-dir.\n`,
  };
  expect(await scenario.fairlead('run')).toEqual(refusal);
  expect(await scenario.fairlead('apply', 'manifests', '--yes')).toEqual(refusal);
  const looks = await Promise.all([scenario.fairlead('status'), scenario.fairlead('plan', 'manifests')]);
  expect(looks.map((each) => each.code)).toEqual([0, 0]);
  expect(await scenario.runningIds()).toEqual(before);
  expect(await first.stop()).toBe(0);
});

it('starts after the first one was killed, and changes nothing', async () => {
  const before = await scenario.runningIds();
  const killed = scenario.run();
  await steadyBy(killed);
  expect(await killed.stop('SIGKILL')).toBeNull();
  const next = scenario.run();
  await steadyBy(next);
  expect(await scenario.runningIds()).toEqual(before);
  expect(await next.stop('SIGINT')).toBe(0);
});
