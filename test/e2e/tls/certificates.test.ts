import { mkdir, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadBalancerStatus, StatusReport } from '../../../src/core/status/status.ts';
import { makePem, type CertificateWish } from '../../support/certificate-maker.ts';
import { Scenario } from '../../support/scenario.ts';
import { getSecurely } from '../../support/tls-client.ts';
import { until } from '../../support/until.ts';
import { service } from '../updates/app.ts';

/** Requests by TLS with a certificate that is on the host. */

const HOST = 'web.example.com';
const DAY = 24 * 3_600_000;
const ROUTE = `kind: LoadBalancer
name: web
hostnames: [${HOST}, "*.web.example.com"]
service: web
port: 8080
`;
const SECURE = `${ROUTE}tls: { certificate: { file: shops/web.pem } }\nforceHttps: true\n`;

let scenario: Scenario;
let folder: string;

async function place(wish: CertificateWish, name = 'web.pem'): Promise<void> {
  await writeFile(join(folder, 'shops', name), await makePem(wish));
}

/** Waits until a new connection is shown a certificate for this name. */
async function shows(name: string): Promise<void> {
  let last: unknown;
  await until(
    `a certificate for ${name} is shown`,
    async () => {
      last = await getSecurely(scenario.httpsPort, HOST).catch((error: unknown) => error);
      return (last as { names?: string }).names?.includes(`DNS:${name}`);
    },
    { seen: () => `${JSON.stringify(last)}\n${scenario.logs()}` },
  );
}

function webOf({ loadBalancers }: StatusReport): LoadBalancerStatus | undefined {
  return loadBalancers.find(({ name }) => name === 'web');
}

beforeAll(async () => {
  const env = { FAIRLEAD_BALANCER_CERTIFICATES: '' };
  scenario = await Scenario.create({ env, interval: '500ms' });
  folder = join(scenario.directory, 'certificates');
  env.FAIRLEAD_BALANCER_CERTIFICATES = folder;
  await mkdir(join(folder, 'shops'), { recursive: true });
  await place({ names: [HOST, '*.web.example.com', 'first.example.com'] });
});
afterAll(async () => await scenario[Symbol.asyncDispose]());

