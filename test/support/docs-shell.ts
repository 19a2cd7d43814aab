import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

const SENTINEL = 'the-command-has-ended';

/** A shell that lives as long as a page, as its reader's does: with its folder, variables and background jobs. */
export class PageShell implements AsyncDisposable {
  private readonly child: ChildProcessWithoutNullStreams;
  private output = '';
  private onOutput = () => {};

  constructor(cwd: string, env: Readonly<Record<string, string | undefined>>) {
    this.child = spawn('bash', ['--noprofile', '--norc'], { cwd, env, stdio: 'pipe', detached: true });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.onOutput();
      });
    }
    this.child.stdin.write('exec 2>&1\n');
  }

  /** Everything that the command prints, on both streams. */
  async run(command: string, limit: number): Promise<string> {
    this.output = '';
    this.child.stdin.write(`{ ${command}\n} </dev/null\nprintf '%s\\n' '${SENTINEL}'\n`);
    await this.ended(command, limit);
    return this.output.slice(0, this.output.indexOf(SENTINEL));
  }

  private ended(command: string, limit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`"${command}" has not ended within ${limit / 1000} s. It printed:\n${this.output}`)),
        limit,
      );
      this.onOutput = () => {
        if (!this.output.includes(`${SENTINEL}\n`)) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the shell and what it left in the background, politely first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.stdin.end('kill $(jobs -p) 2>/dev/null; wait\n');
    const timer = setTimeout(() => this.killAll(), 15_000);
    await closed;
    clearTimeout(timer);
    this.killAll();
  }

  private killAll(): void {
    const { pid } = this.child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
