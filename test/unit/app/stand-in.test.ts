import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockStateDir } from '../../../src/app/lock.ts';
import { StandIn } from '../../../src/app/stand-in.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let directory: string;
let clock: VirtualClock;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-stand-in-'));
  clock = new VirtualClock();
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

it('has a state directory at once that nobody works with, and gives it back', async () => {
  const standIn = await StandIn.open(directory, clock);
  expect(await standIn.isIn()).toBe(true);
  await expect(lockStateDir(directory)).rejects.toThrow('Another fairlead works with the state directory');
  await standIn[Symbol.asyncDispose]();
  await using _next = await lockStateDir(directory);
});

it('comes for one that has gone, and not for one that is only started anew', async () => {
  const first = await lockStateDir(directory);
  await using standIn = await StandIn.open(directory, clock);
  expect(await standIn.isIn()).toBe(false);
  await first[Symbol.asyncDispose]();
  expect(await standIn.isIn()).toBe(false);
  clock.advance(4_900);
  const second = await lockStateDir(directory);
  expect(await standIn.isIn()).toBe(false);
  await second[Symbol.asyncDispose]();
  clock.advance(4_900);
  expect(await standIn.isIn()).toBe(false);
  clock.advance(5_000);
  expect(await standIn.isIn()).toBe(true);
});
