import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { planOf } from '../idempotence/plans.ts';

/** A web tier that starts after its database, moves on after it, waits while it fails, and leaves before it. */

/** Healthy a while after its start, where the tag is not one that fails. */
const database = (version: string, command = 'sleep 2; touch /tmp/ready; exec sleep 1000') => `kind: Service
name: zdb
image: lab/busybox:1
version: "${version}"
pullPolicy: never
stopSignal: SIGKILL
command: [sh, -c, "${command}"]
healthCheck: { command: [test, -e, /tmp/ready], interval: 500ms, retries: 8 }
update: { monitor: 500ms, timeout: 6s }
---
`;
const web = (version: string) => `kind: Service
name: web
image: lab/busybox:1
version: "${version}"
pullPolicy: never
stopSignal: SIGKILL
command: [sleep, "1000"]
dependsOn: [zdb]
update: { monitor: 500ms }
---
`;
const OTHER = web('1').replace('name: web', 'name: other').replace('dependsOn: [zdb]\n', '');

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
});
afterAll(() => scenario[Symbol.asyncDispose]());

async function apply(...manifests: string[]) {
  return await scenario.fairlead('apply', await scenario.manifests(manifests.join('')), '--yes');
}

/** By service: when the instance of this version was started, and when its check first passed. */
async function times(service: string, version: string): Promise<{ startedAt: number; healthyAt: number }> {
  const labels = [
    `io.fairlead.cluster=${scenario.cluster}`,
    `io.fairlead.service=${service}`,
    `io.fairlead.version=${version}`,
  ];
  const [found] = await scenario.docker.listContainers({ all: true, filters: { label: labels } });
  if (found === undefined) throw new Error(`there is no container of ${service} ${version}`);
  const { State } = await scenario.docker.getContainer(found.Id).inspect();
  const passed = State.Health?.Log.find(({ ExitCode }) => ExitCode === 0);
  return { startedAt: Date.parse(State.StartedAt), healthyAt: Date.parse(passed?.End ?? '') };
}

it('starts a service after what it depends on is ready, and others at once', async () => {
  const { code, stderr } = await apply(database('1'), web('1'), OTHER);
  expect(code, stderr).toBe(0);
  const [db, front, other] = [await times('zdb', '1'), await times('web', '1'), await times('other', '1')];
  expect(front.startedAt).toBeGreaterThanOrEqual(db.healthyAt);
  expect(other.startedAt).toBeLessThan(db.healthyAt);
  expect((await planOf(scenario, 'manifests')).changes).toEqual([]);
});

it('moves on in the same order', async () => {
  const { code, stderr } = await apply(database('2'), web('2'), OTHER);
  expect(code, stderr).toBe(0);
  expect((await times('web', '2')).startedAt).toBeGreaterThanOrEqual((await times('zdb', '2')).healthyAt);
});

it('leaves what depends on a release that fails as it is, and says what it waits for', async () => {
  const before = await times('web', '2');
  const { code, stdout, stderr } = await apply(database('3', 'exec sleep 1000'), web('3'), OTHER);
  expect(code).toBe(1);
  expect(stdout + stderr).toContain('web waits for zdb (rolled-back).');
  expect(await times('web', '2')).toEqual(before);
  await expect(times('web', '3')).rejects.toThrow('there is no container');
  expect((await scenario.fairlead('status', 'web')).stdout).toContain('dependency-not-ready');
});

it('goes on by itself when that is mended', async () => {
  const { code, stderr } = await apply(database('4'), web('3'), OTHER);
  expect(code, stderr).toBe(0);
  expect((await times('web', '3')).startedAt).toBeGreaterThanOrEqual((await times('zdb', '4')).healthyAt);
});

it('removes in the reverse order', async () => {
  const removed: string[] = [];
  const filters = { event: ['destroy'], label: [`io.fairlead.cluster=${scenario.cluster}`] };
  const events = (await scenario.docker.getEvents({ filters })) as Readable;
  events.on('data', (line: Buffer) => {
    const { Actor } = JSON.parse(line.toString()) as { Actor: { Attributes: Record<string, string> } };
    removed.push(Actor.Attributes['io.fairlead.service'] ?? '');
  });
  const { code, stderr } = await apply(OTHER);
  expect(code, stderr).toBe(0);
  await until('both are told to be gone', () => removed.length === 2);
  events.destroy();
  expect(removed).toEqual(['web', 'zdb']);
});

it('refuses a circle, and what is not there, before anything is done', async () => {
  const { code, stdout } = await scenario.fairlead(
    'validate',
    await scenario.manifests(`${database('4').replace('command:', 'dependsOn: web\ncommand:')}${web('4')}`),
  );
  expect(code).toBe(3);
  expect(stdout).toContain('zdb → web → zdb');
});
