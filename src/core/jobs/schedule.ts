import { Cron } from 'croner';
import type { Schedule } from '../model.ts';

interface Known {
  readonly cron: Cron;
  readonly since: number;
  readonly next: number | undefined;
}

/** A pass asks for the same as the one before. */
const known = new Map<string, Known>();

/** When the schedule is due next after that time; undefined: never again. Both are what a clock says. */
export function nextAfter(schedule: Schedule, since: number): number | undefined {
  const text = scheduleText(schedule);
  const before = known.get(text);
  if (before?.since === since) return before.next;
  const cron = before?.cron ?? new Cron(schedule.cron, { timezone: schedule.timeZone });
  const next = cron.nextRun(new Date(since))?.getTime();
  known.set(text, { cron, since, next });
  return next;
}

/** `0 3 * * * Europe/Berlin` */
export function scheduleText({ cron, timeZone }: Schedule): string {
  return `${cron} ${timeZone}`;
}
