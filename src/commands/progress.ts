import type { ServiceStatus, StatusReport } from '../core/status/status.ts';
import type { Terminal } from './terminal.ts';

const BAR = 20;

/** Live progress of all services on a terminal, redrawn in place; elsewhere the events say the same as lines. */
export class Progress {
  private readonly terminal: Terminal;
  private drawn = 0;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  show({ services }: StatusReport): void {
    if (!this.terminal.isLive) return;
    const ready = services.reduce((sum, each) => sum + wayOf(each).ready, 0);
    const total = services.reduce((sum, each) => sum + wayOf(each).total, 0);
    this.redraw([`overall progress: ${ready} out of ${total} instances`, ...services.map((each) => this.line(each))]);
  }

  private line(service: ServiceStatus): string {
    const { name, state, rollout } = service;
    const { ready, total } = wayOf(service);
    const bar = '='.repeat(total === 0 ? BAR : Math.round((ready / total) * BAR)).padEnd(BAR);
    const step = rollout === undefined ? '' : `, ${rollout.step} ${rollout.to}`;
    return `${name.padEnd(16)} ${ready}/${total} [${bar}] ${state}${step}`.slice(0, this.terminal.columns - 1);
  }

  /** Goes back to the first line of the last drawing and clears what follows. */
  private redraw(lines: readonly string[]): void {
    const back = this.drawn === 0 ? '' : `\u001b[${this.drawn}A\u001b[J`;
    this.terminal.err(`${back}${lines.join('\n')}\n`);
    this.drawn = lines.length;
  }
}

/** In a rollout what counts is the new release; the old one serves meanwhile. */
function wayOf({ running, desired, rollout }: ServiceStatus): { ready: number; total: number } {
  return rollout ?? { ready: Math.min(running, desired), total: desired };
}