describe('a certificate of the host', () => {
  it('is served from one command on, and told with its end', async () => {
    const manifests = await scenario.manifests(service('web', 'v1') + SECURE);
    const applied = await scenario.fairlead('apply', manifests, '--yes');
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1 services steady') as string });
    expect(await getSecurely(scenario.httpsPort, HOST)).toMatchObject({ status: 200, body: 'v1\n' });
    expect(await getSecurely(scenario.httpsPort, `x.${HOST}`)).toMatchObject({ status: 200 });
    await expect(getSecurely(scenario.httpsPort, 'other.example.com')).rejects.toThrow();
    const sent = await scenario.get(HOST, '/a?b');
    expect([sent.status, sent.headers['location']]).toEqual([308, `https://${HOST}:${scenario.httpsPort}/a?b`]);
    const { stdout } = await scenario.fairlead('status', 'web', '--format', 'json');
    const [web] = (JSON.parse(stdout) as StatusReport).loadBalancers;
    expect(web).toMatchObject({
      state: 'serving',
      urls: [`https://*.web.example.com:${scenario.httpsPort}/`, `https://${HOST}:${scenario.httpsPort}/`],
      certificate: { issuer: HOST, names: ['*.web.example.com', 'first.example.com', HOST] },
    });
    const inDays = (Date.parse(web?.certificate?.expires ?? '') - Date.now()) / DAY;
    expect(inDays).toBeGreaterThan(89);
    expect((await scenario.fairlead('status', 'web')).stdout).toContain(`certificate of ${HOST} for *.web.example.com`);
    const planned = await scenario.fairlead('plan', manifests, '--detailed-exitcode');
    expect(planned).toMatchObject({ code: 0 });
    expect(JSON.stringify([stdout, planned])).not.toContain('PRIVATE KEY');
  });

  it('is exchanged while the reconciler runs, without a reload and with connections that stay', async () => {
    await scenario.repository.push({ 'web.yaml': service('web', 'v1') + SECURE }, 'web');
    const running = scenario.run();
    await scenario.reports('web serves', (status) => webOf(status)?.state === 'serving');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const kept = () => getSecurely(scenario.httpsPort, HOST, { agent });
    expect((await kept()).names).toContain('first.');
    const [from, workers] = [running.log.length, await scenario.workers()];
    expect(workers.length).toBeGreaterThan(1);
    await place({ names: [HOST, '*.web.example.com', 'second.example.com'] });
    await shows('second.example.com');
    expect(await kept()).toMatchObject({ status: 200, names: expect.stringContaining('first.') as string });
    agent.destroy();
    await scenario.reports(
      'the new one is told',
      (status) => webOf(status)?.certificate?.names.includes('second.example.com') === true,
    );
    expect(await scenario.workers()).toEqual(workers);
    expect(running.events(from).join('\n')).toMatch(/^web: certified web has a new certificate, until /m);
  });

  it('stays where the next one is no good, which is said, and everything else goes on', async () => {
    const wrong = [
      ['not a certificate', 'shops/web.pem: It has no certificate (BEGIN CERTIFICATE).'],
      [await makePem({ names: [HOST], rsaBits: 512 }), 'cannot be served, the one of before stays: '],
    ] as const;
    for (const [index, [text, words]] of wrong.entries()) {
      await writeFile(join(folder, 'shops', 'web.pem'), text);
      const status = await scenario.reports(
        'it is said',
        (each) => webOf(each)?.problem?.message.includes(words) === true,
      );
      expect(webOf(status)).toMatchObject({ state: 'serving', problem: { layer: 'lb', reason: 'no-certificate' } });
      expect(status.ready).toBe(false);
      await shows('second.example.com');
      const other = {
        'other.yaml': `${service('other', 'v2')}${ROUTE.replaceAll('web', `other${index}`).replace(`service: other${index}`, 'service: other')}`,
      };
      await scenario.repository.push({ 'web.yaml': service('web', 'v1') + SECURE, ...other }, `other ${index}`);
      await scenario.answers(`other${index}.example.com`, { body: 'v2' });
    }
  });

  it('is warned of before it ends, and missed where it is for others', async () => {
    await place({ names: [HOST, '*.web.example.com'], notAfter: new Date(Date.now() + 5 * DAY) });
    const ending = await scenario.reports('it ends soon', (status) => webOf(status)?.warnings !== undefined);
    expect(webOf(ending)?.warnings).toMatchObject([{ code: 'certificate-expiry' }]);
    expect(webOf(ending)).not.toHaveProperty('problem');
    await place({ names: [HOST] });
    const lacking = await scenario.reports('it lacks a name', (status) => webOf(status)?.problem !== undefined);
    expect(webOf(lacking)?.problem?.message).toBe(
      'The certificate of web is not for *.web.example.com; clients will not trust it there.',
    );
  });

  it('has to be there from the start, else requests are taken without it', async () => {
    const route = SECURE.replaceAll('web.pem', 'missing.pem')
      .replaceAll('web', 'bare')
      .replace('service: bare', 'service: web');
    const plain = service('web', 'v1') + SECURE;
    await scenario.repository.push({ 'web.yaml': plain, 'bare.yaml': route }, 'bare');
    const bare = await scenario.reports('bare has none', (status) =>
      status.loadBalancers.some(({ name, problem }) => name === 'bare' && problem !== undefined),
    );
    expect(bare.loadBalancers.find(({ name }) => name === 'bare')).toMatchObject({
      state: 'serving',
      problem: {
        reason: 'no-certificate',
        message: 'bare has no certificate: shops/missing.pem cannot be read: it is not there.',
      },
    });
    await scenario.answers('bare.example.com', { body: 'v1' });
    await writeFile(
      join(folder, 'shops', 'missing.pem'),
      await makePem({ names: ['bare.example.com', '*.bare.example.com'] }),
    );
    await until('bare is served by TLS', async () => {
      const answer = await getSecurely(scenario.httpsPort, 'bare.example.com').catch(() => undefined);
      return answer?.status === 200;
    });
    expect((await scenario.get('bare.example.com')).status).toBe(308);
  });
});
