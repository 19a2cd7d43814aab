import type { ContainerHost } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import type { Control } from './config.ts';
import { ConversationLost, Dialogue } from './dialogue.ts';
import { readWorkers, type Worker } from './live.ts';

const LIMIT = 2000;
const RELOAD_LIMIT = 20_000;
const PROMPT = /(?:^|\n)master(?:\[ReloadFailed\])?> $/;

/** bash's way to a port, for images without nc; it ends when either side does, so that a closed connection is noticed. */
const DIAL = 'exec 3<>"/dev/tcp/$0/$1" 4<&0 || exit 1; cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -p) 2>/dev/null';

/** The command line of HAProxy's master process, kept open. */
export class Cli {
  private readonly dialogue: Dialogue;

  private constructor(dialogue: Dialogue) {
    this.dialogue = dialogue;
  }

  static async open(host: ContainerHost, container: string, control: Control, hasNc: boolean): Promise<Cli> {
    const to = [control.address, String(control.port)];
    const cli = new Cli(new Dialogue(await host.exec(container, hasNc ? ['nc', ...to] : ['bash', '-c', DIAL, ...to])));
    await cli.dialogue.ask({ text: `PROXY TCP6 ${control.secret} ::1 1 1\r\nprompt\n`, end: PROMPT, limit: LIMIT });
    return cli;
  }

  get closed(): boolean {
    return this.dialogue.closed;
  }

  /** A command for the master itself. */
  async master(command: string): Promise<string> {
    return (await this.dialogue.ask({ text: `${command}\n`, end: PROMPT, limit: LIMIT })).replace(/\n$/, '');
  }

  /** A command for one worker; a payload (`<<` and lines) ends with an empty line. */
  async worker(pid: number, command: string): Promise<string> {
    const answer = await this.master(`@!${pid} ${command}`);
    if (answer.startsWith("Can't find the target"))
      throw new ConversationLost(`Worker ${pid} of the balancer has gone.`, answer);
    return answer;
  }

  /** Newest first. */
  async workers(): Promise<readonly [Worker, ...(readonly Worker[])]> {
    const [newest, ...others] = readWorkers(await this.master('show proc'));
    if (newest === undefined)
      throw new ReasonError(
        'balancer-unreachable',
        "HAProxy's master has no worker; see the logs of the balancer's container.",
      );
    return [newest, ...others];
  }

  /** Everything that HAProxy says about a reload; it ends this connection, whether it succeeds or not. */
  async reload(): Promise<string> {
    try {
      return await this.dialogue.ask({ text: 'reload\n', end: /(?!)/, limit: RELOAD_LIMIT });
    } catch (error) {
      if (error instanceof ConversationLost) return error.heard;
      throw error;
    } finally {
      this.close();
    }
  }

  close(): void {
    this.dialogue.close();
  }
}
