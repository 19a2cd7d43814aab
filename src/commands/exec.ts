import { bySlot, type Instance } from '../core/observed.ts';
import type { Hands, Runtime, Session } from '../core/ports.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './terminal.ts';
import { unknownName } from './unknown-name.ts';

export interface ExecOptions {
  readonly name: string;
  /** Counts from 1; undefined: the first one that runs. */
  readonly instance: number | undefined;
  readonly runtime: Runtime;
  readonly hands: Hands;
  readonly command: readonly string[];
  /** Opened when it begins: from then on every key is the process's. */
  readonly console: () => Omit<Session, 'command' | 'signal'> & AsyncDisposable;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Told before it begins. */
  readonly record: (message: string) => Promise<void>;
}

/** Runs a command in an instance of a service; its own exit code, or 1 where there is none to run it in. */
export async function exec(options: ExecOptions): Promise<number> {
  const { name, runtime, hands, command, signal, terminal, record } = options;
  const { instances } = await runtime.observe({ signal });
  const own = instances.filter((each) => each.service === name);
  const running = own.filter(({ state }) => state === 'running').sort(bySlot);
  const chosen = running.find(({ slot }) => options.instance === undefined || slot === options.instance);
  if (chosen === undefined) {
    const known = instances.map(({ service }) => service);
    terminal.err(own.length === 0 ? unknownName(name, known) : notRunning(name, options.instance, running));
    return EXIT.error;
  }
  // Not its arguments: they may be secret, and events are published.
  await record(`ran ${command[0] ?? ''} in ${chosen.name}`);
  await using console = options.console();
  return await hands.exec(chosen.id, { ...console, command, signal });
}

function notRunning(name: string, instance: number | undefined, running: readonly Instance[]): string {
  if (instance === undefined || running.length === 0) return `No instance of ${name} runs now.\n`;
  const slots = [...new Set(running.map(({ slot }) => slot))].join(', ');
  return `Instance ${instance} of ${name} does not run now. Those that do: ${slots}.\n`;
}
