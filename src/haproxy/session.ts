import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerHost } from '../core/container-host.ts';
import { ReasonError } from '../core/reason.ts';
import { Cli } from './cli.ts';
import { FILES, type Control } from './settings.ts';
import type { LiveEntry } from './certificates.ts';
import { readControl } from './container.ts';
import { ConversationLost } from './dialogue.ts';
import type { Stats } from './live.ts';
import { parseRecord, Seal, type Recorded } from './record.ts';
import type { RouteMap } from './routes.ts';
import { Shell } from './shell.ts';

const START_LIMIT = 15_000;
/** Milliseconds between two tries, growing from the first to the last: each costs the engine two calls. */
const POLL = { first: 50, last: 400 };
/** Milliseconds for which one that has not answered in time is left alone. */
const SILENCE = 10_000;
/** Lines. */
const LAST_WORDS = 10;
/** Lines of the log, which the engine counts before it leaves out those of requests. */
const REQUESTS_SINCE = 20_000;

/** The two open processes in one container, and what was read when they were opened. */
export class Session {
  readonly container: string;
  readonly control: Control;
  readonly shell: Shell;
  readonly seal: Seal;
  recorded: Recorded | undefined;
  /** As the newest worker told them; forgotten at each change. */
  routes: RouteMap | undefined;
  /** Its list of certificates, in the same way. */
  certificates: readonly LiveEntry[] | undefined;
  /** What HAProxy says of certificates that were put before it, by id; empty: nothing against it. */
  readonly tried = new Map<string, string>();
  /** As last read. */
  stats: Stats | undefined;
  private opened: Cli | undefined;
  /** Set when it has not answered for as long as it may take to start. */
  private silence: { readonly error: ReasonError; readonly until: number } | undefined;
  private readonly host: ContainerHost;
  private readonly hasNc: boolean;

  private constructor(host: ContainerHost, container: string, shell: Shell, control: Control, hasNc: boolean) {
    this.host = host;
    this.container = container;
    this.shell = shell;
    this.seal = new Seal(shell);
    this.control = control;
    this.hasNc = hasNc;
  }

  /** Undefined where nobody has chosen yet how to be let in: the container is new. */
  static async open(host: ContainerHost, container: string, directory: string): Promise<Session | undefined> {
    const shell = await Shell.open(host, container, directory);
    const control = await shell.read(`./${FILES.control}`);
    if (control === undefined) {
      shell.close();
      return undefined;
    }
    const { code } = await shell.run('command -v nc');
    const session = new Session(host, container, shell, readControl(control), code === 0);
    session.recorded = parseRecord(await shell.read(FILES.record));
    return session;
  }

  get closed(): boolean {
    return this.shell.closed || (this.opened?.closed ?? false);
  }

  /** The command line, opened where it is not; waits `limit` milliseconds for HAProxy to start, but once only. */
  async cli(limit = START_LIMIT): Promise<Cli> {
    if (this.opened !== undefined && !this.opened.closed) return this.opened;
    if (this.silence !== undefined && performance.now() < this.silence.until) throw this.silence.error;
    const end = performance.now() + (this.silence === undefined ? limit : 0);
    for (let poll = POLL.first; ; poll = Math.min(poll * 2, POLL.last)) {
      try {
        this.opened = await Cli.open(this.host, this.container, this.control, this.hasNc);
        this.silence = undefined;
        return this.opened;
      } catch (error) {
        // The container has stopped or is gone: it is no use to wait, but there may be another one.
        if (this.shell.closed)
          throw new ConversationLost(`HAProxy has stopped: ${await this.lastWords()}`, '', { cause: error });
        if (performance.now() > end) throw await this.silent(error, limit);
        await delay(poll);
      }
    }
  }

  /** Why it cannot be talked to; once it has had its time to start, that is the answer for a while after each try. */
  private async silent(cause: unknown, limit: number): Promise<ReasonError> {
    const known = this.silence?.error;
    const error = known ?? unanswered((await this.lastWords()).trim(), cause);
    if (known !== undefined || limit === START_LIMIT) this.silence = { error, until: performance.now() + SILENCE };
    return error;
  }

  /** The end of what HAProxy says of itself. */
  async lastWords(): Promise<string> {
    const words: string[] = [];
    try {
      const log = this.host.logs(this.container, { stream: 'stderr', tail: REQUESTS_SINCE, follow: false });
      for await (const { text } of log) words.push(text);
    } catch {
      // It says nothing any more.
    }
    return words.slice(-LAST_WORDS).join('\n');
  }

  close(): void {
    this.shell.close();
    this.opened?.close();
  }
}

function unanswered(words: string, cause: unknown): ReasonError {
  const message = `HAProxy does not answer on its command line. Its last words: ${words}`;
  return new ReasonError('balancer-unreachable', message, { cause });
}
