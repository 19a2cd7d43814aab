import { hasBegun } from '../core/jobs/run.ts';
import type { Instance } from '../core/observed.ts';
import type { Runtime } from '../core/ports.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { unknownName } from './unknown-name.ts';
import type { Terminal } from './terminal.ts';

export interface LogsOptions {
  readonly name: string;
  readonly runtime: Runtime;
  /** Lines from the end of each stream. */
  readonly tail: number;
  /** How many instances, the latest ones first; stopped ones count too. */
  readonly streams: number;
  readonly follow: boolean;
  readonly format: 'text' | 'json';
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** Prints the last lines of the latest instances of a service, or runs of a job. */
export async function logs(options: LogsOptions): Promise<ExitCode> {
  const { instances, runs } = await options.runtime.observe({ signal: options.signal });
  const all = [...instances, ...runs.filter(hasBegun)];
  const own = all.filter((each) => each.service === options.name);
  if (own.length === 0) {
    options.terminal.err(
      unknownName(
        options.name,
        all.map((each) => each.service),
      ),
    );
    return EXIT.error;
  }
  const chosen = own.sort((a, b) => latest(b) - latest(a)).slice(0, options.streams);
  if (options.follow) await followAll(chosen, options);
  else for (const each of chosen) await print(each, chosen.length > 1, options);
  return EXIT.done;
}

/** Side by side; where one of them fails, nobody waits for the others. */
async function followAll(instances: readonly Instance[], options: LogsOptions): Promise<void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  try {
    await Promise.all(instances.map((each) => print(each, instances.length > 1, { ...options, signal })));
  } finally {
    failing.abort();
  }
}

function latest(instance: Instance): number {
  return instance.startedAt ?? instance.createdAt;
}

async function print(instance: Instance, isNamed: boolean, options: LogsOptions): Promise<void> {
  const { runtime, tail, follow, format, signal, terminal } = options;
  const prefix = isNamed ? `${terminal.palette.dim(instance.name)} ` : '';
  for await (const line of runtime.logs(instance, { tail, follow, signal })) {
    const json = () => JSON.stringify({ instance: instance.name, ...line });
    terminal.out(`${format === 'json' ? json() : `${prefix}${line.at} ${line.text}`}\n`);
  }
}
