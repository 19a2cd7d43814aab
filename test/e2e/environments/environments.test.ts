import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';

/** One repository, of which each cluster takes what it says of it. */

const WEB = `kind: Service
name: web
image: lab/app:\${TAG}
instances: \${INSTANCES}
memory: 64
ports: [8080]
environment:
  DOMAIN: \${DOMAIN}
healthCheck: { http: { path: /health, port: 8080, status: "200" } }
update: { monitor: 500ms }
---
kind: LoadBalancer
name: web
hostnames: ["\${DOMAIN}"]
service: web
port: 8080
`;

let staging: Scenario;
let production: Scenario;
beforeAll(async () => {
  staging = await Scenario.create();
  const repository = `{ url: "file://${staging.repository.origin.bare}", branch: main, interval: 1s, allowFile: true }`;
  production = await Scenario.create({ repository: () => Promise.resolve(repository) });
});
afterAll(async () => {
  await production[Symbol.asyncDispose]();
  await staging[Symbol.asyncDispose]();
});

async function push(tag: string, overlay: string): Promise<void> {
  const own = ({ cluster }: Scenario, domain: string, instances: number) => ({
    [`clusters/${cluster}/variables.yaml`]: `DOMAIN: ${domain}\nINSTANCES: ${instances}\n`,
  });
  const files = {
    'variables.yaml': `TAG: ${tag}\n`,
    'web.yaml': WEB,
    ...own(staging, 'staging.example.com', 1),
    ...own(production, 'www.example.com', 2),
    [`clusters/${production.cluster}/web.yaml`]: overlay,
  };
  await staging.repository.push(files, tag);
}

it('runs one revision in two clusters, each with its own values', async () => {
  await push('v1', 'kind: Service\nname: web\nimage: lab/app:v2\n');
  for (const each of [staging, production]) each.run();
  await staging.answers('staging.example.com', { body: 'v1' });
  await production.answers('www.example.com', { body: 'v2' });
  await until('production has two', async () => Object.values(await production.containers()).length === 2);
  expect(Object.values(await staging.containers())).toEqual(['running']);
  expect((await staging.get('www.example.com')).status).toBe(404);
});

it('keeps what runs in a cluster when only its own overlay is wrong, and takes the revision in the other', async () => {
  await push('v3', 'kind: Service\nname: wbe\n');
  await staging.answers('staging.example.com', { body: 'v3' });
  const branch = `fairlead/${production.cluster}`;
  await until('production says what is wrong', async () =>
    (await staging.repository.file(branch, 'status.json'))?.includes('Did you mean `web`?'),
  );
  expect((await production.get('www.example.com')).body.trim()).toBe('v2');
});
