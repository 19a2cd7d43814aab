import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../lab/free-port.ts';
import { startRegistry, type Registry } from '../../lab/registry.ts';
import { execIn } from '../../support/docker.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { containersOf, livesOf, settled, type Container } from './app.ts';
import { eventsSince } from './events.ts';

/** What cannot stand side by side, since it owns a port of the host and a volume: stopped, then started. */

let scenario: Scenario;
let registry: Registry;
let hostPort: number;
let digest: string;

async function push(tag: string): Promise<void> {
  const manifest = `kind: Service
name: db
image: ${registry.host}/db:${tag}
memory: 64
ports: [{ port: 8080, hostPort: ${hostPort} }]
mounts: [{ type: volume, source: data, target: /data }]
healthCheck: { http: { path: /health, port: 8080, status: "200" }, interval: 2s, timeout: 1s, retries: 5 }
update: { monitor: 500ms, timeout: 20s }
`;
  await scenario.repository.push({ 'db.yaml': manifest }, `db ${tag}`);
}

async function answers(body: string): Promise<void> {
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${hostPort}/`).catch(() => undefined);
    return (await response?.text())?.trim() === body;
  };
  await until(`the host's port ${hostPort} answers ${body}`, ask);
}

async function only(tag: string): Promise<Container> {
  const [container] = await settled(scenario, 'db', { tag, count: 1 });
  return container ?? expect.fail('there is none');
}

beforeAll(async () => {
  scenario = await Scenario.create();
  registry = await startRegistry();
  hostPort = await freePort();
  await registry.push(scenario.host, 'lab/app:v1', 'db', 'v1');
  digest = await registry.push(scenario.host, 'lab/app:v2', 'db', 'v2');
  await registry.push(scenario.host, 'lab/app:exits', 'db', 'exits');
  scenario.run();
  await push('v1');
  await answers('v1');
  await execIn(scenario.docker, (await only('v1')).id, ['sh', '-c', 'echo kept > /data/note']);
});
afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

it('stops nothing for an image that is not there', async () => {
  const before = await only('v1');
  await push('absent');
  const status = await scenario.reports('the image is missing', ({ services }) => services[0]?.problem !== undefined);
  expect(status.services[0]?.problem).toMatchObject({ layer: 'image', reason: 'image-not-found' });
  expect(livesOf(await containersOf(scenario, 'db'))).toEqual(livesOf([before]));
  await answers('v1');
});

it('fetches, stops the old one and starts the new one, in this order and on the same data', async () => {
  const before = await only('v1');
  const events = eventsSince(scenario.docker);
  await push('v2');
  await answers('v2');
  const now = await only('v2');
  const expected = [`pull ${registry.host}/db:v2`, `die ${before.id}`, `start ${now.id}`];
  expect((await events()).filter((each) => expected.includes(each))).toEqual(expected);
  expect(await execIn(scenario.docker, now.id, ['cat', '/data/note'])).toContain('kept');
});

it('starts the old container again where the new one fails', async () => {
  const before = await only('v2');
  await push('exits');
  const status = await scenario.reports('it is rolled back', ({ services }) => services[0]?.state === 'rolled-back');
  expect(status.services[0]).toMatchObject({ version: 'v2', digest, running: 1, problem: { reason: 'rolled-back' } });
  expect(status.services[0]?.problem?.logTail).toContain('fatal: the configuration is missing');
  const up = (await containersOf(scenario, 'db')).filter((each) => each.state === 'running');
  expect(up.map((each) => each.id)).toEqual([before.id]);
  expect(up[0]?.startedAt).not.toBe(before.startedAt);
  await answers('v2');
});
