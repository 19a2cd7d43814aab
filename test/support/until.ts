import { setTimeout as delay } from 'node:timers/promises';

const EVERY = 50;

/** Asks until the answer is not undefined or false; fails with what is missing, and what was seen last. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined | false> | Answer | undefined | false,
  { within = 30_000, every = EVERY, seen = () => '' }: { within?: number; every?: number; seen?: () => string } = {},
): Promise<Answer> {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Not within ${within / 1000} s: ${what}\n${seen()}`);
    await delay(every);
  }
}
