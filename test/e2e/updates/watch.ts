import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario } from '../../support/scenario.ts';

const EVERY = 40;

interface Watch<Seen> extends AsyncDisposable {
  /** Ends the watch after a last look; throws what it ran into. */
  stop(): Promise<Seen>;
}

/** Counts again and again how many instances of a service answer their health check at their own addresses. */
export function watchReady(scenario: Scenario, name: string): Watch<{ fewestReady: number; mostRunning: number }> {
  const seen = { fewestReady: Infinity, mostRunning: 0 };
  const label = [`io.fairlead.cluster=${scenario.cluster}`, `io.fairlead.service=${name}`];
  return watch(seen, async () => {
    const running = await scenario.docker.listContainers({ filters: { label } });
    const addresses = running.map((each) => each.NetworkSettings.Networks[`fairlead-${scenario.cluster}`]?.IPAddress);
    const answers = await Promise.all(addresses.map((address) => isHealthy(address ?? '')));
    seen.fewestReady = Math.min(seen.fewestReady, answers.filter(Boolean).length);
    seen.mostRunning = Math.max(seen.mostRunning, running.length);
  });
}

/** Asks again and again through the balancer; gives the bodies in the order of their coming, repeated ones once. */
export function watchBodies(scenario: Scenario, host: string): Watch<string[]> {
  const seen: string[] = [];
  return watch(seen, async () => {
    const answer = await scenario.get(host).catch((error: unknown) => ({ status: 0, body: String(error) }));
    const body = answer.status === 200 ? answer.body.trim() : `${answer.status} ${answer.body}`;
    if (body !== seen.at(-1)) seen.push(body);
  });
}

function watch<Seen>(seen: Seen, look: () => Promise<void>): Watch<Seen> {
  const over = new AbortController();
  const looking = lookUntil(over.signal, look);
  // Told to whoever stops the watch, and to nobody where a failed test never does.
  looking.catch(() => undefined);
  return {
    stop: async () => {
      over.abort();
      await looking;
      await look();
      return seen;
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await looking.catch(() => undefined);
    },
  };
}

async function lookUntil(over: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    await look();
    await delay(EVERY);
  }
}

async function isHealthy(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}:8080/health`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}
