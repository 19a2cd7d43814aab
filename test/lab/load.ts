import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Load on the balancer, for tests and measurements: see `load-client.mjs` for what counts as a failure. */

export interface LoadOptions {
  readonly port: number;
  /** Default: loopback. */
  readonly address?: string;
  readonly hostHeader: string;
  readonly path: string;
  /** Over connections that are kept open. */
  readonly ratePerSecond: number;
  /** Each with one request. */
  readonly newConnectionsPerSecond: number;
  /** Clients that keep a connection each and use it once in four seconds. */
  readonly idleConnections: number;
  readonly slow: { readonly path: string; readonly everyMs: number };
  /** Any other answer, or another status than 200, is a failure. */
  readonly allowedBodies: readonly string[];
}

/** What services of some size have, of an application that says which release it is. */
export const USUAL_LOAD = {
  path: '/',
  ratePerSecond: 500,
  newConnectionsPerSecond: 50,
  idleConnections: 20,
  slow: { path: '/slow?ms=1500', everyMs: 500 },
  allowedBodies: ['v1', 'v2'],
} as const;

export interface LoadFailure {
  /** Milliseconds from the start to when the request was sent. */
  readonly at: number;
  readonly kind: 'keep-alive' | 'fresh' | 'idle' | 'slow';
  readonly message: string;
}

export interface LoadReport {
  readonly seconds: number;
  readonly requests: number;
  /** Sockets that were opened. */
  readonly connections: number;
  readonly failureCount: number;
  /** The first of them. */
  readonly failures: readonly LoadFailure[];
  /** How many times each allowed body came. */
  readonly bodies: Readonly<Record<string, number>>;
  /** Milliseconds for an answer, those of slow requests left out. */
  readonly p50: number;
  readonly p99: number;
}

export interface Load extends AsyncDisposable {
  /** The report so far. */
  progress(): Promise<LoadReport>;
  /** Ends the load, waits for the last answers and gives the report. */
  stop(): Promise<LoadReport>;
}

/** Starts clients in a process of their own, so that what the test does slows none of them down. */
export function startLoad(options: LoadOptions): Load {
  const program = fileURLToPath(new URL('load-client.mjs', import.meta.url));
  const child = fork(program, [JSON.stringify(options)], { execArgv: [] });
  const ask = async (question: 'progress' | 'stop') => {
    child.send(question);
    const [answer] = (await once(child, 'message')) as [{ progress: LoadReport } | { report: LoadReport }];
    return 'report' in answer ? answer.report : answer.progress;
  };
  return {
    progress: () => ask('progress'),
    stop: () => ask('stop'),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
