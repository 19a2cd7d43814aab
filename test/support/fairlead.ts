import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built program, as a user's shell would start it. */
export const BIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command runs. */
export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end; a code other than 0 is an answer, not an error. */
export async function fairlead(args: readonly string[], place: Place): Promise<Ended> {
  const child = start(args, place);
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output() };
}

/** A `fairlead run` that goes on until it is told to stop. */
export class RunningFairlead {
  readonly child: ChildProcess;
  private readonly output: () => { stdout: string; stderr: string };
  private readonly ended: Promise<[number | null]>;

  constructor(args: readonly string[], place: Place) {
    this.child = start(args, place);
    this.output = collect(this.child);
    this.ended = once(this.child, 'close') as Promise<[number | null]>;
  }

  get log(): string {
    return this.output().stderr;
  }

  /** Its events from a place in the log on: `web: fell demo-web-3f9c1a2-1 fell: exited with code 1`. */
  events(from: number): string[] {
    const lines = this.log.slice(from).split('\n').slice(0, -1);
    const logged = lines.map((line) => JSON.parse(line) as { type?: string; object?: string; msg: string });
    return logged.flatMap(({ type, object, msg }) => (type === undefined ? [] : `${object ?? ''}: ${type} ${msg}`));
  }

  /** Its stdout so far. */
  get printed(): string {
    return this.output().stdout;
  }

  /** Ends it; the code is null where the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    const [code] = await this.ended;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** Without colours, whatever the runner of the tests asks for, but where the test asks. */
function start(args: readonly string[], { cwd, env }: Place): ChildProcess {
  const { FORCE_COLOR: _, ...others } = process.env;
  return spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...others, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return () => ({ stdout, stderr });
}
