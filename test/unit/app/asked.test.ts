import { appendFile, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordAsked, tellAsked } from '../../../src/app/asked.ts';
import { Journal } from '../../../src/app/journal.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let stateDir: string;
let journal: Journal;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'fairlead-asked-'));
  journal = new Journal(new VirtualClock(), () => undefined);
});
afterEach(() => rm(stateDir, { recursive: true }));

const FILE = 'asked.jsonl';
const event = (message: string, at = '2026-01-02T03:04:05.000Z') => ({ at, type: 'by-hand', object: 'web', message });
const told = async () => {
  await tellAsked(stateDir, journal);
  return journal.list();
};

it('is told once, with the time at which it was done', async () => {
  await recordAsked(stateDir, event('one'));
  await recordAsked(stateDir, event('two'));
  expect(await told()).toEqual([event('two'), event('one')]);
  expect(await told()).toHaveLength(2);
  expect(await readdir(stateDir)).toEqual([]);
});

it('is told by the next process where one took it and did not live to tell', async () => {
  await recordAsked(stateDir, event('one'));
  await rename(join(stateDir, FILE), join(stateDir, `${FILE}.taken`));
  expect(await told()).toEqual([event('one')]);
});

it('is told as far as there is room for it where nobody takes it for long', async () => {
  const old = `${JSON.stringify(event('x'.repeat(900)))}\n`;
  await appendFile(join(stateDir, FILE), old.repeat(1_100));
  await recordAsked(stateDir, event('new'));
  expect((await stat(join(stateDir, FILE))).size).toBeLessThan(600_000);
  expect((await told())[0]).toEqual(event('new'));
});

it('is told as far as it was written', async () => {
  await recordAsked(stateDir, event('one'));
  await appendFile(join(stateDir, FILE), '{"at":"2026-');
  expect(await told()).toEqual([event('one')]);
});
