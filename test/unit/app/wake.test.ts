import { expect, it } from 'vitest';
import { Wake } from '../../../src/app/wake.ts';

const LONG = 3_600_000;

it('ends a sleep that is called to an end, also before it began', async () => {
  const wake = new Wake();
  wake.call();
  await wake.sleep(LONG, new AbortController().signal);
  const slept = wake.sleep(LONG, new AbortController().signal);
  wake.call();
  await slept;
});

it('lets nobody end a sleep before its least time, and forgets no call', async () => {
  const wake = new Wake();
  let isOver = false;
  const slept = wake.sleep(LONG, new AbortController().signal, 50).then(() => (isOver = true));
  wake.call();
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  await slept;
});

it('ends at once where all ends', async () => {
  const end = new AbortController();
  const slept = new Wake().sleep(LONG, end.signal, LONG);
  end.abort();
  await slept;
});
