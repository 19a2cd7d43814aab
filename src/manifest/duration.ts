import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import { MAX_DURATION, milliseconds } from './values.ts';

/** Milliseconds; more than a timer can hold is a problem. */
export function duration(reading: Reading, path: Path, value: string | number): number {
  const time = milliseconds(value);
  if (time > MAX_DURATION) reading.complain(path, `\`${path.join('.')}\` can be at most 24 days.`);
  return time;
}
