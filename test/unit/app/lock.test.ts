import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockStateDir } from '../../../src/app/lock.ts';
import { Pulse } from '../../../src/app/pulse.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-lock-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

it('lets one process at a time have the state directory', async () => {
  const lock = await lockStateDir(directory);
  await expect(lockStateDir(directory)).rejects.toThrow(`Another fairlead works with the state directory ${directory}`);
  await lock[Symbol.asyncDispose]();
  await using _next = await lockStateDir(directory);
});

it('takes over from a process that was killed', async () => {
  const program = `require('net').createServer().listen(process.argv[1], () => console.log('holds'))`;
  const holder = spawn(process.execPath, ['-e', program, join(directory, 'lock')]);
  await once(holder.stdout, 'data');
  await expect(lockStateDir(directory)).rejects.toThrow('Another fairlead');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await using _next = await lockStateDir(directory);
});

it('tells who asks whether passes succeed', async () => {
  const clock = new VirtualClock();
  const pulse = new Pulse(clock, 1000);
  await using _lock = await lockStateDir(directory, () => pulse.isWell());
  const ask = () => text(connect(join(directory, 'lock')));
  expect(await ask()).toBe('ok\n');
  clock.advance(1000);
  expect(await ask()).toBe('stuck\n');
  pulse.beat();
  expect(await ask()).toBe('ok\n');
});
