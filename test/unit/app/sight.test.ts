import { beforeEach, expect, it } from 'vitest';
import { Sight } from '../../../src/app/sight.ts';
import type { ObservedBalancer } from '../../../src/core/observed.ts';
import { NO_MEMORY } from '../../../src/core/rollout/memory.ts';
import { MemoryBalancer } from '../../support/memory-balancer.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { settled } from '../../support/world.ts';

/** Answers of the balancer, and ends of waits, that have not come yet. */
let answers: ((observed: ObservedBalancer) => void)[];
let waits: (() => void)[];
let sight: Sight;
beforeEach(() => {
  const engine = new MemoryEngine();
  const balancer = new MemoryBalancer(engine);
  [answers, waits] = [[], []];
  balancer.observe = () => new Promise((answer) => answers.push(answer));
  sight = new Sight({
    runtime: new MemoryRuntime(engine),
    balancer,
    clock: engine.clock,
    ledger: new MemoryLedger(),
    sleep: () => new Promise((end) => waits.push(end)),
  });
});

const WELL: ObservedBalancer = { state: 'running', checks: {}, members: {}, oldWorkers: 0 };

/** What is seen of the balancer in the end; undefined: it is still waited for. */
async function seen(act: () => void): Promise<string | undefined> {
  let state: string | undefined;
  const looking = sight.see(NO_MEMORY, 'usual', [], new AbortController().signal);
  void looking.then((each) => (state = each.state.balancer.state));
  await settled();
  act();
  await settled();
  return state;
}

it('waits for a balancer that takes its time, as long as there are no news', async () => {
  expect(await seen(() => waits[0]?.())).toBeUndefined();
});

it('waits for it no longer when there are', async () => {
  const act = () => {
    waits[0]?.();
    sight.hurry();
  };
  expect(await seen(act)).toBe('unreachable');
  // Nor the next time, until it answers in time.
  expect(await seen(() => waits[1]?.())).toBe('unreachable');
  expect(await seen(() => answers[2]?.(WELL))).toBe('running');
  expect(await seen(() => waits[3]?.())).toBeUndefined();
});

it('gives it the time in which one that is well answers', async () => {
  const act = () => {
    sight.hurry();
    answers[0]?.(WELL);
  };
  expect(await seen(act)).toBe('running');
  expect(await seen(() => sight.hurry())).toBeUndefined();
});
