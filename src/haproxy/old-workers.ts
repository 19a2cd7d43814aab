import type { Route } from '../core/routing.ts';

/** A worker that outlives more reloads is ended with all that it holds: each costs memory, and nobody closes a tunnel for us. */
const MOST_RELOADS = 20;

/**
 * How long a worker of before a reload may live on, where connections keep it: at least `least` milliseconds, and so long
 * that a reload cuts no connection sooner than the time limits of its route would.
 */
export function oldWorkerLines(routes: readonly Route[], least: number): readonly string[] {
  const limits = routes.flatMap(({ timeouts: { client, server, tunnel }, traffic: { drain = 0 } }) => [
    client,
    server,
    tunnel,
    drain,
  ]);
  return [`hard-stop-after ${Math.max(least, ...limits)}ms`, `mworker-max-reloads ${MOST_RELOADS}`];
}
