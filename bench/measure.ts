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

/** One line of the table; with what it is compared to, also the ratio. */
export function row(name: string, value: number, beside?: number, unit = 'ms'): void {
  const ratio =
    beside === undefined || beside === 0 ? '' : `  (${(value / beside).toFixed(3)} of ${beside.toFixed(1)})`;
  process.stdout.write(`${name.padEnd(64)} ${value.toFixed(1).padStart(9)} ${unit}${ratio}\n`);
}

/** A line of the table that is no figure. */
export function remark(text: string): void {
  process.stdout.write(`${text}\n`);
}
