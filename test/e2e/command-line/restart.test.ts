import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLoad, USUAL_LOAD } from '../../lab/load.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, sleeper, yaml } from '../../support/yaml.ts';
import { takesOver } from '../load/taking-over.ts';

/** Somebody wants new containers of the same release, and nobody who asks for something is to notice. */

let scenario: Scenario;
let folder: string;
beforeAll(async () => {
  scenario = await Scenario.create();
  folder = await scenario.manifests(yaml(app('web', { instances: 2 }), loadBalancer('web'), sleeper('other')));
  expect((await scenario.fairlead('apply', folder, '--yes')).code).toBe(0);
});
afterAll(() => scenario[Symbol.asyncDispose]());

async function idsOf(service: string): Promise<string[]> {
  const label = [`io.fairlead.cluster=${scenario.cluster}`, `io.fairlead.service=${service}`];
  return (await scenario.docker.listContainers({ all: true, filters: { label } })).map(({ Id }) => Id).sort();
}

/** New containers, as many as before, with their usual names; whose are not asked for stay. */
async function isRestarted(before: readonly string[], other: readonly string[]): Promise<void> {
  const after = await idsOf('web');
  expect(after).toHaveLength(2);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  expect(await idsOf('other')).toEqual(other);
  expect(Object.keys(await scenario.containers()).filter((name) => name.includes('restart'))).toEqual([]);
  expect((await scenario.fairlead('plan', folder)).stdout).toMatch(/^Nothing to do/);
}

it('replaces the instances by itself where no reconciler runs', async () => {
  const [before, other] = [await idsOf('web'), await idsOf('other')];
  const { code, stdout, stderr } = await scenario.fairlead('restart', 'web');
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('Done: 2 of 2 services steady.');
  await isRestarted(before, other);
});

it('leaves it to the reconciler that runs, waits for it, and no request fails', async () => {
  await using running = scenario.run(folder);
  await until('the reconciler runs', () => running.log.includes('took '));
  await using load = startLoad({
    ...USUAL_LOAD,
    port: scenario.httpPort,
    hostHeader: 'web.example.com',
    ratePerSecond: 100,
  });
  await takesOver(load, 50);
  const [before, other] = [await idsOf('web'), await idsOf('other')];
  expect(await scenario.fairlead('restart', 'web')).toEqual({
    code: 0,
    stdout: 'web was restarted.\n',
    stderr: 'web: 2 instances are replaced.\n',
  });
  await takesOver(load, 50);
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  await until('the spare instances are gone', async () => (await idsOf('web')).length === 2);
  await isRestarted(before, other);
  expect(running.log).toContain('a restart was asked for');
  await until('it is told who asked', () => running.log.includes('asked for a restart of web'), { within: 30_000 });
});

it('says what there is where there is no such service', async () => {
  const { code, stderr } = await scenario.fairlead('restart', 'wbe');
  expect(code).toBe(1);
  expect(stderr).toBe('No container belongs to a service wbe. The services that have some: other, web.\n');
});
