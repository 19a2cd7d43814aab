import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { BalancerLab } from './balancer-lab.ts';

interface LoadResult {
  readonly requests: number;
  /** Everything that was not one of the expected bodies with status 200. */
  readonly failures: readonly string[];
  readonly bodies: ReadonlySet<string>;
}

export interface Load {
  /** Resolves once this many more requests have been answered. */
  answered(more: number): Promise<void>;
  stop(): Promise<LoadResult>;
}

/** Clients that each keep one connection and send the next request `pause` milliseconds after an answer; no retries. */
export function startLoad(
  lab: BalancerLab,
  options: { clients: number; pause: number; expected: readonly string[]; path?: string },
): Load {
  const failures: string[] = [];
  const bodies = new Set<string>();
  let [requests, stopped] = [0, false];
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stopped) {
      const answer = await lab.get('web.example.com', options.path ?? '/', agent).catch(String);
      requests += 1;
      const body = typeof answer === 'string' ? answer : `${answer.status} ${answer.body.trim()}`;
      if (options.expected.some((each) => body === `200 ${each}`)) bodies.add(body.slice(4));
      else failures.push(body);
      await delay(options.pause);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: options.clients }, client);
  return {
    answered: async (more) => {
      for (const goal = requests + more; requests < goal;) await delay(5);
    },
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
      return { requests, failures, bodies };
    },
  };
}
