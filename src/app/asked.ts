import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event, Journal } from './journal.ts';
import { problemOf } from './problems.ts';
import { appendToStateFile, replaceStateFile } from './state-file.ts';

/** What people did by hand, each as a line of JSON, until the reconciler tells of it. */
const FILE = 'asked.jsonl';

/** Bytes that wait for a reconciler; where none comes the oldest half goes. */
const MOST = 1_000_000;

/** Keeps that somebody did something; the reconciler of the cluster puts it among its events, now or when it starts. */
export async function recordAsked(stateDir: string, event: Event): Promise<void> {
  await appendToStateFile(stateDir, FILE, `${JSON.stringify(event)}\n`);
  const file = join(stateDir, FILE);
  // Gone: it has just been taken.
  const { size } = await stat(file).catch((error: unknown) => isMissing(error, { size: 0 }));
  if (size > MOST) await replaceStateFile(stateDir, FILE, latestHalf(await textOf(file)));
}

function latestHalf(text: string): string {
  const lines = text.split('\n');
  return lines.slice(Math.floor(lines.length / 2)).join('\n');
}

/** Puts what has been done since the last call among the events; what cannot be read is told, and holds nothing up. */
export async function tellAsked(stateDir: string, journal: Journal): Promise<void> {
  try {
    for (const { type, object, message, at } of await takeAsked(stateDir)) journal.record(type, object, message, at);
  } catch (error) {
    const { message } = problemOf(error, 'start-failed');
    journal.record('failed', 'cluster', `What was done by hand cannot be told: ${message}`);
  }
}

/** What has been done since the last call, oldest first; also what a process took that did not live to tell it. */
async function takeAsked(stateDir: string): Promise<readonly Event[]> {
  const [file, taken] = [join(stateDir, FILE), join(stateDir, `${FILE}.taken`)];
  // What cannot be read would hold up all that comes after it.
  const before = await textOf(taken).catch(async (error: unknown) => {
    await rm(taken, { force: true });
    throw error;
  });
  const isNew = await rename(file, taken).then(
    () => true,
    (error: unknown) => isMissing(error, false),
  );
  if (before === '' && !isNew) return [];
  const text = isNew ? `${before}${await textOf(taken)}` : before;
  await rm(taken, { force: true });
  return text.split('\n').flatMap(eventOf);
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => isMissing(error, ''));
}

function isMissing<Instead>(error: unknown, instead: Instead): Instead {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead;
  throw error;
}

/** A line that was cut off by a full disk tells nothing. */
function eventOf(line: string): Event[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Event];
  } catch {
    return [];
  }
}
