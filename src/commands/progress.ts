import type { ServiceStatus, StatusReport } from '../core/status/status.ts';
import type { Terminal } from './terminal.ts';

const BAR = 40;

/** Live progress of all services on a terminal, redrawn in place; elsewhere the events say the same as lines. */
export class Progress {
  private readonly terminal: Terminal;
  private drawn = 0;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  show({ services }: StatusReport): void {
    if (!this.terminal.isLive) return;
    const running = services.reduce((sum, each) => sum + Math.min(each.running, each.desired), 0);
    const desired = services.reduce((sum, each) => sum + each.desired, 0);
    this.redraw([
      `overall progress: ${running} out of ${desired} instances`,
      ...services.map((each) => this.line(each)),
    ]);
  }

  end(): void {
    this.drawn = 0;
  }

  private line({ name, state, running, desired, rollout }: ServiceStatus): string {
    const part = desired === 0 ? 1 : Math.min(1, running / desired);
    const bar = '='.repeat(Math.round(part * BAR)).padEnd(BAR);
    const step = rollout === undefined ? '' : ` ${rollout.step} ${rollout.ready}/${rollout.total} of ${rollout.to}`;
    return `${name.padEnd(16)} ${running}/${desired} [${bar}] ${state}${step}`.slice(0, this.terminal.columns - 1);
  }

  /** Goes back to the first line of the last drawing and clears what follows. */
  private redraw(lines: readonly string[]): void {
    const back = this.drawn === 0 ? '' : `\u001b[${this.drawn}A\u001b[J`;
    this.terminal.err(`${back}${lines.join('\n')}\n`);
    this.drawn = lines.length;
  }
}
