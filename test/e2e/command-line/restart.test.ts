import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { startLoad, USUAL_LOAD } from '../../lab/load.ts';
import type { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, sleeper, yaml } from '../../support/yaml.ts';
import { takesOver } from '../load/taking-over.ts';
import { containersOf, idsOf as idsIn, settled } from '../updates/app.ts';

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
  expect(stdout).toBe('web was restarted.\n');
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
  await isRestarted(before, other);
  expect(running.log).toContain('a restart was asked for');
  await until('it is told who asked', () => running.log.includes('asked for a restart of web'), { within: 30_000 });
});

it('says what there is where there is no such service', async () => {
  const { code, stderr } = await scenario.fairlead('restart', 'wbe');
  expect(code).toBe(1);
  expect(stderr).toBe('No container belongs to a service wbe. The services that have some: other, web.\n');
});

describe('of a cluster that a reconciler keeps', () => {
  let kept: Scenario;
  let running: RunningFairlead;
  beforeAll(async () => {
    kept = await Scenario.create();
    running = kept.run();
  });
  afterAll(() => kept[Symbol.asyncDispose]());

  const steady = (name: string) =>
    until(`${name} is steady`, () => running.log.includes(`${name} has reached a steady state`), {
      within: 60_000,
      seen: () => running.log,
    });

  /** Stands for a database: it cannot stand beside another one, and is not ready before it has read its files. */
  const database = sleeper('db', {
    command: ['sh', '-c', 'sleep 5; touch /tmp/ready; sleep 1000000'],
    healthCheck: {
      command: ['test', '-f', '/tmp/ready'],
      interval: '1s',
      timeout: '1s',
      retries: 3,
      startPeriod: '30s',
    },
    update: { strategy: 'recreate', monitor: '200ms' },
  });

  it('ends when the new instance is ready, not when the old one is down', async () => {
    await kept.repository.push({ 'app.yaml': yaml(database) }, 'A database');
    await steady('db');
    const [before] = await settled(kept, 'db', { tag: '', count: 1 });
    expect(await kept.fairlead('restart', 'db')).toEqual({
      code: 0,
      stdout: 'db was restarted.\n',
      stderr: 'db: its instance is replaced.\n',
    });
    const [container, ...others] = await containersOf(kept, 'db');
    expect(others).toEqual([]);
    expect(container?.id).not.toBe(before?.id);
    const { State: state } = await kept.docker.getContainer(container?.id ?? '').inspect();
    expect(state.Health?.Status).toBe('healthy');
  });

  it('is done whatever becomes of other services', async () => {
    const failing = sleeper('broken', { command: ['sh', '-c', 'exit 3'] });
    await kept.repository.push({ 'app.yaml': yaml(database, sleeper('web'), failing) }, 'One that fails');
    await steady('web');
    await kept.reports('it fails', ({ services }) =>
      services.some(({ name, problem }) => name === 'broken' && problem),
    );
    const { code, stdout, stderr } = await kept.fairlead('restart', 'web');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'web was restarted.\n',
      stderr: 'web: its instance is replaced.\n',
    });
    await running.stop();
    const alone = await kept.fairlead('restart', 'web');
    expect(alone.code, alone.stderr).toBe(0);
    expect(alone.stdout).toBe('web was restarted.\n');
    running = kept.run();
  });

  it('is refused where a rollout has stopped, and nothing is replaced', async () => {
    const update = { failureAction: 'pause', timeout: '5s', monitor: '200ms' };
    const web = (tag: string) =>
      app('paused', {
        image: `lab/app:${tag}`,
        healthCheck: { http: { path: '/health', port: 8080, status: '200' } },
        update,
      });
    await kept.repository.push({ 'app.yaml': yaml(web('v1')) }, 'One that is well');
    await steady('paused');
    await kept.repository.push({ 'app.yaml': yaml(web('unhealthy')) }, 'One that is not');
    const isPaused = ({ services }: StatusReport) => services.some(({ problem }) => problem?.reason === 'paused');
    await kept.reports('the rollout has stopped', isPaused);
    const before = idsIn(await containersOf(kept, 'paused'));
    expect(await kept.fairlead('restart', 'paused')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'paused is being updated: wait for the end of that first, or, where it has stopped after a failure, change its manifest or run fairlead retry paused; fairlead status paused tells how far it is.\n',
    });
    expect(idsIn(await containersOf(kept, 'paused'))).toEqual(before);
    expect(Object.keys(await kept.containers()).filter((name) => name.includes('restart'))).toEqual([]);
  });
});
