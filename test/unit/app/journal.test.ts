import { expect, it } from 'vitest';
import { Journal, type Event } from '../../../src/app/journal.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function journalOf(earlier: readonly Event[] = []) {
  const clock = new VirtualClock();
  const heard: Event[] = [];
  return { clock, heard, journal: new Journal(clock, (event) => heard.push(event), earlier) };
}

it('keeps events newest first, with their time', () => {
  const { clock, journal, heard } = journalOf();
  journal.record('started', 'web', 'started it');
  clock.advance(1500);
  journal.record('stopped', 'api', 'stopped it');
  expect(journal.list()).toEqual([
    { at: '2026-11-21T00:00:01.500Z', type: 'stopped', object: 'api', message: 'stopped it' },
    { at: '2026-11-21T00:00:00.000Z', type: 'started', object: 'web', message: 'started it' },
  ]);
  expect(heard).toEqual([...journal.list()].reverse());
});

it('keeps a repeated event once, with its last time and place, and tells it once', () => {
  const { clock, journal, heard } = journalOf();
  journal.record('failed', 'web', 'no');
  journal.record('started', 'api', 'yes');
  clock.advance(1000);
  journal.record('failed', 'web', 'no');
  expect(journal.list().map(({ at, object }) => `${object} ${at.slice(17, 19)}`)).toEqual(['web 01', 'api 00']);
  expect(heard).toHaveLength(2);
});

it.each([
  ['type', 'stopped', 'web', 'no'],
  ['object', 'failed', 'api', 'no'],
  ['message', 'failed', 'web', 'still no'],
])('takes an event with another %s for another one', (_, type, object, message) => {
  const { journal, heard } = journalOf();
  journal.record('failed', 'web', 'no');
  journal.record(type, object, message);
  expect(heard).toHaveLength(2);
  expect(journal.list()).toHaveLength(2);
});

it('takes an event for a new one after another one of its object', () => {
  const { journal } = journalOf();
  for (const message of ['up', 'down', 'up']) journal.record('seen', 'web', message);
  expect(journal.list().map((each) => each.message)).toEqual(['up', 'down', 'up']);
});

it('keeps the last fifty', () => {
  const { journal } = journalOf();
  for (let count = 0; count < 60; count++) journal.record('seen', 'web', `${count}`);
  expect(journal.list()).toHaveLength(50);
  expect(journal.list().at(-1)?.message).toBe('10');
});

it('goes on where an earlier process has ended, and tells again what that one has told', () => {
  const earlier = [{ at: '2026-11-20T00:00:00.000Z', type: 'failed', object: 'web', message: 'no' }];
  const { journal, heard } = journalOf(earlier);
  expect(journal.list()).toEqual(earlier);
  journal.record('failed', 'web', 'no');
  expect(journal.list()).toHaveLength(1);
  expect(heard).toHaveLength(1);
  journal.record('failed', 'web', 'no');
  expect(heard).toHaveLength(1);
});
