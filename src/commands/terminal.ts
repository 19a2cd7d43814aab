import { createColors } from 'picocolors';
import type { Palette } from '../core/finding.ts';

/** Where a command prints: the result on stdout, everything else on stderr. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** stderr is a terminal that can redraw lines. */
  readonly isLive: boolean;
  /** Columns of stderr. */
  readonly columns: number;
  readonly palette: Palette;
}

/** Colours where `isColoured`; the caller has looked at NO_COLOR and at the terminal. */
export function paletteOf(isColoured: boolean): Palette {
  const { green, red, yellow, dim, bold } = createColors(isColoured);
  return { good: green, bad: red, warn: yellow, dim, bold };
}
