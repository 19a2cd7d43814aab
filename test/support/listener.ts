import { paletteOf, type Terminal } from '../../src/commands/terminal.ts';

/** A terminal without colours, and all that has been said on it, whether as a result or not. */
export function listener(): { readonly terminal: Terminal; readonly said: () => string } {
  let all = '';
  const say = (text: string) => void (all += text);
  return { terminal: { out: say, err: say, isLive: false, columns: 80, palette: paletteOf(false) }, said: () => all };
}
