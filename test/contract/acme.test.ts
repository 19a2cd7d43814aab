import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { issue, newKey, thumbprintOf } from '../../src/certificates/acme.ts';
import { Issuer, type Answered, type Request } from '../../src/certificates/issuer.ts';
import { readPem } from '../../src/certificates/pem.ts';
import { startPebble, type Pebble, type PebbleOptions } from '../lab/pebble.ts';
import { until } from '../support/until.ts';

/** Answers for host names as the balancer does; nobody: with nothing. */
let answers: { thumbprint: string | undefined; asked: string[] };
let server: Server;
let folder: string;
let httpPort: number;

beforeEach(async () => {
  answers = { thumbprint: undefined, asked: [] };
  folder = await mkdtemp(join(tmpdir(), 'fairlead-acme-'));
  server = createServer((request, response) => {
    const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(request.url ?? '')?.[1];
    answers.asked.push(String(request.headers.host));
    if (token === undefined || answers.thumbprint === undefined) response.writeHead(404).end();
    else response.end(`${token}.${answers.thumbprint}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  httpPort = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const startHere = (options: Omit<PebbleOptions, 'httpPort'> = {}): Promise<Pebble> =>
  startPebble({ httpPort, ...options });

const REQUEST: Request = { name: 'shop', email: 'ops@example.com', hostnames: ['shop.example.com', 'www.example.com'] };
const { signal } = new AbortController();

describe('an authority', () => {
  test('gives a certificate for host names that answer with the thumbprint of the account', async () => {
    await using authority = await startHere();
    const accountKey = newKey();
    answers.thumbprint = thumbprintOf(accountKey);
    const { certificate, pem } = readPem(await issue({ authority, accountKey, ...REQUEST }, signal));
    expect(certificate.names).toEqual(REQUEST.hostnames);
    expect(certificate.issuer).toMatch(/^Pebble Intermediate CA/);
    expect(pem.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(1);
    // The second time the account is known, and so may be the host names.
    expect(readPem(await issue({ authority, accountKey, ...REQUEST }, signal)).certificate.id).not.toBe(certificate.id);
  });

  test('says what it has found where nobody answers', async () => {
    await using authority = await startHere();
    const wish = { authority, accountKey: newKey(), email: 'ops@example.com', hostnames: ['shop.example.com'] };
    await expect(issue(wish, signal)).rejects.toThrow(/^shop\.example\.com: .*404/);
  });

  test('has to be trusted', async () => {
    await using authority = await startHere();
    const { directory } = authority;
    await expect(issue({ authority: { directory }, accountKey: newKey(), ...REQUEST }, signal)).rejects.toThrow(
      /self.signed/,
    );
  });

  test('is left alone when the process ends', async () => {
    await using authority = await startHere();
    const controller = new AbortController();
    const wish = { authority, accountKey: newKey(), ...REQUEST };
    const issuing = issue(wish, controller.signal);
    controller.abort();
    await expect(issuing).rejects.toThrow(/abort|cancel/i);
  });
});

/** With the time that it goes by, which can be put forward. */
function openIssuer(authority: Pebble, now = () => Date.now()): Issuer & { woken: number } {
  const issuer: Issuer & { woken: number } = Object.assign(
    new Issuer({
      authority,
      folder,
      write: (name, text) => writeFile(join(folder, name), text, { mode: 0o600 }),
      now,
      wake: () => (issuer.woken += 1),
    }),
    { woken: 0 },
  );
  return issuer;
}

/** As the balancer answers. */
function answeredWith(challenge: string | undefined): Answered {
  return { hostnames: REQUEST.hostnames, ...(challenge !== undefined && { challenge }) };
}

/** Until something has come to its end. */
async function woken(issuer: { readonly woken: number }, times = 1): Promise<void> {
  await until('the order has ended', () => Promise.resolve(issuer.woken >= times ? true : undefined));
}

describe('certificates of an authority', () => {
  test('are asked for once the host names are answered, kept for the next process, and left alone while they are good', async () => {
    await using authority = await startHere();
    const issuer = openIssuer(authority);
    expect(await issuer.look(REQUEST)).toEqual({});
    const { challenge } = await issuer.observe(REQUEST, undefined);
    answers.thumbprint = challenge;
    const answered = answeredWith(challenge);
    expect(await issuer.observe(REQUEST, undefined)).toEqual({ challenge });
    expect(await issuer.observe(REQUEST, { ...answered, challenge: 'another' })).toEqual({ challenge });
    expect(await issuer.observe(REQUEST, { ...answered, hostnames: ['shop.example.com'] })).toEqual({ challenge });
    expect(await issuer.observe(REQUEST, answered)).toEqual({ challenge, isComing: true });
    await woken(issuer);
    const { certificate, ...others } = await issuer.observe(REQUEST, answered);
    expect(certificate?.names).toEqual(REQUEST.hostnames);
    expect(others).toMatchObject({ challenge });
    expect(others).not.toHaveProperty('isComing');
    const file = join(folder, (await readdir(folder)).find((name) => name.startsWith('shop.')) ?? '');
    expect(readPem(await readFile(file, 'utf8')).certificate).toEqual(certificate);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const next = openIssuer(authority);
    expect(await next.observe(REQUEST, answered)).toMatchObject({ certificate, challenge });
    expect(await next.observe(REQUEST, answered)).not.toHaveProperty('isComing');
  });

  test('are renewed when two thirds of their time are over, or for other host names', async () => {
    await using authority = await startHere();
    let ahead = 0;
    const issuer = openIssuer(authority, () => Date.now() + ahead);
    const { challenge } = await issuer.observe(REQUEST, undefined);
    answers.thumbprint = challenge;
    const answered = answeredWith(challenge);
    await issuer.observe(REQUEST, answered);
    await woken(issuer);
    const { certificate: first } = await issuer.observe(REQUEST, answered);
    const lifetime = (first?.notAfter ?? 0) - (first?.notBefore ?? 0);
    ahead = lifetime * 0.6;
    expect(await issuer.observe(REQUEST, answered)).not.toHaveProperty('isComing');
    ahead = lifetime * 0.7;
    expect(await issuer.observe(REQUEST, answered)).toMatchObject({ certificate: first, isComing: true });
    await woken(issuer, 2);
    ahead = 0;
    const { certificate: second } = await issuer.observe(REQUEST, answered);
    expect(second?.id).not.toBe(first?.id);
    const more = { ...REQUEST, hostnames: [...REQUEST.hostnames, 'new.example.com'] };
    expect(await issuer.observe(more, { ...answered, hostnames: more.hostnames })).toMatchObject({
      certificate: second,
      isComing: true,
    });
    await woken(issuer, 3);
    expect((await issuer.observe(more, { ...answered, hostnames: more.hostnames })).certificate?.names).toEqual(
      [...more.hostnames].sort(),
    );
  });

  test('stay as they are where the authority gives none, which is asked again later, and at once for other names', async () => {
    await using authority = await startHere();
    let ahead = 0;
    const issuer = openIssuer(authority, () => Date.now() + ahead);
    const answered = answeredWith((await issuer.observe(REQUEST, undefined)).challenge);
    await issuer.observe(REQUEST, answered);
    await woken(issuer);
    const failed = await issuer.observe(REQUEST, answered);
    expect(failed.problem).toMatch(/^https:\/\/localhost:\d+\/dir gives none: shop\.example\.com: .*404/);
    expect(failed).not.toHaveProperty('isComing');
    // Another process knows of it.
    const next = openIssuer(authority, () => Date.now() + ahead);
    expect(await next.look(REQUEST)).toMatchObject({ problem: failed.problem });
    expect(await next.observe(REQUEST, answered)).not.toHaveProperty('isComing');
    ahead = 59_000;
    expect(await issuer.observe(REQUEST, answered)).not.toHaveProperty('isComing');
    answers.thumbprint = failed.challenge;
    expect(
      await issuer.observe(
        { ...REQUEST, hostnames: ['other.example.com'] },
        { ...answered, hostnames: ['other.example.com'] },
      ),
    ).toMatchObject({
      isComing: true,
    });
    await woken(issuer, 2);
    ahead = 61_000;
    expect(await issuer.observe(REQUEST, answered)).toMatchObject({ isComing: true });
    await woken(issuer, 3);
    expect(await issuer.observe(REQUEST, answered)).not.toHaveProperty('problem');
  });
});

test('a certificate that cannot be kept is served all the same, and not asked for again', async () => {
  await using authority = await startHere();
  const full = () => Promise.reject(new Error('no space left on device'));
  let woken = false;
  const options = { authority, folder, write: full, now: () => Date.now(), wake: () => (woken = true) };
  const issuer = new Issuer(options);
  await expect(issuer.observe(REQUEST, undefined)).rejects.toThrow('no space left on device');
  const other = openIssuer(authority);
  const { challenge } = await other.observe(REQUEST, undefined);
  answers.thumbprint = challenge;
  expect(await issuer.observe(REQUEST, answeredWith(challenge))).toMatchObject({ challenge, isComing: true });
  await until('the order has ended', () => woken);
  const seen = await issuer.observe(REQUEST, answeredWith(challenge));
  expect(seen).toMatchObject({ problem: 'the new one cannot be kept: no space left on device' });
  expect(seen.certificate?.names).toEqual(REQUEST.hostnames);
  expect(seen).not.toHaveProperty('isComing');
});
