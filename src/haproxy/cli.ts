import type { ContainerHost } from '../core/container-host.ts';
import { ReasonError } from '../core/reason.ts';
import type { Control } from './settings.ts';
import { ConversationLost, Dialogue } from './dialogue.ts';
import { readWorkers, type Worker } from './live.ts';

const LIMIT = 2000;
const RELOAD_LIMIT = 20_000;
const PROMPT = /(?:^|\n)master(?:\[ReloadFailed\])?> /;
const PROMPT_AT_END = new RegExp(`${PROMPT.source}$`);
/** One for each line of a payload. */
const PAYLOAD_PROMPTS = /^(?:\+ )+/;
/** Longer than any prompt: only the end of an answer is looked at while it comes in. */
const PROMPT_LENGTH = 32;
/** Commands on their way at once: a round trip through the engine costs as much as a hundred commands. */
const BATCH = 50;

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
    await cli.ask([`PROXY TCP6 ${control.secret} ::1 1 1\r\nprompt`]);
    return cli;
  }

  get closed(): boolean {
    return this.dialogue.closed;
  }

  /** A command for the master itself. */
  async master(command: string): Promise<string> {
    return (await this.ask([command]))[0] ?? '';
  }

  /** A command for one worker; a payload (`<<` and lines) ends with an empty line. */
  async worker(pid: number, command: string): Promise<string> {
    return (await this.workerEach(pid, [command]))[0] ?? '';
  }

  /** Commands for one worker, with an answer each. */
  async workerEach(pid: number, commands: readonly string[]): Promise<readonly string[]> {
    const answers: string[] = [];
    for (let at = 0; at < commands.length; at += BATCH)
      answers.push(...(await this.ask(commands.slice(at, at + BATCH).map((command) => `@!${pid} ${command}`))));
    const gone = answers.find((answer) => answer.startsWith("Can't find the target"));
    if (gone !== undefined) throw new ConversationLost(`Worker ${pid} of the balancer has gone.`, gone);
    return answers;
  }

  private async ask(commands: readonly string[]): Promise<readonly string[]> {
    const text = commands.map((command) => `${command}\n`).join('');
    const answers = (heard: string) => heard.split(PROMPT).slice(0, -1);
    const complete = (heard: string) =>
      PROMPT_AT_END.test(heard.slice(-PROMPT_LENGTH)) &&
      (commands.length === 1 || answers(heard).length === commands.length);
    const heard = await this.dialogue.ask({ text, complete, limit: LIMIT });
    return answers(heard).map((answer) => answer.replace(PAYLOAD_PROMPTS, '').replace(/\n$/, ''));
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
      return await this.dialogue.ask({ text: 'reload\n', complete: () => false, limit: RELOAD_LIMIT });
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
