/** Seven hex digits or more, of both kinds: a release, a commit, a container. */
const ID = /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/g;
const SPECIAL = /[.*+?^${}()|[\]\\]/g;

/**
 * Compares what a page shows with what a command printed. In the page `…` stands for anything within a line, and for any
 * number of lines where it is the whole line; an id stands for the one that the run has in its place, everywhere the same.
 */
export class PageIds {
  private readonly actual = new Map<string, string>();

  /** Whether the output is the expected one; only then are its ids taken up. */
  match(expected: string, output: string): boolean {
    const found: string[] = [];
    const pattern = expected
      .trim()
      .split('\n')
      .map((line) => this.linePattern(line, found))
      .join('');
    const groups = new RegExp(`^${pattern}$`).exec(`${output.trim()}\n`)?.slice(1);
    if (groups === undefined || !this.areNew(groups)) return false;
    for (const [index, id] of found.entries()) this.actual.set(id, groups[index] ?? '');
    return true;
  }

  /** The command as the run has to give it. */
  inCommand(command: string): string {
    return command.replaceAll(ID, (id) => this.actual.get(id) ?? id);
  }

  private linePattern(line: string, found: string[]): string {
    if (line.trim() === '…') return String.raw`(?:.*\n)*?`;
    const parts = line
      .trimEnd()
      .split('…')
      .map((part) => {
        const text = part.replaceAll(SPECIAL, String.raw`\$&`);
        return text.replaceAll(ID, (id) => this.idPattern(id, found));
      });
    return String.raw`${parts.join('.*?')}[ \t]*\n`;
  }

  private idPattern(id: string, found: string[]): string {
    const known = this.actual.get(id);
    if (known !== undefined) return known;
    const group = found.indexOf(id);
    if (group >= 0) return `\\${group + 1}`;
    found.push(id);
    return `([0-9a-f]{${id.length}})`;
  }

  /** Two ids of the page are two of the run. */
  private areNew(ids: readonly string[]): boolean {
    const taken = [...this.actual.values(), ...ids];
    return new Set(taken).size === taken.length;
  }
}
