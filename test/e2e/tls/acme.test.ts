import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoadBalancerStatus, StatusReport } from '../../../src/core/status/status.ts';
import { freePort } from '../../lab/free-port.ts';
import { startPebble } from '../../lab/pebble.ts';
import { Scenario } from '../../support/scenario.ts';
import { getSecurely } from '../../support/tls-client.ts';
import { service } from '../updates/app.ts';

/** Certificates that an authority gives, to a real one's answers. */

const HOST = 'shop.example.com';
const ROUTE = `kind: LoadBalancer
name: shop
hostnames: [${HOST}]
service: shop
port: 8080
tls: { acme: { email: ops@example.com } }
forceHttps: true
`;

async function begin(validity: number) {
  const httpPort = await freePort();
  const authority = await startPebble({ httpPort, validity });
  const acme = `acme: { directory: "${authority.directory}", caFile: "${authority.caFile}" }`;
  const scenario = await Scenario.create({ httpPort, balancer: acme, interval: '500ms' });
  return { authority, scenario };
}

function shopOf({ loadBalancers }: StatusReport): LoadBalancerStatus | undefined {
  return loadBalancers.find(({ name }) => name === 'shop');
}

it('comes with one command, and is kept for nobody else to read', async () => {
  const { authority, scenario: created } = await begin(90 * 24 * 3600);
  await using _authority = authority;
  await using scenario = created;
  const manifests = await scenario.manifests(service('shop', 'v1') + ROUTE);
  const applied = await scenario.fairlead('apply', manifests, '--yes');
  expect(applied).toMatchObject({ code: 0 });
  expect(await getSecurely(scenario.httpsPort, HOST)).toMatchObject({
    status: 200,
    body: 'v1\n',
    names: `DNS:${HOST}`,
  });
  expect((await scenario.get(HOST)).status).toBe(308);
  const folder = join(scenario.directory, 'state', 'acme');
  const names = await readdir(folder);
  expect(names).toEqual([
    expect.stringMatching(/^account-[0-9a-f]{12}\.pem$/),
    expect.stringMatching(/^shop\.[0-9a-f]{12}\.pem$/),
  ]);
  for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const { stdout } = await scenario.fairlead('status', '--format', 'json');
  const status = JSON.parse(stdout) as StatusReport;
  expect(shopOf(status)?.certificate).toMatchObject({
    names: [HOST],
    issuer: expect.stringMatching(/^Pebble/) as string,
  });
  expect(await scenario.fairlead('plan', manifests, '--detailed-exitcode')).toMatchObject({ code: 0 });
});

it('is renewed while it serves, without a reload', async () => {
  const { authority, scenario: created } = await begin(30);
  await using _authority = authority;
  await using scenario = created;
  await scenario.repository.push({ 'shop.yaml': service('shop', 'v1') + ROUTE }, 'shop');
  scenario.run();
  const first = await scenario.reports('it has a certificate', (status) => shopOf(status)?.certificate !== undefined);
  const workers = await scenario.workers();
  const expires = shopOf(first)?.certificate?.expires ?? '';
  const asking = asked(scenario.httpsPort);
  await scenario.reports('it has another one', (status) => {
    const { certificate } = shopOf(status) ?? {};
    return certificate !== undefined && certificate.expires !== expires;
  });
  const { answers, failures } = await asking.stop();
  expect(failures).toEqual([]);
  expect(answers).toBeGreaterThan(20);
  expect(await scenario.workers()).toEqual(workers);
});

/** One request after the other, each on a connection of its own. */
function asked(port: number): {
  stop: () => Promise<{ readonly answers: number; readonly failures: readonly string[] }>;
} {
  const failures: string[] = [];
  let [answers, isOver] = [0, false];
  const asking = (async () => {
    while (!isOver) {
      const { status } = await getSecurely(port, HOST).catch((error: unknown) => ({ status: String(error) }));
      answers += 1;
      if (status !== 200) failures.push(String(status));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await asking;
      return { answers, failures };
    },
  };
}

it('is missed where the authority does not find the host, which hinders nothing else', async () => {
  const elsewhere = await freePort();
  await using authority = await startPebble({ httpPort: elsewhere });
  const acme = `acme: { directory: "${authority.directory}", caFile: "${authority.caFile}" }`;
  await using scenario = await Scenario.create({ balancer: acme, interval: '500ms' });
  const manifests = await scenario.manifests(service('shop', 'v1') + ROUTE);
  const applied = await scenario.fairlead('apply', manifests, '--yes');
  expect(applied.code).toBe(1);
  expect(applied.stderr).toMatch(
    /^shop is serving: shop has no certificate: https:\/\/localhost:\d+\/dir gives none: shop\.example\.com: /m,
  );
  expect(await scenario.get(HOST)).toMatchObject({ status: 200, body: 'v1\n' });
  const secure = getSecurely(scenario.httpsPort, HOST).then(
    () => 'answered',
    () => 'refused',
  );
  expect(await secure).toBe('refused');
});
