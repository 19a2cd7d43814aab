import { pino, type Logger } from 'pino';
import type { Event } from '../app/journal.ts';
import type { Terminal } from '../commands/terminal.ts';

/** Types of events that somebody may want to be woken by. */
const TROUBLE: readonly string[] = ['failed', 'refused', 'rolled-back', 'fell'];

/** One line of pino's, as far as people see it. */
interface Line {
  readonly level: number;
  /** Milliseconds. */
  readonly time: number;
  readonly object?: string;
  readonly msg: string;
}

/** Pino's number for warnings. */
const WARN = 40;

/** The log on stderr: lines for a person at a terminal, JSON for everything else. */
export function openLog({ isLive, err, palette }: Terminal): Logger {
  if (!isLive)
    return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  const stream = {
    write: (line: string) => {
      const { level, time, object, msg } = JSON.parse(line) as Line;
      const at = new Date(time).toISOString().slice(11, 19);
      const text = level >= WARN ? palette.warn(msg) : msg;
      err(`${palette.dim(at)} ${object === undefined ? '' : `${palette.bold(object)}: `}${text}\n`);
    },
  };
  return pino({ base: null }, stream);
}

export function logEvent(log: Logger, { type, object, message }: Event): void {
  log[TROUBLE.includes(type) ? 'warn' : 'info']({ type, object }, message);
}
