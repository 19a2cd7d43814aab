import { afterAll, beforeAll, expect, it } from 'vitest';
import { execIn } from '../../support/docker.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** Services find each other by name, only while they are ready and only on networks that they share. */

const CHECK = { http: { path: '/health' }, interval: '1s', restart: false };
/** Listens only once it has found another service by name, so it must find names before it is ready itself. */
const NEEDS_API =
  'until node --eval "await fetch(\'http://api:8080/\')" 2>/dev/null; do sleep 0.2; done; exec node /app.mjs';
const MANIFESTS = yaml(
  app('front', { networks: ['default', 'back'] }),
  app('api', { instances: 2, networks: ['back'], healthCheck: CHECK }),
  app('dependent', { networks: ['back'], healthCheck: CHECK, command: ['sh', '-c', NEEDS_API] }),
  app('lone', { contextRoot: '/lone', version: 'seven', environment: { FAIRLEAD_SERVICE: 'mine', TEXT: 'a=b c' } }),
  loadBalancer('front'),
  loadBalancer('lone'),
);

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  await scenario.manifests(MANIFESTS);
  const { code, stderr } = await scenario.fairlead('apply', 'manifests', '--yes');
  expect(code, stderr).toBe(0);
});
afterAll(() => scenario[Symbol.asyncDispose]());

/** What a service finds under a name. */
async function addresses(from: string, name: string): Promise<string[]> {
  const { status, body } = await scenario.get(`${from}.example.com`, `/lookup?name=${name}`);
  return status === 200 ? (JSON.parse(body) as string[]).sort() : [];
}

async function fetched(from: string, url: string): Promise<string> {
  return (await scenario.get(`${from}.example.com`, `/fetch?url=${encodeURIComponent(url)}`)).body.trim();
}

async function instances(service: string): Promise<{ id: string; address: string }[]> {
  const { stdout } = await scenario.fairlead('status', service, '--format', 'json');
  const { services } = JSON.parse(stdout) as { services: { instances: { id: string; address: string }[] }[] };
  return services[0]?.instances ?? [];
}

async function answerHealth(id: string, status: number): Promise<void> {
  const script = `fetch('http://localhost:8080/health?status=${status}', { method: 'POST' })`;
  await execIn(scenario.docker, id, ['node', '--eval', script]);
}

it('leads a name to each ready instance', async () => {
  expect(await addresses('front', 'api')).toHaveLength(2);
  expect(await addresses('front', 'front')).toHaveLength(1);
  expect(await fetched('front', 'http://api:8080/')).toBe('v1');
});

it('leads names also for what is not ready itself yet', async () => {
  expect(await addresses('front', 'dependent')).toHaveLength(1);
});

it('keeps services apart that share no network', async () => {
  const [api] = await instances('api');
  expect(await addresses('lone', 'api')).toEqual([]);
  expect(await fetched('lone', 'http://api:8080/')).not.toBe('v1');
  expect(await fetched('lone', 'http://front:8080/')).toBe('v1');
  expect(await fetched('lone', `http://${api?.address ?? ''}:8080/`)).not.toBe('v1');
});

it('takes what is not ready any more out of the name, and puts it back', async () => {
  const [api] = await instances('api');
  await using _ = { [Symbol.asyncDispose]: () => answerHealth(api?.id ?? '', 200) };
  const running = scenario.run('manifests');
  const both = await addresses('front', 'api');
  await answerHealth(api?.id ?? '', 500);
  const left = await until(
    'one is left',
    async () => {
      const found = await addresses('front', 'api');
      return found.length === 1 && found;
    },
    { seen: () => running.log },
  );
  expect(both).toEqual(expect.arrayContaining(left));
  expect(await fetched('front', `http://${left[0] ?? ''}:8080/whoami`)).toContain(`"${left[0] ?? ''}"`);
  await answerHealth(api?.id ?? '', 200);
  await until('both are back', async () => (await addresses('front', 'api')).length === 2, { seen: () => running.log });
  expect(await addresses('front', 'api')).toEqual(both);
  await running.stop();
});

it('tells each instance who it is, unless the manifest says otherwise, with a warning', async () => {
  const of = async (service: string) =>
    JSON.parse((await scenario.get(`${service}.example.com`, '/env')).body) as Record<string, string>;
  const front = await of('front');
  expect(front).toMatchObject({ FAIRLEAD_SERVICE: 'front', FAIRLEAD_VERSION: 'v1', FAIRLEAD_INSTANCE: '1' });
  expect(front).not.toHaveProperty('CONTEXT_ROOT');
  const lone = {
    FAIRLEAD_SERVICE: 'mine',
    FAIRLEAD_VERSION: 'seven',
    FAIRLEAD_INSTANCE: '1',
    CONTEXT_ROOT: '/lone',
    TEXT: 'a=b c',
  };
  expect(await of('lone')).toMatchObject(lone);
  const { code, stdout } = await scenario.fairlead('validate', 'manifests');
  expect({ code, warned: stdout.includes('warning: `FAIRLEAD_SERVICE` is set here') }).toEqual({
    code: 0,
    warned: true,
  });
});
