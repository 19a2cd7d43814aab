import { randomUUID } from 'node:crypto';
import type { ContainerHost } from '../core/container-host.ts';
import { Dialogue } from './dialogue.ts';

const LIMIT = 30_000;

/** A shell in the container, kept open: a new exec costs 30 to 100 ms, a command here one. */
export class Shell {
  private readonly dialogue: Dialogue;
  private readonly mark = `fairlead-${randomUUID()}`;

  private constructor(dialogue: Dialogue) {
    this.dialogue = dialogue;
  }

  /** Commands start in `directory`, where it exists. */
  static async open(host: ContainerHost, container: string, directory: string): Promise<Shell> {
    const shell = new Shell(new Dialogue(await host.exec(container, ['sh'])));
    // HAProxy reads its files before it becomes somebody else.
    await shell.run(`umask 077; cd ${directory}`);
    return shell;
  }

  get closed(): boolean {
    return this.dialogue.closed;
  }

  /** Runs the script; the output holds both streams. */
  async run(script: string): Promise<{ code: number; output: string }> {
    const text = `{ ${script}\n} 2>&1 </dev/null; printf '\\n%s %s\\n' ${this.mark} $?\n`;
    const answer = await this.dialogue.ask({
      text,
      complete: (heard) => this.lastLine(heard) !== undefined,
      limit: LIMIT,
    });
    const at = this.lastLine(answer) ?? 0;
    return { code: Number(answer.slice(at).split(' ')[1]), output: answer.slice(0, at) };
  }

  /** Where the line with the exit code begins, once it is there. */
  private lastLine(heard: string): number | undefined {
    const at = heard.lastIndexOf(`\n${this.mark} `);
    return at < 0 || !heard.endsWith('\n') ? undefined : at;
  }

  /** Content of the file, or undefined where there is none. */
  async read(file: string): Promise<string | undefined> {
    const { code, output } = await this.run(`cat ${file}`);
    return code === 0 ? output : undefined;
  }

  /** Replaces the files, each as a whole and on the disk when this returns. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    // A shell takes no empty group of commands.
    if (Object.keys(files).length === 0) return;
    const { code, output } = await this.run(
      Object.entries(files)
        .map(([file, content]) => this.writing(file, content))
        .join('\n'),
    );
    if (code !== 0)
      throw new Error(`Could not write ${Object.keys(files).join(', ')} in the balancer's volume: ${output}`);
  }

  private writing(file: string, content: string): string {
    const here = `cat >${file}.new <<'${this.mark}' || exit 1\n${content.endsWith('\n') || content === '' ? content : `${content}\n`}${this.mark}`;
    return `${here}\nsync ${file}.new 2>/dev/null || sync; mv ${file}.new ${file} || exit 1`;
  }

  close(): void {
    this.dialogue.close();
  }
}
