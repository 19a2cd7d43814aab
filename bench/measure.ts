/** Milliseconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** Milliseconds of each of so many runs. */
export async function repeated(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < count; run++) times.push(await timed(work));
  return times;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

interface Terms {
  /** What it is compared to: the line shows the ratio, too. */
  readonly beside?: number;
  readonly unit?: string;
  /** What it is not to exceed. */
  readonly bar?: number;
  /** What its ratio is not to exceed. */
  readonly ratioBar?: number;
}

/** One line of the table. */
export function row(name: string, value: number, { beside, unit = 'ms', bar, ratioBar }: Terms = {}): void {
  const ratio = beside === undefined || beside === 0 ? undefined : value / beside;
  const parts = [
    `${name.padEnd(72)} ${value.toFixed(1).padStart(9)} ${unit.padEnd(2)}`,
    ...(ratio === undefined ? [] : [`(${ratio.toFixed(3)} of ${(beside ?? 0).toFixed(1)})`]),
    ...(bar === undefined ? [] : [verdict(value, bar, ` ${unit}`)]),
    ...(ratio === undefined || ratioBar === undefined ? [] : [verdict(ratio, ratioBar, ' of that')]),
  ];
  process.stdout.write(`${parts.join('  ').trimEnd()}\n`);
}

function verdict(value: number, bar: number, unit: string): string {
  return `${value <= bar ? 'within' : 'ABOVE'} ${bar}${unit.trimEnd()}`;
}

/** A line of the table that is no figure. */
export function remark(text: string): void {
  process.stdout.write(`${text}\n`);
}
