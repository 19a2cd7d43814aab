import { pino, type Logger } from 'pino';
import type { Terminal } from './commands/terminal.ts';

/** The log on stderr: lines for a person at a terminal, JSON for everything else. */
export function openLog({ isLive, err, palette }: Terminal): Logger {
  if (!isLive)
    return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  const stream = {
    write: (line: string) => {
      const { time, object, msg } = JSON.parse(line) as { time: number; object?: string; msg: string };
      const at = new Date(time).toISOString().slice(11, 19);
      err(`${palette.dim(at)} ${object === undefined ? '' : `${palette.bold(object)}: `}${msg}\n`);
    },
  };
  return pino({ base: null }, stream);
}
