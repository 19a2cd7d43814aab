import { expect, it } from 'vitest';
import { paletteOf, type Terminal } from '../../../src/commands/terminal.ts';
import { logEvent, openLog } from '../../../src/cli/log.ts';

it('shows at a terminal what somebody may want to be woken by', () => {
  const lines: string[] = [];
  const say = (text: string) => lines.push(text.replace(/\d\d:\d\d:\d\d/, 'TIME'));
  const terminal: Terminal = { out: say, err: say, isLive: true, columns: 80, palette: paletteOf(true) };
  const log = openLog(terminal);
  const event = { at: '', object: 'web' };
  logEvent(log, { ...event, type: 'started', message: 'started web' });
  const troubles = ['failed', 'refused', 'rolled-back', 'fell'];
  for (const type of troubles) logEvent(log, { ...event, type, message: `web ${type}` });
  const { dim, bold, warn } = terminal.palette;
  expect(lines).toEqual([
    `${dim('TIME')} ${bold('web')}: started web\n`,
    ...troubles.map((type) => `${dim('TIME')} ${bold('web')}: ${warn(`web ${type}`)}\n`),
  ]);
});
