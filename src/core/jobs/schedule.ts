import { Cron } from 'croner';
import type { Schedule } from '../model.ts';

/** By schedule. */
const crons = new Map<string, Cron>();
/** By schedule and time: a pass asks for the same as the one before. */
const known = new Map<string, number | undefined>();
const MOST = 10_000;

/** When the schedule is due next after that time; undefined: never again. Both are what a clock says. */
export function nextAfter(schedule: Schedule, since: number): number | undefined {
  const text = scheduleText(schedule);
  const question = `${text} ${since}`;
  if (known.has(question)) return known.get(question);
  const cron = crons.get(text) ?? new Cron(schedule.cron, { timezone: schedule.timeZone });
  const next = cron.nextRun(new Date(since))?.getTime();
  for (const memory of [crons, known]) if (memory.size >= MOST) memory.clear();
  crons.set(text, cron);
  known.set(question, next);
  return next;
}

/** `0 3 * * * Europe/Berlin` */
export function scheduleText({ cron, timeZone }: Schedule): string {
  return `${cron} ${timeZone}`;
}
