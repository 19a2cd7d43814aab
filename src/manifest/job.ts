import { Cron } from 'croner';
import type { Job, Schedule } from '../core/model.ts';
import { duration } from './duration.ts';
import type { Folder } from './folder.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import type { JobDocument } from './schema.generated.ts';
import { present } from './values.ts';
import { workload } from './workload.ts';

/** A validated document as a Job in its one normal form; what the schema cannot say is checked here. */
export function job(reading: Reading, fields: JobDocument, folder: Folder): Job {
  return present<Job>({
    kind: 'Job',
    ...workload(reading, fields, { ports: [], check: undefined, folder }),
    schedule: schedule(reading, fields),
    concurrency: fields.concurrency,
    timeout: fields.timeout === undefined ? undefined : duration(reading, ['timeout'], fields.timeout),
    retries: fields.retries,
    history: fields.history,
  });
}

function schedule(reading: Reading, { schedule: cron, timeZone }: JobDocument): Schedule | undefined {
  if (!isTimeZone(timeZone)) {
    const message = `\`${timeZone}\` is no time zone that this host knows; write its IANA name, such as Europe/Berlin.`;
    reading.complain(['timeZone'], message);
  } else if (cron !== undefined) checkCron(reading, ['schedule'], cron, timeZone);
  return cron === undefined ? undefined : { cron: cron.replaceAll(/ +/g, ' '), timeZone };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkCron(reading: Reading, path: Path, cron: string, timezone: string): void {
  try {
    const isEver = new Cron(cron, { timezone, mode: 'auto' }).nextRun() !== null;
    if (!isEver) reading.complain(path, `\`${cron}\` is a time that never comes.`);
  } catch (error) {
    const words = (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, '').replace(/\.$/, '');
    reading.complain(path, `\`${cron}\` is no schedule: ${words}.`);
  }
}
