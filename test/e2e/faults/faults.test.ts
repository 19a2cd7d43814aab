import fc from 'fast-check';
import PQueue from 'p-queue';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeStack } from '../../lab/git-hosts.ts';
import { startRegistry } from '../../lab/registry.ts';
import { cases, isThorough, patience, some } from '../../support/cases.ts';
import { dockerAt, dockerHost } from '../../support/docker.ts';
import { FAULTS } from './faults.ts';
import { pickyBalancer } from './picky-balancer.ts';
import { play, type Outcome } from './play.ts';
import { Stage } from './stage.ts';

/**
 * An update comes while something is wrong. As long as it is, the status says what, clients get their answers, and the engine
 * is not asked for more than it takes; once it is over the update goes through by itself. Several are there at once, each on a stage of its own,
 * since they mostly wait.
 */

/** Those that may serve; one that never gets healthy is none of them. */
const RELEASES = ['v1', 'v2', 'stubborn'];
/** For each fault. */
const CALLS_IN_A_MINUTE = 20;
/** An engine has addresses for some thirty networks, and each of these clusters takes one. */
const PLAYS_AT_ONCE = 8;
const OPENINGS_AT_ONCE = 4;
const FEW = 6;
const MOST_PAIRS = 40;

/** Each two that can be told apart, in either order. */
const PAIRS = FAULTS.flatMap((one) => {
  return FAULTS.filter((other) => other.spoils !== one.spoils).map((other) => [one, other]);
});
const pairs = fc.sample(fc.constantFrom(...PAIRS), Math.min(cases(2).numRuns, MOST_PAIRS));
const singles = some(FAULTS, isThorough ? FAULTS.length : FEW);
const PLAYS = [...singles.map((fault) => [fault]), ...pairs].map((faults, number) => ({
  name: `${number + 1}. ${faults.map((each) => each.name).join(', and ')}`,
  faults,
}));

const stack = makeStack();
const outcomes = new Map<string, Promise<Outcome>>();

beforeAll(async () => {
  const registries = {
    open: stack.use(await startRegistry()),
    locked: stack.use(await startRegistry({ credentials: { username: 'somebody', password: 'else' } })),
  };
  const { image } = stack.use(await pickyBalancer(dockerAt(dockerHost())));
  const plays = new PQueue({ concurrency: PLAYS_AT_ONCE });
  const openings = new PQueue({ concurrency: OPENINGS_AT_ONCE });
  for (const { name, faults } of PLAYS) {
    const outcome = plays.add(async () => {
      await using stage = await openings.add(() => Stage.open(registries, image));
      return await play(stage, faults);
    });
    // Told by the test of this name.
    outcome.catch(() => undefined);
    outcomes.set(name, outcome);
  }
});
afterAll(() => stack.disposeAsync());

it.for(PLAYS)('goes on by itself after: $name', patience(300_000), async ({ name, faults }) => {
  const outcome = await outcomes.get(name);
  if (outcome === undefined) expect.fail('it was not played');
  const { reasons, calls, callsInMinute, bodies, recovery } = outcome;
  const said = reasons.join(', ') || 'no reason';
  console.log(`${name}: ${said}; ${callsInMinute} calls a minute; well after ${recovery} ms`);
  const expected = faults.flatMap(({ reason }) => reason ?? []);
  if (faults.length === 1) expect(reasons).toEqual(expected);
  else expect(expected).toEqual(expect.arrayContaining([...reasons]));
  expect(callsInMinute, calls.join('\n')).toBeLessThanOrEqual(CALLS_IN_A_MINUTE * faults.length);
  expect(RELEASES).toEqual(expect.arrayContaining([...bodies]));
});
