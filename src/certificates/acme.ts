import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Order } from 'acme-client';

/** An authority that gives certificates by RFC 8555. */
export interface Authority {
  /** URL of its directory. */
  readonly directory: string;
  /** PEM file of what its own server is trusted by; absent: what the system trusts. */
  readonly caFile?: string;
}

export interface Wish {
  readonly authority: Authority;
  readonly accountKey: string;
  readonly email: string;
  readonly hostnames: readonly string[];
}

/** Milliseconds for one answer of the authority. */
const PATIENCE = 15_000;
/** Milliseconds between two questions how far it is, and for all of them together. */
const POLL = { every: 1_000, longest: 120_000 };

export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What a token is answered with besides itself (RFC 8555, 8.1). */
export function thumbprintOf(accountKey: string): string {
  const { crv, kty, x, y } = createPublicKey(accountKey).export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/**
 * A new certificate with a new key, in PEM; whoever answers for the host names has to know the account's thumbprint.
 * Errors: in the authority's own words.
 */
export async function issue(wish: Wish, signal: AbortSignal): Promise<string> {
  const { directory, caFile } = wish.authority;
  const agent = new Agent(caFile === undefined ? {} : { ca: await readFile(caFile) });
  try {
    await reach(directory, agent, signal);
    return await order(wish, agent, signal);
  } catch (error) {
    signal.throwIfAborted();
    // So acme-client fails where there is no answer at all.
    if (error instanceof TypeError) throw new Error('It has stopped answering.', { cause: error });
    throw error;
  } finally {
    agent.destroy();
  }
}

/** Why it cannot be reached is not to be had from acme-client. */
function reach(directory: string, agent: Agent, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(directory, { agent, signal, timeout: PATIENCE }, (response) => {
      response.resume().on('end', resolve).on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`It gives no answer within ${PATIENCE / 1000} s.`)));
    asked.on('error', reject);
  });
}

async function order(
  { authority, accountKey, email, hostnames }: Wish,
  httpsAgent: Agent,
  signal: AbortSignal,
): Promise<string> {
  const acme = await import('acme-client');
  // We try again ourselves, and later.
  const acmeSettings = { retryMaxAttempts: 0, retryDefaultDelay: 0 };
  Object.assign(acme.axios.defaults, { signal, timeout: PATIENCE, httpsAgent, acmeSettings });
  const client = new acme.Client({ directoryUrl: authority.directory, accountKey });
  await client.createAccount({ termsOfServiceAgreed: true, contact: [`mailto:${email}`] });
  const begun = await client.createOrder({ identifiers: hostnames.map((value) => ({ type: 'dns', value })) });
  await answer(client, begun);
  const ready = await reached(client, begun, ['ready', 'valid'], signal);
  const key = newKey();
  const [, csr] = await acme.crypto.createCsr({ altNames: [...hostnames] }, key);
  const valid = await reached(client, await client.finalizeOrder(ready, csr), ['valid'], signal);
  return `${(await client.getCertificate(valid)).trim()}\n${key}`;
}

async function answer(client: Client, order: Order): Promise<void> {
  for (const { status, identifier, challenges } of await client.getAuthorizations(order)) {
    if (status === 'valid') continue;
    const challenge = challenges.find(({ type }) => type === 'http-01');
    if (challenge === undefined) throw new Error(`It does not ask for ${identifier.value} by http.`);
    await client.completeChallenge(challenge);
  }
}

async function reached(client: Client, order: Order, states: readonly string[], signal: AbortSignal): Promise<Order> {
  const end = performance.now() + POLL.longest;
  let now = await client.getOrder(order);
  while (!states.includes(now.status)) {
    if (now.status === 'invalid') throw new Error(await whyInvalid(client, now));
    if (performance.now() > end) throw new Error(`It has not come to a decision within ${POLL.longest / 1000} s.`);
    await delay(POLL.every, undefined, { signal });
    now = await client.getOrder(order);
  }
  return now;
}

/** What it found when it asked for the host names. */
async function whyInvalid(client: Client, order: Order): Promise<string> {
  const authorizations = await client.getAuthorizations(order);
  const reasons = authorizations.flatMap(({ identifier, challenges }) =>
    challenges.flatMap(({ error }) => {
      const { detail } = (error ?? {}) as { detail?: string };
      return detail === undefined ? [] : [`${identifier.value}: ${detail}`];
    }),
  );
  return reasons.length === 0 ? 'It has refused, and does not say why.' : reasons.sort().join('; ');
}
