import { appendFile, mkdir, readFile, rm, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from './journal.ts';

/** What people did by hand, each as a line of JSON, until the reconciler tells of it. */
const FILE = 'asked.jsonl';

/** Keeps that somebody did something; the reconciler of the cluster puts it among its events, now or when it starts. */
export async function recordAsked(stateDir: string, event: Event): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await appendFile(join(stateDir, FILE), `${JSON.stringify(event)}\n`, { mode: 0o600 });
}

/** What has been done since the last call, oldest first. */
export async function takeAsked(stateDir: string): Promise<readonly Event[]> {
  const [file, taken] = [join(stateDir, FILE), join(stateDir, `${FILE}.taken`)];
  try {
    await rename(file, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = (await readFile(taken, 'utf8')).split('\n');
  await rm(taken);
  return lines.flatMap(eventOf);
}

/** A line that was cut off by a full disk tells nothing. */
function eventOf(line: string): Event[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Event];
  } catch {
    return [];
  }
}
